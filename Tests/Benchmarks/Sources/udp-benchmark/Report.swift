import BenchmarkSupport
import Foundation

/// What came of one server: a measurement for each round, or the reason there is none.
struct Outcome {
    enum Result {
        case measured([Measurement])
        case failed(round: Int, reason: String)
        case notMeasured(reason: String)
    }

    let name: String
    let result: Result

    /// The measurements, one for each round; empty when there are none.
    var rounds: [Measurement] {
        if case .measured(let rounds) = result { rounds } else { [] }
    }
}

/// The results as a Markdown table.
struct Report {
    /// The first is the floor all others are compared with.
    let outcomes: [Outcome]

    private static let head = """
        | server | queries/s | CPU µs per answered query | × floor | of it in user space, µs | rounds, µs |
        |---|--:|--:|--:|--:|---|
        """

    var table: String {
        ([Self.head] + outcomes.map(row)).joined(separator: "\n")
    }

    /// How many times the floor's CPU time a server needs: the median of the rounds' own ratios, because what slows
    /// the machine down for a while slows both servers of that round.
    func ratioToFloor(of outcome: Outcome) -> Double? {
        guard let floor = outcomes.first?.rounds, floor.count == outcome.rounds.count else { return nil }
        return zip(outcome.rounds, floor).map { $0.microsecondsPerQuery / $1.microsecondsPerQuery }.median
    }

    /// How far the floor's rounds lie apart, as a share of their median; nil when there is no floor. The floor does the
    /// same work every time, so this is the machine's unrest.
    var floorSpread: Double? {
        let costs = (outcomes.first?.rounds ?? []).map(\.microsecondsPerQuery)
        guard let least = costs.min(), let most = costs.max(), let median = costs.median else { return nil }
        return (most - least) / median
    }

    private func row(_ outcome: Outcome) -> String {
        switch outcome.result {
        case .failed(let round, let reason):
            return "| \(outcome.name) | failed in round \(round): \(Markdown.cell(reason)) | | | | |"
        case .notMeasured(let reason):
            return "| \(outcome.name) | not measured: \(Markdown.cell(reason)) | | | | |"
        case .measured(let rounds):
            let rate = rounds.map(\.queriesPerSecond).median ?? 0
            let cost = rounds.map(\.microsecondsPerQuery)
            let user = rounds.map(\.userMicrosecondsPerQuery).median ?? 0
            let cells = [
                outcome.name,
                String(format: "%.0f", rate),
                Self.decimal(cost.median ?? 0),
                ratioToFloor(of: outcome).map(Self.decimal) ?? "no floor",
                Self.decimal(user),
                cost.map(Self.decimal).joined(separator: ", "),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.2f", value) }
}
