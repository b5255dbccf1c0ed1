import Testing

@testable import Corefile

@Suite("Words of a Corefile")
struct CorefileLexerTests {
    enum Cases {
        /// Text and its words; `|` stands before a word that begins its line.
        static let words: [(String, String)] = [
            ("", ""),
            (" \t\n", ""),
            ("a b\nc", "|a b |c"),
            ("a b\r\nc\r\n", "|a b |c"),
            ("\u{feff}a", "|a"),
            ("# nothing\na # b\nc#\nd#e", "|a |c |d"),
            ("a\u{a0}b\u{2003}c\u{85}d\u{1680}e\u{2028}f\u{202f}g\u{205f}h\u{3000}i", "|a b c d e f g h i"),
            ("a\u{200b}b\u{2010}c\u{c1}", "|a\u{200b}b\u{2010}c\u{c1}"),
            ("\"a b\" c", "|a b c"),
            ("\"\" c", "| c"),
            ("a\"b c", "|a\"b c"),
            (#""a \"b\" \n \\ c""#, #"|a "b" \n \\ c"#),
            (#""a\\" b"#, #"|a\\ b"#),
            ("\"a\nb\" c\nd", "|a\nb c |d"),
            ("\"# no comment\"", "|# no comment"),
            ("{{ .Name }} {$A} {", "|{{ .Name }} {$A} {"),
            ("é\u{301} 名", "|é\u{301} 名"),
        ]

        static let refusals: [(String, String)] = [
            ("a\n\"b\nc", "f:2: a quote is not closed; end the word by \""),
            ("a\n\"b\\", "f:2: a quote is not closed; end the word by \""),
            ("log#a b", "f:1: 'log#' begins a comment inside a word; put white space before #"),
            ("a\n.:53{\n", "f:2: '.:53{' ends in a brace that opens no block; put white space before {"),
            ("a\0b", "f:1: the line has a NUL byte"),
            ("\"a\n\0\"", "f:2: the line has a NUL byte"),
            ("a\rb", "f:1: a carriage return ends no line"),
        ]
    }

    private func words(_ text: [UInt8]) throws(CorefileError) -> [Token] {
        try CorefileLexer.tokens(of: text, file: "f")
    }

    @Test("White space parts words, quotes hold them together, # begins a comment", arguments: Cases.words)
    func words(_ text: String, _ expected: String) throws {
        let tokens = try words(Array(text.utf8))
        #expect(tokens.map { ($0.beginsLine ? "|" : "") + $0.text }.joined(separator: " ") == expected)
    }

    @Test("What would be read in a way that nobody means is refused with its line", arguments: Cases.refusals)
    func refusals(_ text: String, _ message: String) {
        #expect(throws: CorefileError.self) { try words(Array(text.utf8)) }
        do { _ = try words(Array(text.utf8)) } catch { #expect(error.description == message) }
    }

    @Test("Every word knows its line, behind quotes over lines as well")
    func lines() throws {
        let tokens = try words(Array("a\n\n\"b\nc\" d\ne".utf8))
        #expect(tokens.map(\.line) == [1, 3, 4, 5])
        #expect(tokens.map(\.isQuoted) == [false, true, false, false])
        #expect(tokens.map(\.beginsLine) == [true, true, false, true])
    }

    @Test("Bytes that are no UTF-8 are refused with their line")
    func brokenText() {
        #expect(throws: CorefileError(file: "f", line: 2, reason: "the line is no UTF-8 text")) {
            try words(Array("a\nb ".utf8) + [0xff] + Array("\nc".utf8))
        }
    }

    @Test("Size and number of words are bounded")
    func bounds() {
        #expect(throws: CorefileError(file: "f", line: 0, reason: "the file is longer than 4 MiB")) {
            try words([UInt8](repeating: 0x20, count: CorefileLexer.sizeLimit + 1))
        }
        let many = String(repeating: "a\n", count: CorefileLexer.tokenLimit + 1)
        #expect(throws: CorefileError.self) { try words(Array(many.utf8)) }
    }
}
