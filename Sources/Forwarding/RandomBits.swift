import Glibc
import Synchronization

/// Random numbers of the system, fetched in batches: what IDs, spellings and names of probes are drawn from.
final class RandomBits: Sendable {
    static let shared = RandomBits()

    /// As many as one call of getentropy(3) gives: 256 bytes.
    private static let batch = 32
    private let words = Mutex<[UInt64]>([])

    /// 64 bits that nobody can guess.
    func next() -> UInt64 {
        words.withLock { words in
            if let word = words.popLast() { return word }
            words = [UInt64](repeating: 0, count: Self.batch)
            let isFilled = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) } == 0
            if !isFilled {
                // Swift's own source tries harder, one number at a time, and never gives up.
                var system = SystemRandomNumberGenerator()
                for index in words.indices { words[index] = system.next() }
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
