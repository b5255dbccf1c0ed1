import BenchmarkSupport

/// Times of one kind, in milliseconds.
struct Times {
    private var milliseconds: [Double] = []

    mutating func add(_ time: Duration) { milliseconds.append(time / .milliseconds(1)) }

    var count: Int { milliseconds.count }
    /// nil when there is no time.
    var median: Double? { milliseconds.median }
    var largest: Double? { milliseconds.max() }

    /// The time that all but one in a hundred stay below or meet (nearest rank); nil when there is none.
    var percentile99: Double? {
        let sorted = milliseconds.sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count * 99 + 99) / 100 - 1]
    }
}
