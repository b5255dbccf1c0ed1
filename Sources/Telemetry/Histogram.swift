import Synchronization

/// How many events had a value up to each of some bounds, and the sum of all values.
package final class Histogram: Sendable {
    private let bounds: [Double]
    private let counts: [Counter]
    private let sum = Gauge()

    init(buckets: [Double]) {
        bounds = buckets
        counts = (0...buckets.count).map { _ in Counter() }
    }

    package func observe(_ value: Double) { observe(value, count: 1) }

    /// Takes several events of the same value at once.
    package func observe(_ value: Double, count: UInt64) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[index].increment(by: count)
        sum.add(value * Double(count))
    }

    /// The number of events.
    package var count: UInt64 { counts.reduce(0) { $0 &+ $1.value } }

    func text(name: String, labels: Labels) -> String {
        Self.text(name: name, labels: labels, bounds: bounds, counts: counts.map(\.value), sum: sum.value)
    }

    /// The lines of a histogram.
    ///
    /// - Parameter counts: events of each bucket, not added up; one more than bounds.
    static func text(name: String, labels: Labels, bounds: [Double], counts: [UInt64], sum: Double) -> String {
        var text = ""
        var total: UInt64 = 0
        for (bound, count) in zip(bounds.map(Metrics.text) + ["+Inf"], counts) {
            total &+= count
            text += "\(name)_bucket\(labels.text(with: ("le", bound))) \(total)\n"
        }
        return text + "\(name)_sum\(labels) \(Metrics.text(of: sum))\n\(name)_count\(labels) \(total)\n"
    }
}
