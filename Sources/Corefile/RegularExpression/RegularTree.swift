/// A pattern as a tree.
indirect enum RegularTree {
    case empty
    case bytes(ByteSet)
    case sequence([RegularTree])
    case alternatives([RegularTree])
    /// `maximum` nil for no end.
    case repetition(RegularTree, minimum: Int, maximum: Int?, isGreedy: Bool)
    /// `number` nil for a group that does not capture.
    case group(RegularTree, number: Int?)
    case assertion(RegularAssertion)

    /// Whether it matches the empty text and notes nothing.
    var isNothing: Bool {
        switch self {
        case .empty: true
        case .bytes, .alternatives, .assertion: false
        case .sequence(let items): items.allSatisfy(\.isNothing)
        case .repetition(let item, _, let maximum, _): maximum == 0 || item.isNothing
        case .group(let item, let number): number == nil && item.isNothing
        }
    }
}

/// A place in the text that a pattern may ask for.
enum RegularAssertion: Int {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary
}

/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private(set) var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    init(_ range: ClosedRange<UInt8>) {
        insert(range)
    }

    init(_ byte: UInt8) {
        insert(byte...byte)
    }

    static let digits = ByteSet(0x30...0x39)
    static let letters = ByteSet(0x41...0x5a).union(ByteSet(0x61...0x7a))
    static let wordBytes = digits.union(letters).union(ByteSet(UInt8(ascii: "_")))
    static let spaces = [9, 10, 12, 13, 32].reduce(into: ByteSet()) { $0.insert($1...$1) }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 != 0
    }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range {
            let bit: UInt64 = 1 << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }
    }

    func union(_ other: ByteSet) -> ByteSet {
        var set = self
        set.words.0 |= other.words.0
        set.words.1 |= other.words.1
        set.words.2 |= other.words.2
        set.words.3 |= other.words.3
        return set
    }

    var inverted: ByteSet {
        var set = ByteSet()
        set.words = (~words.0, ~words.1, ~words.2, ~words.3)
        return set
    }

    /// With the other case of each ASCII letter.
    var foldingCase: ByteSet {
        var set = self
        for byte in UInt8(0x41)...0x5a {
            if contains(byte) { set.insert((byte | 0x20)...(byte | 0x20)) }
            if contains(byte | 0x20) { set.insert(byte...byte) }
        }
        return set
    }

    /// The only byte; nil where there are more, or none.
    var single: UInt8? {
        guard words.0.nonzeroBitCount + words.1.nonzeroBitCount + words.2.nonzeroBitCount + words.3.nonzeroBitCount == 1
        else { return nil }
        return (UInt8.min...UInt8.max).first(where: contains)
    }

    static func == (lhs: Self, rhs: Self) -> Bool { lhs.words == rhs.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
