import Foundation

/// What a figure has to be, from the issue that asked for what is measured.
package enum Target: Equatable {
    case atLeast(Double, unit: String)
    case under(Double, unit: String)
    case atMost(Double, unit: String)

    package func isMet(by value: Double) -> Bool {
        switch self {
        case .atLeast(let limit, _): value >= limit
        case .under(let limit, _): value < limit
        case .atMost(let limit, _): value <= limit
        }
    }

    package var description: String {
        switch self {
        case .atLeast(let limit, let unit): "at least \(Report.number(limit))\(unit)"
        case .under(let limit, let unit): "under \(Report.number(limit))\(unit)"
        case .atMost(let limit, let unit): "at most \(Report.number(limit))\(unit)"
        }
    }
}

/// One row: what was measured and what it should be.
package struct Figure {
    package enum Result {
        /// `value` is what the target is compared with; `text` is what is printed of it and around it.
        case measured(value: Double, text: String)
        case failed(reason: String)
    }

    package let subject: String
    package let result: Result
    package let target: Target?

    package init(_ subject: String, _ value: Double, _ text: String, target: Target? = nil) {
        self.subject = subject
        self.target = target
        result = .measured(value: value, text: text)
    }

    package init(_ subject: String, failed reason: String, target: Target? = nil) {
        self.subject = subject
        self.target = target
        result = .failed(reason: reason)
    }

    package var hasFailed: Bool { if case .failed = result { true } else { false } }

    /// Whether there is a target that the figure misses; a figure that failed misses it.
    package var missesTarget: Bool {
        guard let target else { return false }
        guard case .measured(let value, _) = result else { return true }
        return !target.isMet(by: value)
    }
}

/// The figures as a Markdown table.
package struct Report {
    package private(set) var figures: [Figure] = []

    private static let head = """
        | what | measured | target | |
        |---|---|---|---|
        """

    package init() {}

    package mutating func add(_ figure: Figure) { figures.append(figure) }

    package var table: String { ([Self.head] + figures.map(row)).joined(separator: "\n") }

    /// The figures as a JSON array; what has no value or no target lacks the member.
    package var json: String {
        let rows: [[String: Any]] = figures.map { figure in
            var row: [String: Any] = ["what": figure.subject]
            switch figure.result {
            case .measured(let value, let text): (row["value"], row["measured"]) = (value, text)
            case .failed(let reason): row["failed"] = reason
            }
            if let target = figure.target { (row["target"], row["met"]) = (target.description, !figure.missesTarget) }
            return row
        }
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: rows, options: options)) ?? Data("[]".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    private func row(_ figure: Figure) -> String {
        let (text, verdict) =
            switch figure.result {
            case .failed(let reason): ("failed: \(reason)", "failed")
            case .measured(_, let text): (text, figure.target == nil ? "" : figure.missesTarget ? "missed" : "met")
            }
        let cells = [figure.subject, text, figure.target?.description ?? "", verdict].map(Markdown.cell)
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// A number as people write it: no more digits than it is known to.
    package static func number(_ value: Double) -> String {
        let digits = abs(value) >= 100 || value == value.rounded() ? 0 : abs(value) >= 10 ? 1 : 2
        let text = String(format: "%.\(digits)f", value)
        guard digits == 0, abs(value) >= 10_000 else { return text }
        var grouped = ""
        for (place, digit) in text.reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3), digit != "-" { grouped.append(",") }
            grouped.append(digit)
        }
        return String(grouped.reversed())
    }
}
