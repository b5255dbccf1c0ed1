import DNS
import Testing

@testable import LDNS

/// Words as long as the buffers of others were.
private enum Token {
    static let lengths = [
        255, 256, 1023, 1024, 4094, 4095, 4096, 4097, 4100, 8191, 8192, 8193, 16384, 64000, 65535, 65536,
    ]
}

@Suite("Words of zone files that are as long as a buffer, or longer")
struct ZoneFileTokenTests {
    @Test("Each is read, or refused by its line, wherever it stands", arguments: Token.lengths)
    private func lengths(_ length: Int) throws {
        let origin = try #require(DomainName("example.org."))
        let word = String(repeating: "x", count: length)
        let dotted = String(String(repeating: "abcdefg.", count: length / 8 + 1).prefix(length))
        let texts = [
            "\(word) 1 A 192.0.2.1", "\(dotted) 1 A 192.0.2.1", "a \(word) A 192.0.2.1", "a 1 \(word) 192.0.2.1",
            "a 1 A \(word)", "a 1 TXT \(word)", "a 1 TXT \"\(word)\"", "a 1 TXT (\n\"\(word)\"\n)",
            "a 1 CNAME \(dotted)", "a 1 TYPE65280 \\# \(length / 2) \(String(repeating: "ab", count: length / 2))",
            "$ORIGIN \(dotted)", "$TTL \(word)", "$\(word) 1", "a 1 TXT \\\(word)", "a 1 A 192.0.2.1 ; \(word)",
            "a 1 TXT \(String(repeating: "\\120", count: length / 4))", "a 1 SVCB 1 . key65000=\(word)",
            "a 1 NAPTR 1 1 \"\(word)\" \"\" \"\" .", "a 1 DNSKEY 257 3 13 \(word)", "a 1 CAA 0 issue \"\(word)\"",
        ]
        for (index, text) in texts.enumerated() {
            do {
                let records = try ZoneFileReader.records(in: text + "\nb 1 A 192.0.2.2\n", origin: origin)
                #expect(
                    records.last?.owner == DomainName("b.example.org.") || text.hasPrefix("$ORIGIN"), "text \(index)")
                for record in records { #expect(record.data.bytes.count <= 65535, "text \(index)") }
            } catch {
                #expect(error.line.map { (1...3).contains($0) } == true, "text \(index): \(error)")
                #expect("\(error)".utf8.count < 1000, "text \(index): the word is not told in full")
            }
        }
    }
}
