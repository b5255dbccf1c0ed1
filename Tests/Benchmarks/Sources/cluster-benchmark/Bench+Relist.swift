import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Bench {
    private static let relists = 3

    /// Versions that are too old, so that everything is listed anew: the memory that takes, and the answers meanwhile.
    func measureRelist() throws {
        let (subject, answers) = ("most memory in a relist, as a multiple of that before", "failures during relists")
        let limit = target(.under(1.3, unit: ""))
        let none = target(.atMost(0, unit: ""), anySize: true)
        try measure(subject, target: limit) {
            var worst: (ratio: Double, before: Double, peak: Double) = (0, 0, 0)
            var slowest = Duration.zero
            let asker = try SteadyAsker(steadyQuestions, port: server.port)
            var tally: SteadyAsker.Tally?
            defer { if tally == nil { _ = asker.stop() } }
            for _ in 0..<Self.relists {
                try Interruption.sleep(milliseconds: 1500)
                let before = try MemoryReading(of: server.processIdentifier)
                try server.resetPeak()
                // Nothing but a list can tell these.
                let shown = renumberSome(20, isTold: false)
                let lists = api.listCount
                let start = ContinuousClock.now
                api.expire()
                slowest = max(slowest, try server.awaitAnswers(to: shown, since: start))
                guard api.listCount > lists else { throw BenchmarkError.badRun("no list was asked for") }
                try Interruption.sleep(milliseconds: 1000)
                let peak = try MemoryReading(of: server.processIdentifier).peak
                if peak / before.resident > worst.ratio { worst = (peak / before.resident, before.resident, peak) }
            }
            let counted = asker.stop()
            tally = counted
            figure(
                subject, worst.ratio,
                "\(Report.number(worst.ratio)) (\(Report.number(worst.before)) MiB, then at most "
                    + "\(Report.number(worst.peak)) MiB); shown within \(Report.number(slowest / .seconds(1))) s",
                target: limit)
            figure(answers, Double(counted.failures), text(of: counted), target: none)
        }
    }

    /// The API is gone for a while: the answers meanwhile, and how soon it is followed again.
    func measureOutage() throws {
        try measureOutage("an API outage of 5 s", seconds: 5, isExpired: false)
        try measureOutage("an outage of 2 s and the relist behind it", seconds: 2, isExpired: true)
    }

    private func measureOutage(_ what: String, seconds: UInt32, isExpired: Bool) throws {
        let subject = "failures during \(what)"
        let none = target(.atMost(0, unit: ""), anySize: true)
        try measure(subject, target: none) {
            let asker = try SteadyAsker(steadyQuestions, port: server.port)
            var tally: SteadyAsker.Tally?
            defer { if tally == nil { _ = asker.stop() } }
            api.cut()
            try Interruption.sleep(milliseconds: seconds * 1000)
            let shown = renumberSome(100)
            let start = ContinuousClock.now
            try api.restore(isExpired: isExpired)
            let time = try server.awaitAnswers(to: shown, since: start)
            try Interruption.sleep(milliseconds: 500)
            let counted = asker.stop()
            tally = counted
            figure(subject, Double(counted.failures), text(of: counted), target: none)
            figure(
                "return of the API after \(what) until its changes are answered", time / .seconds(1),
                "\(Report.number(time / .seconds(1))) s")
        }
    }

    private func text(of tally: SteadyAsker.Tally) -> String {
        guard tally.failures > 0 else { return "0 of \(tally.asked) questions" }
        return "\(tally.missing) without an answer and \(tally.wrong) with a wrong one of \(tally.asked) questions; "
            + "the first: \(tally.example ?? "")"
    }
}
