/// What the aliases of a document may build, judged before it is parsed.
///
/// Yams shares the node behind an alias, so an alias costs nothing where it is a value. But it hashes the keys of
/// mappings, node by node, and chains of aliases make nodes nested as deep as the chain is long; both before anything
/// of ours sees them. So the text is looked over for what could be an anchor (`&a`) or an alias (`*a`). This may count
/// some that are none, as in the text of a block scalar; the bounds are wide enough for such documents.
struct ManifestAliases {
    static let maximumChain = 64
    private static let maximumGrowth = 1_000_000.0

    private var anchors = 0
    private var aliases = 0
    /// Whether an alias or a collection may stand as a key.
    private var hasKeyOfNodes = false

    init(in bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "&") where Self.opensName(at: index, in: bytes): anchors += 1
                case UInt8(ascii: "*") where Self.opensName(at: index, in: bytes): aliases += 1
                default: break
                }
            }
            guard areUsed else { return }
            hasKeyOfNodes = bytes.indices.contains { Self.endsKeyOfNodes(at: $0, in: bytes) }
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
        guard !hasKeyOfNodes || growth <= Self.maximumGrowth else {
            throw ManifestSyntaxError("has aliases within keys")
        }
    }

    /// How many times a node may stand below another at most: each anchor of a chain may hold its share of the
    /// aliases, all to the one before.
    private var growth: Double {
        var growth = 1.0
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

    /// `?` as an indicator, `]` or `}` before a colon, or an alias before one.
    private static func endsKeyOfNodes(at index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "?"):
            return index + 1 == bytes.count || bytes[index + 1] <= 0x20
        case UInt8(ascii: ":"):
            var before = index - 1
            while before >= 0, bytes[before] <= 0x20 { before -= 1 }
            guard before >= 0 else { return false }
            if bytes[before] == UInt8(ascii: "]") || bytes[before] == UInt8(ascii: "}") { return true }
            while before >= 0, isNameByte(bytes[before]) { before -= 1 }
            return before >= 0 && bytes[before] == UInt8(ascii: "*")
        default:
            return false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...0xff: true
        default: false
        }
    }
}
