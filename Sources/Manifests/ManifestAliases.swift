/// What the aliases of a document may build, judged before it is parsed.
///
/// Yams shares the node behind an alias, so an alias costs nothing where it is a value; within keys see `ParsingCost`. But
/// chains of aliases make nodes nested as deep as the chain is long. So the text is looked over for what could be an anchor (`&a`) or an alias (`*a`). This may count
/// some that are none, as in the text of a block scalar; the bounds are wide enough for such documents.
struct ManifestAliases {
    static let maximumChain = 64

    private var anchors = 0
    private var aliases = 0

    init(in bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "&") where Self.opensName(at: index, in: bytes): anchors += 1
                case UInt8(ascii: "*") where Self.opensName(at: index, in: bytes): aliases += 1
                default: break
                }
            }
        }
    }

    var areUsed: Bool { anchors > 0 && aliases > 0 }

    /// How many anchors may each lead to the one before.
    private var chain: Int { min(anchors, aliases) }

    /// Whether nodes may be nested deeper than a text without aliases can nest them several times over.
    var mayNestDeeply: Bool { chain > 3 }

    func check() throws(ManifestSyntaxError) {
        guard areUsed else { return }
        guard chain <= Self.maximumChain else {
            throw ManifestSyntaxError("has more than \(Self.maximumChain) anchors with aliases")
        }
    }

    /// How many times a node may stand below another at most: each anchor of a chain may hold its share of the
    /// aliases, all to the one before. For a text that `check` has let pass.
    var growth: Double {
        var growth = 1.0
        guard areUsed else { return growth }
        for length in 1...chain {
            var product = 1.0
            for _ in 0..<length { product *= Double(aliases) / Double(length) }
            growth = max(growth, product)
        }
        return growth
    }

    private static func opensName(at index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard index + 1 < bytes.count, isNameByte(bytes[index + 1]) else { return false }
        return index == 0 || !isNameByte(bytes[index - 1])
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...0xff: true
        default: false
        }
    }
}
