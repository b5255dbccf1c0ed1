import DNS

/// Letters in random case: bits that a forger has to guess beside ID and port (draft-vixie-dnsext-dns0x20).
enum MixedCase {
    /// The wire form of a name with the case of each letter drawn anew.
    static func spelling(of name: DomainName, _ random: () -> UInt64) -> [UInt8] {
        var bytes = name.wire
        var bits: UInt64 = 0
        var left = 0
        for index in bytes.indices {
            let lower = DomainName.lowercased(bytes[index])
            // Lengths of labels are below the letters, so whole wire forms may be walked.
            guard lower &- 0x61 < 26 else { continue }
            if left == 0 { (bits, left) = (random(), 64) }
            bytes[index] = bits & 1 == 1 ? lower & 0xdf : lower
            bits >>= 1
            left -= 1
        }
        return bytes
    }
}

/// What is known about how an upstream treats the case of letters.
///
/// An upstream is trusted with mixed case once it gave records for a name of mixed case and repeated the question as
/// it was. Until then a denial may come from a server that takes `A` and `a` for different names; it is asked again
/// without mixing.
struct CaseKeeping: Hashable, Sendable {
    enum State: Hashable, Sendable {
        case learning
        case keeps
        case changes(until: ContinuousClock.Instant)
    }

    /// How long an upstream is left alone after it changed the case or got lost by it.
    static let rest = Duration.seconds(3600)

    private(set) var state = State.learning

    /// Whether questions go out in mixed case now.
    mutating func mixes(at now: ContinuousClock.Instant) -> Bool {
        if case .changes(let until) = state, now >= until { state = .learning }
        if case .changes = state { return false }
        return true
    }

    /// Whether replies must repeat the question's case.
    var isExact: Bool { state == .keeps }

    /// What to do about a reply to a question of mixed case.
    enum Advice: Hashable, Sendable {
        case take
        /// Ask once more without mixing, and take that answer.
        case askPlainly
    }

    /// - Parameters:
    ///   - isSpelledAlike: whether the reply repeats the question byte for byte.
    ///   - hasRecords: whether it has answers.
    ///   - isMixed: whether the question was spelled differently from the way it was asked for.
    mutating func note(
        isSpelledAlike: Bool, hasRecords: Bool, isMixed: Bool, at now: ContinuousClock.Instant
    ) -> Advice {
        guard isMixed, state == .learning else { return .take }
        if !isSpelledAlike {
            state = .changes(until: now + Self.rest)
            return hasRecords ? .take : .askPlainly
        }
        if hasRecords {
            state = .keeps
            return .take
        }
        return .askPlainly
    }

    /// The plain question had records where the mixed one had none.
    mutating func noteLost(at now: ContinuousClock.Instant) { state = .changes(until: now + Self.rest) }

    /// Replies in another case came, and none in the right one.
    mutating func noteChanged() { state = .learning }
}
