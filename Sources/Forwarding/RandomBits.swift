import Synchronization

/// Random numbers of the system, fetched in batches: what IDs, spellings and names of probes are drawn from.
final class RandomBits: Sendable {
    static let shared = RandomBits()

    private static let batch = 64
    private let words = Mutex<[UInt64]>([])

    /// 64 bits that nobody can guess.
    func next() -> UInt64 {
        words.withLock { words in
            if words.isEmpty {
                var system = SystemRandomNumberGenerator()
                words.reserveCapacity(Self.batch)
                for _ in 0..<Self.batch { words.append(system.next()) }
            }
            // Each is given once, and not kept.
            return words.removeLast()
        }
    }
}

/// The same for those who want a generator.
struct SharedRandomBits: RandomNumberGenerator {
    mutating func next() -> UInt64 { RandomBits.shared.next() }
}
