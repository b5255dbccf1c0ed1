import DNS
import Testing

@testable import LDNS

@Suite("Records in presentation form")
struct RecordTextTests {
    static let lines: [String] = [
        "www.example.org. 3600 IN A 192.0.2.53",
        "www.example.org. 3600 IN AAAA 2001:db8::53",
        "example.org. 3600 IN SOA ns1.example.org. hostmaster.example.org. 2026010101 7200 1800 1209600 300",
        "example.org. 3600 IN NS ns1.example.org.",
        "10.0.96.10.in-addr.arpa. 5 IN PTR web.prod.svc.cluster.local.",
        "_http._tcp.web.prod.svc.cluster.local. 5 IN SRV 0 50 80 web.prod.svc.cluster.local.",
        "example.org. 0 IN MX 10 mail.example.org.",
        "example.org. 2147483647 IN MX 0 .",
        #"dns-version.cluster.local. 28800 IN TXT "1.1.0""#,
        #"a. 1 IN TXT "" "quote \" backslash \\ semicolon ; tab \009 byte \255""#,
        #"example.org. 3600 IN HINFO "RFC8482" """#,
        #"example.org. 3600 IN CAA 0 issue "ca.example.net; policy=ev""#,
        "example.org. 3600 IN DNAME example.net.",
        "example.org. 3600 IN HTTPS 1 . alpn=h2,h3",
        ##"example.org. 3600 IN TYPE731 \# 6 abcdef012345"##,
        ##"example.org. 3600 IN TYPE65280 \# 0"##,
        #"a\.b\\c\009.example.org. 3600 IN A 192.0.2.1"#,
    ]

    @Test("A record comes back as it was written", arguments: lines)
    func roundTrip(_ text: String) throws {
        #expect(RecordText.text(try RecordText.record(text)) == text)
    }

    @Test("Data that is not of its type is written all the same")
    func brokenData() {
        let name = DomainName("a.") ?? .root
        #expect(
            RecordText.text(Record(owner: name, ttl: 1, data: RecordData(type: .a, bytes: [10, 0, 1])))
                == ##"a. 1 IN A \# 3 0a0001"##)
        #expect(
            RecordText.text(Record(owner: name, ttl: 1, data: RecordData(type: .ns, bytes: [])))
                == ##"a. 1 IN NS \# 0"##)
    }

    @Test("The bytes are those of the wire")
    func data() throws {
        let record = try RecordText.record("a. 1 IN SRV 1 2 3 B.c.")
        let target = try #require(DomainName("B.c."))
        #expect(record.data == .srv(priority: 1, weight: 2, port: 3, target: target))
        #expect(record.data.bytes == [0, 1, 0, 2, 0, 3, 1, 0x42, 1, 0x63, 0])
    }

    @Test("One record is wanted", arguments: ["", "; none", "a. 1 A 192.0.2.1\nb. 1 A 192.0.2.1"])
    func notOne(_ text: String) {
        #expect(throws: ZoneFileError.self) { try RecordText.record(text) }
    }
}
