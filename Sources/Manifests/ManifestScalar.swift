import Registry

/// What a plain scalar stands for, by the rules of the YAML reader that Kubernetes uses.
///
/// That reader (sigs.k8s.io/yaml) resolves as YAML 1.1 does: `yes`, `no`, `on`, `off`, `y` and `n` are booleans,
/// `0x`, `0o`, `0b` and a leading `0` are number bases, `_` may part digits. Timestamps stay text.
enum ManifestScalar {
    /// The value of an untagged plain scalar; nil for a number that JSON cannot write (`.nan`, `.inf`).
    static func resolve(_ text: String) -> JSONValue? {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            if isNotFinite(text) { return nil }
            return number(text) ?? .string(text)
        case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "y"), UInt8(ascii: "Y"),
            UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "o"),
            UInt8(ascii: "O"):
            return text.utf8.count <= 5 ? (words[text] ?? .string(text)) : .string(text)
        default:
            return .string(text)
        }
    }

    private static let words: [String: JSONValue] = {
        var words: [String: JSONValue] = [:]
        for word in ["y", "yes", "true", "on"] { words[word] = .bool(true) }
        for word in ["n", "no", "false", "off"] { words[word] = .bool(false) }
        words["null"] = .null
        for (word, value) in words {
            words[word.uppercased()] = value
            words[word.prefix(1).uppercased() + word.dropFirst()] = value
        }
        words["~"] = .null
        return words
    }()

    private static func isNotFinite(_ text: String) -> Bool {
        guard (4...5).contains(text.utf8.count) else { return false }
        switch text {
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
            return true
        default:
            return false
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        let plain = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
        if let integer = integer(plain) { return .integer(integer) }
        guard isFloat(plain.utf8) || isInteger(plain), let number = Double(plain), number.isFinite else { return nil }
        // Kubernetes hands numbers on as JSON, where 80.0 and 8e1 are written 80.
        if let integer = Int64(exactly: number) { return .integer(integer) }
        return .number(number)
    }

    private static func integer(_ text: String) -> Int64? {
        var digits = Substring(text)
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = String(first)
            digits = digits.dropFirst()
        }
        guard let first = digits.utf8.first, (0x30...0x39).contains(first) else { return nil }
        if first != UInt8(ascii: "0") || digits.utf8.count == 1 { return Int64(text) }
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2), ("0", 8)]
        where digits.hasPrefix(prefix) {
            let rest = digits.dropFirst(prefix.count)
            guard rest.first?.isHexDigit == true else { return nil }
            return Int64(sign + rest, radix: radix)
        }
        return nil
    }

    /// Whether this is an integer in decimal, of any size.
    private static func isInteger(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func isFloat(_ text: String.UTF8View) -> Bool {
        var rest = text[...]
        func dropDigits() -> Int {
            let digits = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(digits)
            return digits
        }
        func drop(_ choices: [UInt8]) -> Bool {
            guard let first = rest.first, choices.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = drop([UInt8(ascii: "-"), UInt8(ascii: "+")])
        let whole = dropDigits()
        let hasPoint = drop([UInt8(ascii: ".")])
        let fraction = hasPoint ? dropDigits() : 0
        guard whole > 0 || fraction > 0 else { return false }
        if drop([UInt8(ascii: "e"), UInt8(ascii: "E")]) {
            _ = drop([UInt8(ascii: "-"), UInt8(ascii: "+")])
            guard dropDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
