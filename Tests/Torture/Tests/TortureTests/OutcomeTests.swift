import BenchmarkSupport
import Foundation
import Testing

@testable import torture

/// What comes of sequences that run in processes of their own.
@Suite("Outcomes")
struct OutcomeTests {
    private static func outcome(_ number: Int) -> Outcome {
        var outcome = Outcome()
        outcome.tally.checked = 10 * number
        outcome.tally.strained = number
        outcome.tally.slowest = .milliseconds(number)
        outcome.injected = ["disk full": number]
        var times = Times()
        times.add(.milliseconds(number))
        outcome.recoveries = ["disk full": times]
        outcome.acknowledgedWrites = number
        outcome.complaints = ["sequence \(number): late"]
        outcome.peaks = ["cluster": Double(number)]
        outcome.sequences = 1
        return outcome
    }

    @Test("Outcomes come over as JSON and add up")
    func sum() throws {
        var sum = Outcome()
        for number in 1...3 {
            let data = try JSONEncoder().encode(Self.outcome(number))
            sum += try JSONDecoder().decode(Outcome.self, from: data)
        }
        #expect(sum.sequences == 3 && sum.tally.checked == 60 && sum.tally.strained == 6)
        #expect(sum.tally.slowest == .milliseconds(3))
        #expect(sum.injected == ["disk full": 6] && sum.acknowledgedWrites == 6)
        #expect(sum.recoveries["disk full"]?.count == 3 && sum.recoveries["disk full"]?.median == 2)
        #expect(sum.complaints == ["sequence 1: late", "sequence 2: late", "sequence 3: late"])
        #expect(sum.peaks == ["cluster": 3] && sum.hasFailed)
    }

    @Test("A sequence in a process of its own has the seed and the choices of the whole")
    func arguments() throws {
        let words = [
            "--swiftlet", "/bin/true", "--seed", "7", "--fault", "disk", "--fault", "clock", "--without", "slow",
            "--world", "cluster", "--jobs", "3",
        ]
        let options = try Options(words)
        let inner = try Options(options.arguments(for: 12, outcome: "/tmp/outcome"))
        #expect(inner.seed == 7 && inner.only == 12 && inner.outcome == "/tmp/outcome")
        #expect(inner.faults == ["disk", "clock"] && inner.without == ["slow"] && inner.world == "cluster")
        #expect(inner.executable == "/bin/true" && options.jobs == 3)
        #expect(throws: BenchmarkError.self) { _ = try Options(["--swiftlet", "/bin/true", "--outcome", "/tmp/x"]) }
    }
}
