import Registry

/// A place in a JSON document (RFC 6901): `/spec/ports/0/name`.
struct JSONPointer: Hashable, Sendable {
    /// The reference tokens, escapes undone; none for the whole document.
    let tokens: [String]

    init(_ text: String) throws(PatchError) {
        guard !text.isEmpty else {
            tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw .notApplicable("the JSON pointer \"\(text)\" does not start with \"/\"")
        }
        let parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= JSONText.maximumDepth else {
            throw .notApplicable("a JSON pointer has more than \(JSONText.maximumDepth) steps")
        }
        tokens = parts.map { Self.unescaped(Substring($0)) }
    }

    private init(tokens: [String]) {
        self.tokens = tokens
    }

    var parent: JSONPointer { JSONPointer(tokens: Array(tokens.dropLast())) }

    /// Whether the place is within (not at) the place of another.
    func isInside(_ other: JSONPointer) -> Bool {
        tokens.count > other.tokens.count && tokens.starts(with: other.tokens)
    }

    /// `~1` is a slash, `~0` a tilde; other tildes stand for themselves, as upstream has it.
    private static func unescaped(_ token: Substring) -> String {
        guard token.utf8.contains(UInt8(ascii: "~")) else { return String(token) }
        var bytes: [UInt8] = []
        var rest = token.utf8[...]
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "~"), UInt8(ascii: "0")):
                bytes.append(UInt8(ascii: "~"))
                rest.removeFirst()
            case (UInt8(ascii: "~"), UInt8(ascii: "1")):
                bytes.append(UInt8(ascii: "/"))
                rest.removeFirst()
            default:
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONPointer: CustomStringConvertible {
    var description: String {
        tokens.reduce(into: "") { text, token in
            text += "/"
            for character in token.unicodeScalars {
                switch character {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(character)
                }
            }
        }
    }
}

extension JSONPointer {
    /// The place of an element in an array; nil for what is no index or lies outside of it.
    ///
    /// Digits without a leading zero (RFC 6901 §4), and, as upstream takes them, negative numbers that count from
    /// the end: `-1` is the last place.
    static func index(_ token: String, below count: Int) -> Int? {
        let isNegative = token.utf8.first == UInt8(ascii: "-")
        let digits = isNegative ? token.utf8.dropFirst() : token.utf8[...]
        guard let first = digits.first, digits.count <= 9, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            first != UInt8(ascii: "0") || digits.count == 1, let number = Int(token)
        else { return nil }
        let index = isNegative ? count + number : number
        return (0..<count).contains(index) ? index : nil
    }
}
