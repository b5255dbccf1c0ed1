/// What the parser would do more often than once for each byte of a text, judged before it is parsed.
///
/// libyaml compares each tag directive with all those before it, and Yams hashes each key of a mapping whole: one that
/// is a collection, once more for each such key around it, and all that aliases in it build. Both happen before anything
/// of ours sees a node. So the text is looked over for what may be a directive or the mark of a key that is no scalar;
/// some that are found are none, as in the text of a block scalar, and the bounds are wide enough for such documents.
struct ParsingCost {
    static let maximumDirectives = 256
    /// Bytes of keys that may be hashed, those within others once for each: about a second's worth.
    static let maximumKeyBytes = 2 << 20
    /// What a key without a mark of its own may be long (YAML 1.2.2, 7.4).
    private static let longestImplicitKey = 1024

    /// The bytes between two blanks or indicators.
    private enum Run {
        case none, scalar, marks, anchor, alias
    }

    private var directives = 0
    /// `?` where it may begin a key: each may stand for all of the text.
    private var explicitKeys = 0
    /// Aliases before a colon or `?`, of which the same holds.
    private var aliasKeys = 0
    private var hasAnchors = false
    /// `]` or `}` before a colon.
    private var implicitKeys = 0
    private let bytes: ArraySlice<UInt8>

    init(of bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        bytes.withUnsafeBufferPointer { count($0) }
    }

    func check() throws(ManifestSyntaxError) {
        guard directives <= Self.maximumDirectives else {
            throw ManifestSyntaxError("has more than \(Self.maximumDirectives) directives")
        }
        let whole = explicitKeys + (hasAnchors ? aliasKeys : 0)
        guard whole + implicitKeys > 0 else { return }
        let aliases = ManifestAliases(in: bytes)
        try aliases.check()
        let perImplicitKey = aliases.areUsed ? bytes.count : min(bytes.count, Self.longestImplicitKey)
        let hashed = Double(whole) * Double(bytes.count) + Double(implicitKeys) * Double(perImplicitKey)
        guard hashed * aliases.growth <= Double(Self.maximumKeyBytes) else {
            throw ManifestSyntaxError("has too many keys that are collections")
        }
    }

    private mutating func count(_ bytes: UnsafeBufferPointer<UInt8>) {
        var run = Run.none
        /// The run, and the byte, that stand before the blanks at hand.
        var last = (run: Run.none, byte: UInt8(0))
        var before = UInt8(ascii: "\n")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "?"):
                if run == .alias { aliasKeys += 1 } else if run != .scalar { explicitKeys += 1 }
                if run != .scalar { run = .marks }
            case UInt8(ascii: ":"):
                if last.byte == UInt8(ascii: "]") || last.byte == UInt8(ascii: "}") { implicitKeys += 1 }
                if (run == .none ? last.run : run) == .alias { aliasKeys += 1 }
                run = .none
            case 0...0x20, 0x80...:
                run = .none
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
                UInt8(ascii: "\""), UInt8(ascii: "'"):
                run = .none
            case UInt8(ascii: "&") where run == .none || run == .marks:
                hasAnchors = true
                run = .anchor
            case UInt8(ascii: "*") where run == .none || run == .marks: run = .alias
            default:
                // A line may begin behind any byte that is no printable character of ASCII.
                if byte == UInt8(ascii: "%"), before < 0x20 || before >= 0x80 { directives += 1 }
                if run == .none || run == .marks { run = .scalar }
            }
            if byte > 0x20 { last = (run, byte) }
            before = byte
        }
    }
}
