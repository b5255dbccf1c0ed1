/// The SHA-512 of bytes (FIPS 180-4 §6.4), to tell configurations apart; nothing secret hangs on it.
enum SHA512 {
    /// The digest in hexadecimal.
    static func hexadecimal(_ message: [UInt8]) -> String {
        var state = initial
        var padded = message + [0x80]
        padded += [UInt8](repeating: 0, count: (240 - padded.count % 128) % 128)
        let bits = UInt64(message.count) &* 8
        padded += [UInt8](repeating: 0, count: 8)
        padded += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
        for start in stride(from: 0, to: padded.count, by: 128) { absorb(padded[start..<(start + 128)], into: &state) }
        return state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private static func absorb(_ block: ArraySlice<UInt8>, into state: inout [UInt64]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 8).map { index in
            block[index..<(index + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        for index in 16..<80 {
            let (early, late) = (words[index - 15], words[index - 2])
            let first = rotated(early, 1) ^ rotated(early, 8) ^ (early >> 7)
            let second = rotated(late, 19) ^ rotated(late, 61) ^ (late >> 6)
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for (constant, word) in zip(constants, words) {
            let first =
                h &+ (rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41)) &+ ((e & f) ^ (~e & g)) &+ constant &+ word
            let second = (rotated(a, 28) ^ rotated(a, 34) ^ rotated(a, 39)) &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
    }

    private static func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word >> count | word << (64 - count) }

    private static let primes: [UInt64] = {
        var found: [UInt64] = []
        var candidate: UInt64 = 2
        while found.count < 80 {
            if found.allSatisfy({ candidate % $0 != 0 }) { found.append(candidate) }
            candidate += 1
        }
        return found
    }()

    /// The first 64 bits of the fractions of the cube roots of the first 80 primes (§4.2.3).
    private static let constants = primes.map { fraction(of: $0, power: 3) }
    /// Those of the square roots of the first eight (§5.3.5).
    private static let initial = primes.prefix(8).map { fraction(of: $0, power: 2) }

    /// The first 64 bits of the fraction of a root: the largest `root` with (root / 2⁶⁴)ⁿ ≤ `number`, its lower half.
    private static func fraction(of number: UInt64, power: Int) -> UInt64 {
        var root: UInt128 = 0
        for bit in stride(from: 69, through: 0, by: -1) {
            let candidate = root | (1 << UInt128(bit))
            if isPower(candidate, power, atMost: number) { root = candidate }
        }
        return UInt64(truncatingIfNeeded: root)
    }

    /// Whether candidateⁿ ≤ number × 2^(64 n), in arithmetic of 256 bits and more by limbs of 32.
    private static func isPower(_ candidate: UInt128, _ power: Int, atMost number: UInt64) -> Bool {
        let limbs = stride(from: 0, to: 96, by: 32).map {
            UInt64(truncatingIfNeeded: candidate >> UInt128($0)) & 0xffff_ffff
        }
        var product = limbs
        for _ in 1..<power { product = multiplied(product, limbs) }
        var bound = [UInt64](repeating: 0, count: 2 * power) + [number & 0xffff_ffff, number >> 32]
        while bound.count < product.count { bound.append(0) }
        while product.count < bound.count { product.append(0) }
        return product.reversed().lexicographicallyPrecedes(bound.reversed()) || product == bound
    }

    private static func multiplied(_ lhs: [UInt64], _ rhs: [UInt64]) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: lhs.count + rhs.count)
        for (i, left) in lhs.enumerated() {
            var carry: UInt64 = 0
            for (j, right) in rhs.enumerated() {
                let sum = left * right &+ result[i + j] &+ carry
                result[i + j] = sum & 0xffff_ffff
                carry = sum >> 32
            }
            result[i + rhs.count] = carry
        }
        return result
    }
}
