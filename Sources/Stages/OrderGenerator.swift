import Synchronization

/// Random numbers for the order of records: cheap, for all threads, and not for secrets (SplitMix64).
struct OrderGenerator: RandomNumberGenerator, Sendable {
    private final class Counter: Sendable {
        let value: Atomic<UInt64>

        init(_ value: UInt64) {
            self.value = Atomic(value)
        }
    }

    private let counter: Counter

    /// Copies share their sequence.
    init(seed: UInt64) {
        counter = Counter(seed)
    }

    mutating func next() -> UInt64 {
        var value = counter.value.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
