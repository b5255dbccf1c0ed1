/// Environment variables in the words of a Corefile: `{$NAME}` and `{%NAME%}`; one that is not set is empty.
struct Environment {
    /// How often a value may itself name variables.
    private static let depthLimit = 8
    /// The longest word that comes out, in bytes.
    private static let sizeLimit = 64 << 10

    private static let forms: [(start: [UInt8], end: [UInt8])] = [
        (Array("{%".utf8), Array("%}".utf8)), (Array("{$".utf8), Array("}".utf8)),
    ]

    let variables: [String: String]

    /// Puts in the values.
    func expanded(_ token: Token) throws(CorefileError) -> Token {
        guard token.text.utf8.contains(UInt8(ascii: "{")) else { return token }
        let written = Array(token.text.utf8)
        var text = written
        for _ in 0..<Self.depthLimit {
            var next = text
            for form in Self.forms { next = replaced(next, from: form.start, to: form.end) }
            if next == text {
                guard text != written else { return token }
                var expanded = token
                expanded.text = String(decoding: text, as: UTF8.self)
                expanded.spelling = token.text
                return expanded
            }
            guard next.count <= Self.sizeLimit else {
                throw token.error("is longer than \(Self.sizeLimit >> 10) KiB once its variables are put in")
            }
            text = next
        }
        throw token.error("names a variable that leads back to itself")
    }

    private func replaced(_ text: [UInt8], from start: [UInt8], to end: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while result.count <= Self.sizeLimit, let opening = rest.firstRange(of: start),
            let closing = rest[opening.upperBound...].firstRange(of: end), closing.lowerBound > opening.upperBound
        {
            let name = String(decoding: rest[opening.upperBound..<closing.lowerBound], as: UTF8.self)
            result += rest[..<opening.lowerBound]
            result += Array((variables[name] ?? "").utf8)
            rest = rest[closing.upperBound...]
        }
        return result + rest
    }
}
