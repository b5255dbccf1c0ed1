/// Environment variables in the words of a Corefile: `{$NAME}` and `{%NAME%}`; one that is not set is empty.
struct Environment {
    /// How often a value may itself name variables.
    private static let depthLimit = 8
    /// The longest word that comes out, in bytes.
    private static let sizeLimit = 64 << 10

    let variables: [String: String]

    /// Puts in the values.
    func expanded(_ token: Token) throws(CorefileError) -> Token {
        guard token.text.contains("{$") || token.text.contains("{%") else { return token }
        var text = token.text
        for _ in 0..<Self.depthLimit {
            let next = replaced(replaced(text, from: "{%", to: "%}"), from: "{$", to: "}")
            if next == text {
                guard text != token.text else { return token }
                var expanded = token
                expanded.text = text
                expanded.spelling = token.text
                return expanded
            }
            guard next.utf8.count <= Self.sizeLimit, !next.utf8.contains(0) else {
                throw token.error("is longer than \(Self.sizeLimit >> 10) KiB once its variables are put in")
            }
            text = next
        }
        throw token.error("names a variable that leads back to itself")
    }

    private func replaced(_ text: String, from start: String, to end: String) -> String {
        var result = ""
        var rest = text[...]
        while let opening = rest.firstRange(of: start),
            let closing = rest[opening.upperBound...].firstRange(of: end), closing.lowerBound > opening.upperBound
        {
            result += rest[..<opening.lowerBound]
            result += variables[String(rest[opening.upperBound..<closing.lowerBound])] ?? ""
            rest = rest[closing.upperBound...]
            if result.utf8.count > Self.sizeLimit { break }
        }
        return result + rest
    }
}
