import FileReading

/// Cuts a Corefile into words as Caddyfiles are cut: white space parts them, `#` begins a comment, quotes hold words
/// together, over lines as well.
///
/// What CoreDNS's lexer reads in a way that nobody means (a comment that begins inside a word and ends at the next
/// blank, a carriage return inside a word, quotes without an end) is refused.
struct CorefileLexer {
    /// The largest file that is read, in bytes.
    static let sizeLimit = RegularFile.configurationLimit
    /// The most words that a configuration may have, imported ones included.
    static let tokenLimit = 200_000

    /// UTF-8 throughout.
    private let text: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1
    /// Whether the next word begins its line.
    private var isAtLineStart = true

    private init(_ text: [UInt8], file: String) {
        self.text = text
        self.file = file
    }

    static func tokens(of text: [UInt8], file: String) throws(CorefileError) -> [Token] {
        guard text.count <= sizeLimit else {
            throw CorefileError(file: file, line: 0, reason: "the file is longer than \(sizeLimit >> 20) MiB")
        }
        guard String(validating: text, as: UTF8.self) != nil else {
            throw CorefileError(file: file, line: brokenLine(of: text), reason: "the line is no UTF-8 text")
        }
        var lexer = CorefileLexer(text, file: file)
        if text.starts(with: [0xef, 0xbb, 0xbf]) { lexer.position = 3 }
        var tokens: [Token] = []
        while let token = try lexer.next() {
            tokens.append(token)
            guard tokens.count <= tokenLimit else { throw token.error("is one word too many: \(tokenLimit) may be") }
        }
        return tokens
    }

    private static func brokenLine(of text: [UInt8]) -> Int {
        let lines = text.split(separator: newline, omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }

    private mutating func next() throws(CorefileError) -> Token? {
        try skipBlank()
        guard let first = peek() else { return nil }
        var token = Token("", file: file, line: line, isQuoted: first == Self.quote, beginsLine: isAtLineStart)
        isAtLineStart = false
        token.text = token.isQuoted ? try quoted(at: token) : try word(at: token)
        return token
    }

    private mutating func word(at token: Token) throws(CorefileError) -> String {
        let start = position
        while let byte = peek(), byte != Self.hash, blankLength == 0 {
            try check(byte)
            position += 1
        }
        let word = text[start..<position]
        if peek() == Self.hash {
            while let byte = peek(), byte != Self.newline {
                let length = blankLength
                guard length == 0 || byte == Self.carriageReturn else {
                    throw Token(String(decoding: word, as: UTF8.self) + "#", file: file, line: line).error(
                        "begins a comment inside a word", wanted: "put white space before #")
                }
                position += 1
            }
        }
        let string = String(decoding: word, as: UTF8.self)
        if word.count > 1, word.last == Self.brace, word.dropLast().last != Self.brace {
            throw Token(string, file: file, line: line).error(
                "ends in a brace that opens no block", wanted: "put white space before {")
        }
        return string
    }

    private mutating func quoted(at token: Token) throws(CorefileError) -> String {
        position += 1
        var word: [UInt8] = []
        while let byte = peek() {
            try check(byte)
            position += 1
            switch byte {
            case Self.quote:
                return String(decoding: word, as: UTF8.self)
            case UInt8(ascii: "\\"):
                // Only a quote is escaped; any other pair stands for itself, a second backslash included.
                guard let escaped = peek() else { break }
                try check(escaped)
                position += 1
                if escaped == Self.newline { line += 1 }
                if escaped != Self.quote { word.append(byte) }
                word.append(escaped)
            default:
                if byte == Self.newline { line += 1 }
                word.append(byte)
            }
        }
        throw CorefileError(file: file, line: token.line, reason: "a quote is not closed", wanted: "end the word by \"")
    }

    private mutating func skipBlank() throws(CorefileError) {
        while let byte = peek() {
            if byte == Self.hash {
                while let byte = peek(), byte != Self.newline { position += 1 }
                continue
            }
            let length = blankLength
            guard length > 0 else { return }
            position += length
            if byte == Self.newline {
                line += 1
                isAtLineStart = true
            }
            guard byte != Self.carriageReturn || peek() == Self.newline || peek() == nil else {
                throw CorefileError(file: file, line: line, reason: "a carriage return ends no line")
            }
        }
    }

    private func check(_ byte: UInt8) throws(CorefileError) {
        guard byte != 0 else { throw CorefileError(file: file, line: line, reason: "the line has a NUL byte") }
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    /// How many bytes of white space (Unicode's White_Space) begin here: one character's; 0 where there is none.
    private var blankLength: Int {
        guard let first = peek() else { return 0 }
        switch first {
        case 0x20, 0x09...0x0d: return 1
        case 0xc2: return peek(1) == 0x85 || peek(1) == 0xa0 ? 2 : 0
        case 0xe1, 0xe2, 0xe3: break
        default: return 0
        }
        guard let second = peek(1), let third = peek(2) else { return 0 }
        let isBlank =
            switch (first, second) {
            case (0xe1, 0x9a), (0xe3, 0x80): third == 0x80
            case (0xe2, 0x80): third <= 0x8a || (0xa8...0xa9).contains(third) || third == 0xaf
            case (0xe2, 0x81): third == 0x9f
            default: false
            }
        return isBlank ? 3 : 0
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let brace = UInt8(ascii: "{")
}
