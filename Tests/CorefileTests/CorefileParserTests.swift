import Testing

@testable import Corefile

@Suite("Server blocks")
struct CorefileParserTests {
    enum Cases {
        /// Text, keys, lines.
        static let blocks: [(String, String, String)] = [
            (".:53 {\n errors\n log\n}\n", "dns://.:53", "errors; log"),
            (".:53\n{\n errors\n}\n", "dns://.:53", "errors"),
            (". { whoami }", "dns://.:53", "whoami"),
            (". {\n health { lameduck 5s }\n}", "dns://.:53", "health {lameduck 5s}"),
            ("example.org\nwhoami\nlog", "dns://example.org.:53", "whoami; log"),
            ("example.org", "dns://example.org.:53", ""),
            ("a.org b.org, c.org,\n d.org {\n}", "dns://a.org.:53 dns://b.org.:53 dns://c.org.:53 dns://d.org.:53", ""),
            ("a.org ,\nb.org {\n}", "dns://a.org.:53 dns://b.org.:53", ""),
            ("Example.ORG.:1053 {\n}", "dns://example.org.:1053", ""),
            ("tls://. https://example.org dns://x:5 {\n}", "tls://.:853 https://example.org.:443 dns://x.:5", ""),
            ("10.0.0.0/24 {\n}", "dns://0.0.10.in-addr.arpa.:53", ""),
            (
                "10.0.0.0/23:5353 {\n}", "dns://0.0.10.in-addr.arpa.:5353 dns://1.0.10.in-addr.arpa.:5353", ""
            ),
            ("2001:db8::/32 {\n}", "dns://8.b.d.0.1.0.0.2.ip6.arpa.:53", ""),
            ("2001:db8::/32:54 {\n}", "dns://8.b.d.0.1.0.0.2.ip6.arpa.:54", ""),
            (
                ". {\n a {\n  b {\n   c d\n  }\n  e\n }\n f\n}", "dns://.:53", "a {b {c d}; e}; f"
            ),
            (
                ". {\n template IN A {\n answer \"{{ .Name }} { }\"\n }\n}", "dns://.:53",
                "template IN A {answer {{ .Name }} { }}"
            ),
            (". {\n log \"a\nb\" c\n}", "dns://.:53", "log a\nb c"),
            (". {\n \"{\" \"}\"\n}", "dns://.:53", "{ }"),
        ]

        static let messages: [(String, String)] = [
            (".:53 {\n errors\n", "Corefile:1: '{' is not closed; end the block of '.:53' by }"),
            (
                ".:53 {\n kubernetes {\n errors\n}\n",
                "Corefile:1: '{' is not closed; end the block of '.:53' by }"
            ),
            (
                ".:53 {\n errors\n kubernetes {\n",
                "Corefile:3: '{' is not closed; end the block of 'kubernetes' by }"
            ),
            (".:53 {\n \"a\nb\" {\n", "Corefile:3: '{' is not closed; end the block of 'a\\x0ab' by }"),
            (".:53\n errors\n}\n", "Corefile:3: '}' closes nothing; put { behind '.:53' in line 1"),
            (
                ".:53 {\n}\n}\n",
                "Corefile:3: '}' closes nothing; delete it, or look for a { that is missing before"
            ),
            ("{\n errors\n}\n", "Corefile:1: '{' opens a block without a zone; write a zone before it, as in .:53 {"),
            (".:53 {\n health\n {\n }\n}", "Corefile:3: '{' stands alone; put { at the end of the line before"),
            (".:53 {\n health {\n } log\n}", "Corefile:3: 'log' stands behind }; begin a new line"),
            ("a.org, {\n}", "Corefile:1: 'a.org,' ends in a comma, but no other zone follows; delete it"),
            ("a.org,\n", "Corefile:1: 'a.org,' ends in a comma, but the file ends here; delete it"),
            ("a.org,b.org {\n}", "Corefile:1: 'a.org,b.org' is no zone; part zones by white space"),
            (
                "grpc://. {\n}",
                "Corefile:1: 'grpc://.' has the scheme grpc, which is not supported here; "
                    + "write dns://, tls://, https://"
            ),
            (
                "quic://. {\n}",
                "Corefile:1: 'quic://.' has the scheme quic, which is not supported here; "
                    + "write dns://, tls://, https://"
            ),
            (
                "https3://. {\n}",
                "Corefile:1: 'https3://.' has the scheme https3, which is not supported here; "
                    + "write dns://, tls://, https://"
            ),
            ("http://. {\n}", "Corefile:1: 'http://.' has an unknown scheme; write dns://, tls://, https://"),
            (":53 {\n}", "Corefile:1: ':53' names no zone; write the root zone as .:53"),
            (".: {\n}", "Corefile:1: '.:' lacks a port behind the colon; write one as .:53"),
            (".:65536 {\n}", "Corefile:1: '.:65536' has a port that is out of range; write 0 to 65535"),
            (
                "10.0.0.0/33 {\n}", "Corefile:1: '10.0.0.0/33' is no network; write one as 10.0.0.0/8 or fd00::/8"
            ),
            ("a..b {\n}", "Corefile:1: 'a..b' is no domain name"),
            (
                "::1 {\n}",
                "Corefile:1: '::1' is no zone; write a name, as in example.org:53; bind says where to listen"
            ),
        ]
    }

    @Test("Keys and lines are read as CoreDNS reads them", arguments: Cases.blocks)
    func blocks(_ text: String, _ keys: String, _ lines: String) throws {
        let block = try CorefileText.block(text)
        #expect(block.keys.map(\.description).joined(separator: " ") == keys)
        #expect(CorefileText.text(block.lines) == lines)
    }

    @Test("A broken file is refused with file, line, word, and what would be right", arguments: Cases.messages)
    func messages(_ text: String, _ message: String) {
        #expect(CorefileText.problems(text) == [message])
    }

    @Test("The default port holds for dns only")
    func defaultPort() throws {
        let corefile = try CorefileText.corefile(". tls://. b:5 {\n}\n", defaultPort: 1053)
        #expect(corefile.blocks.first?.keys.map(\.port) == [1053, 853, 5])
    }

    @Test("Zones of a block come once each, in their order")
    func zones() throws {
        let block = try CorefileText.block("b.org A.org tls://B.org {\n}\n")
        #expect(block.zones.map(\.description) == ["b.org.", "a.org."])
    }

    @Test("Several blocks, one behind the other's brace as well")
    func severalBlocks() throws {
        let corefile = try CorefileText.corefile("a.org {\n log\n} b.org {\n errors\n}\nc.org {\n}\n")
        #expect(corefile.blocks.map { CorefileText.text($0.lines) } == ["log", "errors", ""])
    }

    @Test("Braces may not nest without an end")
    func depth() {
        let deep = String(repeating: "a {\n", count: 5000)
        #expect(CorefileText.problems(". {\n" + deep) == ["Corefile:33: 'a' nests braces too deep"])
    }

    @Test("A file's zones are bounded")
    func zoneBound() {
        let keys = String(repeating: "10.0.0.0/17 ", count: 1000)
        #expect(
            CorefileText.problems(keys + "{\n}\n") == ["Corefile:1: '10.0.0.0/17' is one zone too many: 10000 may be"])
    }

    @Test("Words of messages write no lines of their own, and are cut")
    func harmlessMessages() {
        let error = CorefileError(file: "f", line: 1, token: "a\nb\u{1b}\u{2028}", reason: "is bad")
        #expect(error.description == "f:1: 'a\\x0ab\\x1b\\u{2028}' is bad")
        let long = Token(String(repeating: "x", count: 1000), file: "f", line: 1).error("is long")
        #expect(long.token.utf8.count == 128)
    }
}
