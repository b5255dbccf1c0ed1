/// An instant as milliseconds since 1970-01-01T00:00:00Z; always given from outside, this target reads no clock.
package struct Timestamp: Hashable, Sendable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The instant this much later; stays at the last or first representable one instead of overflowing.
    package func advanced(byMilliseconds interval: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(interval)
        guard overflow else { return Timestamp(milliseconds: sum) }
        return Timestamp(milliseconds: interval < 0 ? .min : .max)
    }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }
}
