/// Times of one kind, in milliseconds.
package struct Times: Codable, Sendable {
    private var milliseconds: [Double] = []

    package init() {}

    package mutating func add(_ time: Duration) { milliseconds.append(time / .milliseconds(1)) }

    /// The times of both.
    package static func + (left: Times, right: Times) -> Times {
        var sum = left
        sum.milliseconds += right.milliseconds
        return sum
    }

    package var count: Int { milliseconds.count }
    /// nil when there is no time.
    package var median: Double? { milliseconds.median }
    package var largest: Double? { milliseconds.max() }

    /// The time that all but one in a hundred stay below or meet (nearest rank); nil when there is none.
    package var percentile99: Double? {
        let sorted = milliseconds.sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count * 99 + 99) / 100 - 1]
    }
}
