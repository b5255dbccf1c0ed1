/// Cuts a Corefile into words (Caddyfile syntax): white space parts them, `#` begins a comment, quotes hold words
/// together, over lines as well.
struct CorefileLexer {
    /// The largest file that is read, in bytes.
    static let sizeLimit = 4 << 20

    private var rest: ArraySlice<UInt8>
    private let file: String
    private var line = 1

    private init(_ text: [UInt8], file: String) {
        rest = text[...]
        self.file = file
    }

    static func tokens(of text: [UInt8], file: String) throws(CorefileError) -> [Token] {
        guard text.count <= sizeLimit else {
            throw CorefileError(file: file, line: 0, reason: "the file is longer than \(sizeLimit >> 20) MiB")
        }
        var lexer = CorefileLexer(text, file: file)
        if lexer.rest.starts(with: [0xef, 0xbb, 0xbf]) { lexer.rest = lexer.rest.dropFirst(3) }
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private mutating func next() throws(CorefileError) -> Token? {
        skipBlank()
        guard let first = rest.first else { return nil }
        let start = line
        if first == UInt8(ascii: "\"") { return try quoted(from: start) }
        let word = rest.prefix { !Self.isBlank($0) }
        rest = rest.dropFirst(word.count)
        return Token(try text(word, at: start), file: file, line: start)
    }

    private mutating func quoted(from start: Int) throws(CorefileError) -> Token {
        rest = rest.dropFirst()
        var word: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                return Token(try text(word[...], at: start), file: file, line: start, isQuoted: true)
            case UInt8(ascii: "\\"):
                // Only a quote is escaped; any other backslash stands for itself.
                if rest.first == UInt8(ascii: "\"") { word.append(rest.removeFirst()) } else { word.append(byte) }
            default:
                if byte == UInt8(ascii: "\n") { line += 1 }
                word.append(byte)
            }
        }
        throw CorefileError(file: file, line: start, reason: "a quote is not closed", wanted: "end the word by \"")
    }

    private mutating func skipBlank() {
        while let byte = rest.first {
            if byte == UInt8(ascii: "#") {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if Self.isBlank(byte) {
                if byte == UInt8(ascii: "\n") { line += 1 }
                rest = rest.dropFirst()
            } else {
                return
            }
        }
    }

    private func text(_ bytes: ArraySlice<UInt8>, at line: Int) throws(CorefileError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CorefileError(file: file, line: line, reason: "a word is no UTF-8 text")
        }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }
}
