import DNS
import Testing

@testable import LDNS

/// The origin that the texts of these tests are relative to.
private let origin = DomainName(uncheckedText: "example.org.")

extension DomainName {
    /// A name that the test itself spells.
    fileprivate init(uncheckedText text: String) {
        self = DomainName(text) ?? .root
    }
}

@Suite("Zone files")
struct ZoneFileReaderTests {
    struct Reading: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let records: [String]

        init(_ testDescription: String, _ text: String, _ records: String...) {
            (self.testDescription, self.text, self.records) = (testDescription, text, records)
        }
    }

    static let readings: [Reading] = [
        Reading("nothing", ""),
        Reading("nothing but comments and white space", " \n; one\n\t; two\n\n"),
        Reading("no newline at the end", "a 1 IN A 192.0.2.1", "a.example.org. 1 IN A 192.0.2.1"),
        Reading(
            "carriage returns", "a 1 A 192.0.2.1\r\nb 1 A 192.0.2.2\r\n",
            "a.example.org. 1 IN A 192.0.2.1", "b.example.org. 1 IN A 192.0.2.2"),
        Reading("a byte order mark", "\u{feff}a 1 A 192.0.2.1", "a.example.org. 1 IN A 192.0.2.1"),
        Reading(
            "TTL and class in either order", "a 1 IN A 192.0.2.1\nb IN 2 A 192.0.2.2\nc in 1h30m a 192.0.2.3",
            "a.example.org. 1 IN A 192.0.2.1", "b.example.org. 2 IN A 192.0.2.2", "c.example.org. 5400 IN A 192.0.2.3"),
        Reading(
            "an owner that looks like a TTL, a class or a type", "1 1 A 192.0.2.1\nIN 1 A 192.0.2.2\nA 1 A 192.0.2.3",
            "1.example.org. 1 IN A 192.0.2.1", "IN.example.org. 1 IN A 192.0.2.2", "A.example.org. 1 IN A 192.0.2.3"),
        Reading(
            "the owner of the record before", "a 1 A 192.0.2.1\n   2 A 192.0.2.2\n\n;\n\tA 192.0.2.3",
            "a.example.org. 1 IN A 192.0.2.1", "a.example.org. 2 IN A 192.0.2.2", "a.example.org. 2 IN A 192.0.2.3"),
        Reading(
            "the origin, in owners and in data", "@ 1 CNAME @\na 1 CNAME b.@",
            "example.org. 1 IN CNAME example.org.", "a.example.org. 1 IN CNAME b.@.example.org."),
        Reading(
            "$ORIGIN, absolute and relative",
            "$ORIGIN a.test.\nx 1 A 192.0.2.1\n$ORIGIN b\nx 1 MX 1 y\n$origin .\nx 1 A 192.0.2.1",
            "x.a.test. 1 IN A 192.0.2.1", "x.b.a.test. 1 IN MX 1 y.b.a.test.", "x. 1 IN A 192.0.2.1"),
        Reading(
            "$TTL bounds nothing that has a TTL (RFC 2308 §4)",
            "$TTL 1d\na A 192.0.2.1\nb 5 A 192.0.2.2\nc A 192.0.2.3",
            "a.example.org. 86400 IN A 192.0.2.1", "b.example.org. 5 IN A 192.0.2.2",
            "c.example.org. 86400 IN A 192.0.2.3"),
        Reading(
            "without $TTL the last one stated goes on", "a 5 A 192.0.2.1\nb A 192.0.2.2",
            "a.example.org. 5 IN A 192.0.2.1", "b.example.org. 5 IN A 192.0.2.2"),
        Reading(
            "without any TTL the SOA record's minimum is one", "@ SOA a b 1 2 3 4 55\nb A 192.0.2.2",
            "example.org. 55 IN SOA a.example.org. b.example.org. 1 2 3 4 55", "b.example.org. 55 IN A 192.0.2.2"),
        Reading(
            "parentheses over several lines, with comments in them",
            "@ 1 SOA a b ( 1 ; serial (\n 2\n\n3 ; ) \n 4 5 )\n 1 NS (a)\nc 1 ( \nA 192.0.2.1)",
            "example.org. 1 IN SOA a.example.org. b.example.org. 1 2 3 4 5", "example.org. 1 IN NS a.example.org.",
            "c.example.org. 1 IN A 192.0.2.1"),
        Reading(
            "times with units in SOA", "@ 1 SOA a b 1 2h 30m 1w 5S",
            "example.org. 1 IN SOA a.example.org. b.example.org. 1 7200 1800 604800 5"),
        Reading(
            "strings: quotes, special characters and escapes",
            #"a 1 TXT "semi;colon (p) \"q\" \\ \059" bare\;bare \065b "" x\ y "a"b"#,
            #"a.example.org. 1 IN TXT "semi;colon (p) \"q\" \\ ;" "bare;bare" "Ab" "" "x y" "a" "b""#),
        Reading(
            "names: bytes beyond ASCII, a backslash in front of them or not", #"é\é 1 CNAME \\é\é.c."#,
            #"\195\169\195\169.example.org. 1 IN CNAME \\\195\169\195\169.c."#),
        Reading("strings: bytes beyond ASCII", "a 1 TXT \"é\"", #"a.example.org. 1 IN TXT "\195\169""#),
        Reading(
            "names with escapes", #"a\.b\\ 1 A 192.0.2.1"# + "\n" + #"\065\000. 1 A 192.0.2.1"#,
            #"a\.b\\.example.org. 1 IN A 192.0.2.1"#, #"A\000. 1 IN A 192.0.2.1"#),
        Reading(
            "a dot that an escape makes part of the name", #"a\. 1 CNAME b\."#,
            #"a\..example.org. 1 IN CNAME b\..example.org."#),
        Reading(
            "unknown types and data (RFC 3597)",
            ###"a 1 TYPE731 \# 6 abcd (ef 01 23 45)"### + "\n" + ###"a 1 CLASS1 TYPE1 \# 4 0A000001"### + "\n"
                + ###"a 1 type62347 \# 0"###,
            ##"a.example.org. 1 IN TYPE731 \# 6 abcdef012345"##, "a.example.org. 1 IN A 10.0.0.1",
            ##"a.example.org. 1 IN TYPE62347 \# 0"##),
        Reading(
            "an alias of HTTPS and its parameters (RFC 9460)",
            #"a 1 HTTPS 1 . alpn="h2,h3" port=443 ipv4hint=192.0.2.1"#,
            "a.example.org. 1 IN HTTPS 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1"),
        Reading("$TTL 0", "$TTL 0\na A 192.0.2.1", "a.example.org. 0 IN A 192.0.2.1"),
    ]

    @Test("What is well-formed is read", arguments: readings)
    func readable(_ reading: Reading) throws {
        let records = try ZoneFileReader.records(in: reading.text, origin: origin)
        #expect(records.map(RecordText.text) == reading.records)
    }

    /// Texts, and what is said of each behind the file's name.
    static let faults: [(text: String, message: String)] = [
        ("a 1 A 192.0.2.1\n\n\nb 1 A 192.0.2.300\n\n\n", "4: A: Syntax error, could not parse the RR's rdata"),
        ("a 1 A 192.0.2.1 (\n\n) junk ; here", "1: A: Syntax error, superfluous text present"),
        ("a 1 A", "1: A: Syntax error, value expected"),
        ("a 1 MX 10", "1: MX: Syntax error, value expected"),
        ("a 1 MX 70000 b", "1: '70000' is no number from 0 to 65535"),
        ("a 1 MX -1 b", "1: '-1' is no number from 0 to 65535"),
        ("a 1 SRV 0 0 x b", "1: 'x' is no number from 0 to 65535"),
        ("@ 1 SOA a b 4294967296 2 3 4 5", "1: '4294967296' is no number from 0 to 4294967295"),
        ("@ 1 SOA a b 1 2x 3 4 5", "1: '2x' is no number from 0 to 4294967295"),
        ("a 1 CAA 256 issue \"x\"", "1: '256' is no number from 0 to 255"),
        (
            "a 1 TXT " + String(repeating: "x", count: 256),
            "1: a string is longer than 255 bytes; split it into several"
        ),
        ("a 1 CNAME b..c", "1: CNAME: Syntax error, could not parse the RR's rdata"),
        ("\na..b 1 A 192.0.2.1", "2: 'a..b' is no legal name"),
        (
            String(repeating: "x", count: 64) + " 1 A 192.0.2.1",
            "1: '\(String(repeating: "x", count: 64))' is no legal name"
        ),
        ("a 1 CH A 192.0.2.1", "1: class CH; only IN is served"),
        ("a CLASS3 1 A 192.0.2.1", "1: class CLASS3; only IN is served"),
        ("a 1", "1: no record type"),
        ("a", "1: no record type"),
        ("a A 192.0.2.1", "1: no TTL; give the record one, or the file a $TTL above it"),
        (" 1 A 192.0.2.1", "1: no owner name, and no record above to take it from"),
        ("a 1 ADDRESS 192.0.2.1", "1: 'ADDRESS' is no record type known here; TYPEnnn works for all (RFC 3597)"),
        ("a 1 TYPE65536 \\# 0", "1: 'TYPE65536' is no record type known here; TYPEnnn works for all (RFC 3597)"),
        ("a 1 TYPE1x 192.0.2.1", "1: 'TYPE1x' is no record type known here; TYPEnnn works for all (RFC 3597)"),
        ("a 1 TYPE+1 192.0.2.1", "1: 'TYPE+1' is no record type known here; TYPEnnn works for all (RFC 3597)"),
        ("a 1 MX +1 b", "1: '+1' is no number from 0 to 65535"),
        ("\n((\n\n(", "2: the parenthesis is not closed"),
        ("a 1 AXFR x", "1: AXFR is no type of data"),
        ("a 1 TYPE41 \\# 0", "1: TYPE41 is no type of data"),
        ("a 1 TYPE0 \\# 0", "1: TYPE0 is no type of data"),
        ("a 1 ANY x", "1: ANY is no type of data"),
        ("a 2147483648 A 192.0.2.1", "1: '2147483648' is no TTL; seconds up to 2147483647 or 1w2d3h4m5s are"),
        (
            "a 99999999999999999999999 A 192.0.2.1",
            "1: '99999999999999999999999' is no TTL; seconds up to 2147483647 or 1w2d3h4m5s are"
        ),
        ("a 1x A 192.0.2.1", "1: '1x' is no TTL; seconds up to 2147483647 or 1w2d3h4m5s are"),
        ("$TTL 1h junk", "1: should be: $TTL TIME"),
        ("$TTL", "1: should be: $TTL TIME"),
        ("$TTL soon", "1: 'soon' is no TTL; seconds up to 2147483647 or 1w2d3h4m5s are"),
        ("$ORIGIN", "1: should be: $ORIGIN NAME"),
        ("$ORIGIN a..b", "1: 'a..b' is no legal name"),
        ("$INCLUDE", "1: should be: $INCLUDE FILE [ORIGIN]"),
        ("\n$INCLUDE other.zone", "2: $INCLUDE works in files only"),
        ("$GENERATE 1-3 a$ A 192.0.2.$", "1: directive $GENERATE is not supported; $ORIGIN, $TTL and $INCLUDE are"),
        ("a 1 TXT \"open\n\"", "1: the quote is not closed on its line"),
        ("a 1 TXT \"open", "1: the quote is not closed on its line"),
        ("\na 1 A (\n192.0.2.1\n", "2: the parenthesis is not closed"),
        ("\na 1 A 192.0.2.1 )", "2: closing parenthesis without an opening one"),
        ("a 1 A 192.0.2.1\n\0", "2: control byte 0, this is no text"),
        ("a 1 A 192.0.2.1 ; \0", "1: control byte 0, this is no text"),
        ("a 1 A 192.0.2.1\u{1}", "1: control byte 1, this is no text"),
        (##"a 1 A \# 3 0a0000"##, "1: A: Packet size overflow"),
        (##"a 1 A \# 0"##, "1: A: invalid rdata in wire format"),
        (##"a 1 A \# 4 0a00"##, ##"1: should be: \# LENGTH HEX, with as many bytes as the length says (RFC 3597)"##),
        (
            ##"a 1 TYPE731 \# 65536"##,
            ##"1: should be: \# LENGTH HEX, with as many bytes as the length says (RFC 3597)"##
        ),
        (
            ##"a 1 TYPE731 \# 1 zz"##,
            ##"1: should be: \# LENGTH HEX, with as many bytes as the length says (RFC 3597)"##
        ),
        (##"a 1 TYPE731 \#"##, ##"1: should be: \# LENGTH HEX, with as many bytes as the length says (RFC 3597)"##),
        ("a 1 TYPE731 text", "1: TYPE731: Syntax error, could not parse the RR's rdata"),
        ("a 1 TXT \(String(repeating: "x ", count: 40_000))", "1: the entry is longer than 65000 bytes"),
        (String(repeating: "x", count: 1 << 20), "1: the entry is longer than 65000 bytes"),
    ]

    @Test("What is broken is named with its line", arguments: faults)
    func broken(_ text: String, _ message: String) throws {
        let error = #expect(throws: ZoneFileError.self) {
            try ZoneFileReader.records(in: text, origin: origin, name: "example.org.zone")
        }
        #expect(error.map(String.init(describing:)) == "example.org.zone:" + message)
    }

    @Test("A name too long for its origin is refused, in owners and in data")
    func namesTooLong() throws {
        let long = String(repeating: "0123456789.", count: 22) + "0123"
        #expect(throws: ZoneFileError(file: "text", line: 1, reason: .badName(long))) {
            try ZoneFileReader.records(in: "\(long) 1 A 192.0.2.1", origin: origin)
        }
        #expect(throws: ZoneFileError.self) {
            try ZoneFileReader.records(in: "a 1 CNAME \(long)", origin: origin)
        }
    }
}
