/// SipHash-2-4, the keyed hash of interoperable DNS cookies (RFC 9018 §4.4).
struct SipHash {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    /// The 64-bit hash of `bytes` under a key of two little-endian halves.
    static func hash(_ bytes: [UInt8], key: (UInt64, UInt64)) -> UInt64 {
        var state = SipHash(key: key)
        var index = 0
        while index + 8 <= bytes.count {
            state.absorb(word(bytes[index..<(index + 8)]))
            index += 8
        }
        return state.finish(word(bytes[index...]), length: bytes.count)
    }

    /// The hash once all whole words are absorbed.
    ///
    /// - Parameters:
    ///   - rest: up to seven bytes that are left, the first one lowest.
    ///   - length: of all that is hashed, in bytes.
    mutating func finish(_ rest: UInt64, length: Int) -> UInt64 {
        absorb(rest | UInt64(truncatingIfNeeded: length) << 56)
        v2 ^= 0xff
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    /// - Parameter key: two little-endian halves.
    init(key: (UInt64, UInt64)) {
        v0 = key.0 ^ 0x736f_6d65_7073_6575
        v1 = key.1 ^ 0x646f_7261_6e64_6f6d
        v2 = key.0 ^ 0x6c79_6765_6e65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Takes eight bytes, the first one lowest.
    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotated(v1, 13) ^ v0
        v0 = Self.rotated(v0, 32)
        v2 &+= v3
        v3 = Self.rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotated(v1, 17) ^ v2
        v2 = Self.rotated(v2, 32)
    }

    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
