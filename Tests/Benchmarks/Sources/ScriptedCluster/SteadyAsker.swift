import BenchmarkSupport
import Foundation
import Synchronization

/// Asks a server one question after the other on a thread of its own, and counts what is missing or wrong.
package final class SteadyAsker: Sendable {
    /// What came of the questions.
    package struct Tally {
        package var asked = 0
        /// No reply within 250 ms.
        package var missing = 0
        package var wrong = 0
        /// The first that failed, for the report.
        package var example: String?
        /// How long the replies took.
        package var times = Times()

        package var failures: Int { missing + wrong }
    }

    private struct State {
        var tally = Tally()
        var isStopping = false
    }

    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// Begins to ask, about every millisecond, in the order of the questions and again from the first.
    package init(_ questions: [Question], port: UInt16) throws {
        let probe = try ProbeBox(DNSProbe(port: port))
        Thread { [self] in
            var number = 0
            while !state.withLock({ $0.isStopping }) {
                let question = questions[number % questions.count]
                number += 1
                let start = ContinuousClock.now
                let reply = probe.ask(question)
                let time = ContinuousClock.now - start
                state.withLock { state in
                    state.tally.asked += 1
                    if reply != nil { state.tally.times.add(time) }
                    if let reply {
                        guard !reply.meets(question.expectation) else { return }
                        state.tally.wrong += 1
                    } else {
                        state.tally.missing += 1
                    }
                    if state.tally.example == nil {
                        state.tally.example = "\(question.name): \(reply?.description ?? "no reply")"
                    }
                }
                usleep(1000)
            }
            ended.signal()
        }.start()
    }

    /// Stops asking and says what came of it.
    package func stop() -> Tally {
        state.withLock { $0.isStopping = true }
        ended.wait()
        return state.withLock { $0.tally }
    }
}

/// A probe that a closure can hold.
private final class ProbeBox: Sendable {
    private let probe: DNSProbe

    init(_ probe: consuming DNSProbe) { self.probe = probe }

    func ask(_ question: Question) -> DNSReply? { probe.ask(question) }
}
