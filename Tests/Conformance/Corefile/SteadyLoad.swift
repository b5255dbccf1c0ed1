import Foundation
import LDNS
import Synchronization

/// Askers that ask without a pause, each from a socket of its own, and note every reply that does not come or is wrong.
///
/// `@unchecked Sendable`: the threads write to what the lock guards only, and are waited for.
final class SteadyLoad: @unchecked Sendable {
    struct Findings {
        var replies = 0
        var faults: [String] = []
    }

    private let findings = Mutex(Findings())
    private let isEnding = Atomic(false)
    private let done = DispatchGroup()

    /// - Parameter isRight: whether a reply is one of those there may be at any time.
    init(
        port: UInt16, names: [String], askers: Int = 4, overTCP: Bool = false,
        isRight: @escaping @Sendable (WireWitness) -> Bool
    ) {
        for number in 0..<askers {
            done.enter()
            Thread.detachNewThread { [self] in
                ask(port: port, name: names[number % names.count], overTCP: overTCP, isRight)
                done.leave()
            }
        }
    }

    private func ask(port: UInt16, name: String, overTCP: Bool, _ isRight: (WireWitness) -> Bool) {
        do {
            var client = try RawClient(port: port, overTCP: overTCP)
            var count = 0
            while !isEnding.load(ordering: .relaxed) {
                // A new socket now and then: the kernel gives it to another of the server's sockets.
                count += 1
                if count % 16 == 0 { client = try RawClient(port: port, overTCP: overTCP) }
                let query = try RawQuery(name: name, type: "A")
                let reply = try WireWitness(try client.exchange(query.bytes))
                findings.withLock { findings in
                    findings.replies += 1
                    if !isRight(reply) { findings.faults.append("\(reply)") }
                }
            }
        } catch {
            findings.withLock { $0.faults.append("\(error)") }
        }
    }

    /// The number of replies so far.
    var replies: Int { findings.withLock { $0.replies } }

    /// Returns once so many more replies have come, or a fault.
    func awaitReplies(_ count: Int) {
        let goal = replies + count
        while findings.withLock({ $0.replies < goal && $0.faults.isEmpty }) { sched_yield() }
    }

    /// Ends the load and says what was found.
    func end() -> Findings {
        isEnding.store(true, ordering: .relaxed)
        done.wait()
        return findings.withLock { $0 }
    }
}
