import BenchmarkSupport
import Foundation

/// What came of one server: a measurement for each round, or the reason there is none.
struct Outcome {
    enum Result {
        case measured([Measurement])
        case failed(round: Int, reason: String)
    }

    let name: String
    let result: Result

    /// The measurements, one for each round; empty when there are none.
    var rounds: [Measurement] {
        if case .measured(let rounds) = result { rounds } else { [] }
    }

    var hasFailed: Bool { if case .failed = result { true } else { false } }

    /// The median of the rounds, in microseconds; nil where there is none.
    var cost: Double? { rounds.map(\.microsecondsPerQuery).median }
    var userCost: Double? { rounds.map(\.userMicrosecondsPerQuery).median }

    /// How many times the CPU time of another server: the median of the rounds' own ratios, because what slows the
    /// machine down for a while slows both servers of that round. nil where either was not measured.
    func ratio(to other: Outcome?) -> Double? { ratios(to: other)?.median }

    /// The largest of the rounds' ratios.
    func worstRatio(to other: Outcome?) -> Double? { ratios(to: other)?.max() }

    private func ratios(to other: Outcome?) -> [Double]? {
        guard let other, !rounds.isEmpty, other.rounds.count == rounds.count else { return nil }
        return zip(rounds, other.rounds).map { $0.microsecondsPerQuery / $1.microsecondsPerQuery }
    }
}

/// Servers measured in turn, as a Markdown table; the first is what all others are compared with.
struct SideBySide {
    let outcomes: [Outcome]
    /// What the first is, as a column's head.
    let unit: String

    subscript(name: String) -> Outcome? { outcomes.first { $0.name == name } }

    /// Measures the servers one after the other in each round; every round begins with another one. A server that
    /// failed once is not tried again.
    init(_ rows: [Row], comparedWith unit: String, options: Options) throws(BenchmarkError) {
        var measurements: [String: [Measurement]] = [:]
        var failures: [String: Outcome.Result] = [:]
        for round in 1...options.rounds {
            let first = (round - 1) % max(1, rows.count)
            for row in rows[first...] + rows[..<first] where failures[row.name] == nil {
                do {
                    let measurement = try Self.measure(row, seconds: options.seconds)
                    measurements[row.name, default: []].append(measurement)
                    let cost = String(format: "%.2f", measurement.microsecondsPerQuery)
                    note("round \(round) of \(options.rounds): \(row.name): \(cost) µs of CPU time per query")
                } catch BenchmarkError.interrupted {
                    throw .interrupted
                } catch {
                    failures[row.name] = .failed(round: round, reason: "\(error)")
                    note("round \(round) of \(options.rounds): \(row.name): failed: \(error)")
                }
            }
        }
        self.unit = unit
        let results = measurements.mapValues(Outcome.Result.measured).merging(failures) { _, failure in failure }
        outcomes = rows.compactMap { row in results[row.name].map { Outcome(name: row.name, result: $0) } }
    }

    /// One server in one round; it does not outlive the call.
    private static func measure(_ row: Row, seconds: Int) throws -> Measurement {
        let server = try RunningServer(row)
        defer { server.program.stop() }
        // A second of load before the measurement.
        _ = try row.load.run(at: server.place, seconds: 1)
        return try server.measure(seconds: seconds)
    }

    var table: String {
        let head = """
            | server | queries/s | CPU µs per answered query | × \(unit) | of it in user space, µs | rounds, µs |
            |---|--:|--:|--:|--:|---|
            """
        return ([head] + outcomes.map(row)).joined(separator: "\n")
    }

    /// How far the rounds of the first lie apart, as a share of their median; nil when there are none. The floor does
    /// the same work every time, so this is the machine's unrest.
    var spread: Double? {
        let costs = (outcomes.first?.rounds ?? []).map(\.microsecondsPerQuery)
        guard let least = costs.min(), let most = costs.max(), let median = costs.median else { return nil }
        return (most - least) / median
    }

    private func row(_ outcome: Outcome) -> String {
        switch outcome.result {
        case .failed(let round, let reason):
            return "| \(outcome.name) | failed in round \(round): \(Markdown.cell(reason)) | | | | |"
        case .measured(let rounds):
            let cells = [
                outcome.name,
                Report.number((rounds.map(\.queriesPerSecond).median ?? 0).rounded()),
                Self.decimal(outcome.cost ?? 0),
                outcome.ratio(to: outcomes.first).map(Self.decimal) ?? "none",
                Self.decimal(outcome.userCost ?? 0),
                rounds.map { Self.decimal($0.microsecondsPerQuery) }.joined(separator: ", "),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.2f", value) }
}
