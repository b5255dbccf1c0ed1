import Synchronization
import Testing

@testable import Forwarding

@Suite("Equal questions under way")
struct QuestionFlightsTests {
    @Test("No more than the waiters that there is room for; the next flight is a new one")
    func waiters() async {
        let flights = QuestionFlights<String, Int>(waiterLimit: 1)
        let fetches = Mutex(0)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            await flights.land("a") {
                fetches.withLock { $0 += 1 }
                start.yield()
                for await _ in released { break }
                return 1
            }
        }
        for await _ in started { break }
        // Two come while the first is under way: one waits, the other finds no room.
        let others = (0..<2).map { _ in Task { await flights.land("a") { 2 } } }
        let (results, result) = AsyncStream.makeStream(of: QuestionFlights<String, Int>.Landing?.self)
        for other in others { Task { result.yield(await other.value) } }
        var refused = 0
        var shared = 0
        for await landing in results {
            if let landing { shared += landing.isShared && landing.answer == 1 ? 1 : 0 } else { refused += 1 }
            if shared == 0 { release.yield() }
            if refused + shared == 2 { break }
        }
        #expect(refused == 1 && shared == 1)
        #expect(await first.value?.answer == 1)
        #expect(await flights.land("a") { 3 }?.answer == 3)
        #expect(fetches.withLock { $0 } == 1)
    }
}
