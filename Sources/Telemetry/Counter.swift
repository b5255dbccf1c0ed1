import Synchronization

/// A number of events, which only grows.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    init() {}

    package func increment(by amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number as it is now.
package final class Gauge: Sendable {
    /// The bits of a `Double`.
    private let bits = Atomic<UInt64>(0)

    init() {}

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    package func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, current) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }
}
