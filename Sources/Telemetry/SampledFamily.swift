/// A metric whose numbers are kept elsewhere and read when somebody asks for them (`Metrics.sample`).
package struct SampledFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package enum Value: Hashable, Sendable {
        case count(UInt64)
        case number(Double)
        /// - Parameters:
        ///   - bounds: upper bounds of the buckets, ascending, without the one of infinity.
        ///   - counts: events of each bucket, not added up; one more than bounds.
        case histogram(bounds: [Double], counts: [UInt64], sum: Double)
    }

    package var name: String
    package var kind: Kind
    package var help: String
    package var values: [Labels: Value]

    package init(_ name: String, _ kind: Kind, _ help: String, _ values: [Labels: Value]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.values = values
    }

    /// The lines of the values, labels in their order.
    var lines: String {
        values.sorted { $0.key < $1.key }.map { labels, value in
            switch value {
            case .count(let count): "\(name)\(labels) \(count)\n"
            case .number(let number): "\(name)\(labels) \(Metrics.text(of: number))\n"
            case .histogram(let bounds, let counts, let sum):
                Histogram.text(name: name, labels: labels, bounds: bounds, counts: counts, sum: sum)
            }
        }.joined()
    }
}
