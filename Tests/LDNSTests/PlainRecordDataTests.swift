import DNS
import TestSupport
import Testing

@testable import LDNS

@Suite("Data of the plain types")
struct PlainRecordDataTests {
    private typealias Outcome = Result<RecordData, ZoneFileError.Reason>

    private static let types: [RecordType] = [.a, .aaaa, .ns, .cname, .ptr, .dname, .mx, .srv, .soa, .txt]

    /// Words that data is made of, right and wrong, and what is put into them.
    private static let words = [
        "192.0.2.1", "10.01.2.3", "1.2.3", "256.1.1.1", "2001:db8::1", "::ffff:1.2.3.4", "::1%lo", "1::2::3", "@", ".",
        "a", "a.", "a.b.c.", "..", "a..b", #"a\.b"#, #"a\046b."#, #"\065\256"#, #"a\"#, #"a\\."#, #"a\."#, "*.x",
        "0", "10", "65535", "65536", "4294967295", "4294967296", "1h30m", "2w", "007", "-1", "+1", "\"\"", "\"a b\"",
        #""a\"b;\\\065""#, #"a\"b"#, #"\a\ b"#, #"\12"#, #""\12""#, #""\300""#, "\"x", "x\"y", "é", "\"é\"", #"a\é"#,
        #""\é""#, "\"10\"",
        String(repeating: "x", count: 63), String(repeating: "x", count: 64), String(repeating: "abcdefg.", count: 31),
        String(repeating: "abcdefg.", count: 32), String(repeating: "y", count: 255),
        "\"" + String(repeating: "y", count: 256) + "\"", "TYPE1", "_http._tcp", "a/b", "a'b", "$a", "1.2.3.4.",
        "\"a;b\"", "\"(a)\"", #"a\;b"#, #"\(a"#, #"a\\\ b"#,
    ]

    /// What each reader makes of a line of fields; nil where the words are no fields of their own.
    private static func outcomes(
        of type: RecordType, _ words: [String], origin: DomainName
    ) -> (plain: Outcome, ldns: Outcome)? {
        var lexer = ZoneFileLexer(Array(words.joined(separator: " ").utf8))
        // A quote within a word, or a backslash at its end, ties it to the next one.
        guard let entry = try? lexer.next(), entry.fields.count == words.count,
            zip(entry.fields, words).allSatisfy({ $0.elementsEqual($1.utf8) })
        else { return nil }
        let fields = entry.fields[...]
        return (
            Result { () throws(ZoneFileError.Reason) in
                try RecordDataParser.data(of: type, in: fields, origin: origin)
            },
            Result { () throws(ZoneFileError.Reason) in
                try RecordDataParser.checkRanges(of: type, in: fields)
                return try RecordDataParser.ldnsData(of: type, in: fields, origin: origin)
            }
        )
    }

    @Test("Whatever stands in the fields, the data is that of ldns")
    func equal() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var counts = [0, 0]
        for round in 0..<40_000 {
            let type = Self.types[round % Self.types.count]
            let words = Self.words(of: type, &generator)
            let text = words.joined(separator: " ")
            let origin = Bool.random(using: &generator) ? DomainName.root : try #require(DomainName("example.org."))
            guard let (plain, ldns) = Self.outcomes(of: type, words, origin: origin) else { continue }
            switch (plain, ldns) {
            case (.success(let first), .success(let second)):
                counts[0] += 1
                #expect(first == second, "\(type) \(text), seed \(seed)")
            case (.failure, .failure): counts[1] += 1
            default: Issue.record("\(type) \(text): \(plain) and \(ldns), seed \(seed)")
            }
        }
        // Enough of both for the comparison to say something.
        #expect(counts.allSatisfy { $0 > 4000 }, "\(counts)")
    }

    @Test("A quote within a word, which everybody reads another way, is refused where it holds white space")
    func innerQuote() {
        for text in [#"a 1 TXT a"b c""#, #"a 1 TXT x "y" a"b c""#, #"a 1 CNAME a"b c""#, #"a 1 CNAME "b c""#] {
            #expect(throws: ZoneFileError.self) { try RecordText.record(text) }
        }
        #expect((try? RecordText.record(#"a 1 TXT a\"b\ c\""#)) != nil)
    }

    /// Fields of a type, mostly as many and of such a kind as it wants.
    private static func words(of type: RecordType, _ generator: inout SeededGenerator) -> [String] {
        func word() -> String { words.randomElement(using: &generator) ?? "" }
        func name() -> String { ["a", "b.c.", "@", ".", "*", #"x\.y"#].randomElement(using: &generator) ?? "" }
        func number() -> String { "\(UInt16.random(in: 0...UInt16.max, using: &generator))" }
        var fields: [String]
        switch type {
        case .a: fields = [(0..<4).map { _ in "\(Int.random(in: 0...260, using: &generator))" }.joined(separator: ".")]
        case .aaaa:
            fields = [
                (0..<8).map { _ in String(Int.random(in: 0...0xffff, using: &generator), radix: 16) }
                    .joined(separator: ":")
            ]
        case .mx: fields = [number(), name()]
        case .srv: fields = [number(), number(), number(), name()]
        case .soa: fields = [name(), name(), number(), number(), number(), "3h", number()]
        case .txt: fields = (0..<Int.random(in: 1...3, using: &generator)).map { _ in word() }
        default: fields = [name()]
        }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: fields.append(word())
        case 1: fields.removeLast()
        case 2...3:
            if !fields.isEmpty { fields[Int.random(in: 0..<fields.count, using: &generator)] = word() }
        default: break
        }
        return fields
    }
}
