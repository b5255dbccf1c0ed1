/// Cuts a Corefile into words as Caddyfiles are cut: white space parts them, `#` begins a comment, quotes hold words
/// together, over lines as well.
///
/// What CoreDNS's lexer reads in a way that nobody means (a comment that begins inside a word and ends at the next
/// blank, a carriage return inside a word, quotes without an end) is refused.
struct CorefileLexer {
    /// The largest file that is read, in bytes.
    static let sizeLimit = 4 << 20
    /// The most words that a configuration may have, imported ones included.
    static let tokenLimit = 200_000

    private var rest: Substring.UnicodeScalarView
    private let file: String
    private var line = 1
    /// Whether the next word begins its line.
    private var isAtLineStart = true

    private init(_ text: String, file: String) {
        rest = Substring(text).unicodeScalars
        self.file = file
    }

    static func tokens(of text: [UInt8], file: String) throws(CorefileError) -> [Token] {
        guard text.count <= sizeLimit else {
            throw CorefileError(file: file, line: 0, reason: "the file is longer than \(sizeLimit >> 20) MiB")
        }
        guard let whole = String(validating: text, as: UTF8.self) else {
            throw CorefileError(file: file, line: brokenLine(of: text), reason: "the line is no UTF-8 text")
        }
        var lexer = CorefileLexer(whole, file: file)
        if lexer.rest.first == "\u{feff}" { lexer.rest.removeFirst() }
        var tokens: [Token] = []
        while let token = try lexer.next() {
            tokens.append(token)
            guard tokens.count <= tokenLimit else { throw token.error("is one word too many: \(tokenLimit) may be") }
        }
        return tokens
    }

    private static func brokenLine(of text: [UInt8]) -> Int {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }

    private mutating func next() throws(CorefileError) -> Token? {
        try skipBlank()
        guard let first = rest.first else { return nil }
        var token = Token("", file: file, line: line, isQuoted: first == "\"", beginsLine: isAtLineStart)
        isAtLineStart = false
        token.text = token.isQuoted ? try quoted(at: token) : try word(at: token)
        return token
    }

    private mutating func word(at token: Token) throws(CorefileError) -> String {
        var word = String.UnicodeScalarView()
        while let scalar = rest.first, !Self.isBlank(scalar), scalar != "#" {
            try check(scalar)
            word.append(scalar)
            rest.removeFirst()
        }
        let text = String(word)
        if rest.first == "#" {
            let comment = rest.prefix { $0 != "\n" }
            guard !comment.contains(where: { Self.isBlank($0) && $0 != "\r" }) else {
                throw Token(text + "#", file: file, line: line).error(
                    "begins a comment inside a word", wanted: "put white space before #")
            }
            rest.removeFirst(comment.count)
        }
        if text.hasSuffix("{"), text.unicodeScalars.contains(where: { $0 != "{" }), !text.hasSuffix("{{") {
            throw Token(text, file: file, line: line).error(
                "ends in a brace that opens no block", wanted: "put white space before {")
        }
        return text
    }

    private mutating func quoted(at token: Token) throws(CorefileError) -> String {
        rest.removeFirst()
        var word = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            try check(scalar)
            switch scalar {
            case "\"":
                return String(word)
            case "\\":
                // Only a quote is escaped; any other pair stands for itself, a second backslash included.
                guard let escaped = rest.popFirst() else { break }
                try check(escaped)
                if escaped == "\n" { line += 1 }
                if escaped != "\"" { word.append(scalar) }
                word.append(escaped)
            default:
                if scalar == "\n" { line += 1 }
                word.append(scalar)
            }
        }
        throw CorefileError(file: file, line: token.line, reason: "a quote is not closed", wanted: "end the word by \"")
    }

    private mutating func skipBlank() throws(CorefileError) {
        while let scalar = rest.first {
            if scalar == "#" {
                rest = rest.drop { $0 != "\n" }
            } else if Self.isBlank(scalar) {
                rest.removeFirst()
                if scalar == "\n" {
                    line += 1
                    isAtLineStart = true
                }
                guard scalar != "\r" || rest.first == "\n" || rest.isEmpty else {
                    throw CorefileError(file: file, line: line, reason: "a carriage return ends no line")
                }
            } else {
                return
            }
        }
    }

    private func check(_ scalar: Unicode.Scalar) throws(CorefileError) {
        guard scalar != "\0" else { throw CorefileError(file: file, line: line, reason: "the line has a NUL byte") }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII ? scalar == " " || ("\t"..."\r").contains(scalar) : scalar.properties.isWhitespace
    }
}
