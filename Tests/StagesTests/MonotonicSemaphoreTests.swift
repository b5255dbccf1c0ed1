import Foundation
import Synchronization
import Testing

@testable import Stages

@Suite("A count that is waited for", .timeLimit(.minutes(1)))
struct MonotonicSemaphoreTests {
    @Test("What was signalled is taken, once each; nothing is taken where nothing comes")
    func counts() {
        let semaphore = MonotonicSemaphore()
        #expect(!semaphore.wait(atMost: .zero))
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        #expect(semaphore.wait(atMost: .seconds(3600)))
        #expect(!semaphore.wait(atMost: .milliseconds(1)))
    }

    @Test("The time is not one of day, which may be set back meanwhile: the kernel is not asked to wait for such")
    func clock() throws {
        let semaphore = MonotonicSemaphore()
        let place = Mutex<String?>(nil)
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            place.withLock { $0 = own }
            semaphore.wait(atMost: .seconds(3600))
            ended.signal()
        }
        // futex(2): the operation is the second argument; 9 is to wait until a time, bit 8 says it is one of day.
        var operation: Int?
        while operation == nil {
            guard let place = place.withLock({ $0 }) else { continue }
            let text = try String(contentsOfFile: "/proc/\(place)/syscall", encoding: .utf8)
            let words = text.split(separator: " ").dropFirst(2)
            operation = words.first.flatMap { Int($0.dropFirst(2), radix: 16) }.flatMap { $0 & 0x7f == 9 ? $0 : nil }
        }
        #expect(operation.map { $0 & 0x100 } == 0)
        semaphore.signal()
        ended.wait()
    }
}
