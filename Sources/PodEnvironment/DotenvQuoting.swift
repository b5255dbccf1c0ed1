/// Quoting for `.env` files, which have no standard: python-dotenv is the one read back exactly.
///
/// Its readers agree on single quotes around a value without single quotes, carriage returns, `\\` or a backslash at
/// the end. Beyond that each goes its own way, and the text is what python-dotenv takes.
enum DotenvQuoting {
    /// The names that python-dotenv, node's, Ruby's and Go's readers all take.
    static func accepts(name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                EnvironmentVariable.isLetterOrUnderscore($0) || EnvironmentVariable.isDigit($0)
                    || $0 == UInt8(ascii: ".")
            }
    }

    /// Whether a value holds `${`: python-dotenv expands `${NAME}` inside quotes too unless told `interpolate=False`.
    static func isExpandable(_ value: String) -> Bool {
        zip(value.utf8, value.utf8.dropFirst()).contains { $0 == UInt8(ascii: "$") && $1 == UInt8(ascii: "{") }
    }

    /// The value as it stands behind `NAME=`; nil where python-dotenv has no form for it.
    static func quote(_ value: String) -> String? {
        let bytes = value.utf8
        let backslash = UInt8(ascii: "\\")
        let hasSingleQuote = bytes.contains(UInt8(ascii: "'"))
        let hasCarriageReturn = bytes.contains(UInt8(ascii: "\r"))
        if bytes.reversed().first == backslash {
            // Before a closing quote it would hide the quote, escaped or not: the readers look for `\'` first.
            return isUnquotable(value) ? value : nil
        }
        let hasDoubleBackslash = zip(bytes, bytes.dropFirst()).contains { $0 == backslash && $1 == backslash }
        if !hasSingleQuote && !hasCarriageReturn && !hasDoubleBackslash { return "'\(value)'" }
        if !hasCarriageReturn && !bytes.contains(where: isSpecialInDoubleQuotes) { return "\"\(value)\"" }
        // A carriage return has an escape in double quotes only; raw, the readers make a newline of it.
        let quote = hasCarriageReturn ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        var result = [quote]
        for byte in bytes {
            switch byte {
            case backslash, quote: result += [backslash, byte]
            case UInt8(ascii: "\r"): result += [backslash, UInt8(ascii: "r")]
            default: result.append(byte)
            }
        }
        result.append(quote)
        return String(decoding: result, as: UTF8.self)
    }

    private static func isSpecialInDoubleQuotes(_ byte: UInt8) -> Bool {
        [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"), UInt8(ascii: "`")].contains(byte)
    }

    /// Whether a value that ends with a backslash survives without quotes.
    private static func isUnquotable(_ value: String) -> Bool {
        guard let first = value.unicodeScalars.first, first.value > 0x20, !first.properties.isWhitespace,
            !["'", "\"", "`"].contains(first)
        else { return false }
        return value.utf8.allSatisfy { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "#") }
    }
}
