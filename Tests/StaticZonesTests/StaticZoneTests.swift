import DNS
import LDNS
import Testing

@testable import StaticZones

/// A question to a zone, and what it is to say in lines of presentation form.
struct ZoneExchange: CustomTestStringConvertible, Sendable {
    /// Name and type, such as `www.example.org. A`.
    let question: String
    /// The kind of answer unless it is plain records; the records; the additional ones behind a `+`.
    let answer: [String]

    init(_ question: String, _ answer: String...) {
        (self.question, self.answer) = (question, answer)
    }

    var testDescription: String { question }

    /// What `zone` says to the question, in the form of `answer`.
    func answer(of zone: StaticZone) throws -> [String] {
        let words = question.split(separator: " ")
        let name = try #require(DomainName(words[0]))
        let type = try #require(RecordText.type(named: String(words[1])))
        func lines(_ records: [Record], _ prefix: String = "") -> [String] {
            records.map { prefix + RecordText.text($0) }
        }
        switch zone.answer(to: name, type: type) {
        case .records(let records, let additional): return lines(records) + lines(additional, "+ ")
        case .alias(let records, let target): return ["ALIAS \(target)"] + lines(records)
        case .noData: return ["NODATA"]
        case .nxDomain: return ["NXDOMAIN"]
        case .nameTooLong(let records): return ["YXDOMAIN"] + lines(records)
        case .referral(let servers, let glue): return ["REFERRAL"] + lines(servers) + lines(glue, "+ ")
        }
    }
}

extension StaticZone {
    /// The zone that a text makes, relative to `origin`.
    init(_ text: String, origin: String) throws {
        let origin = try #require(DomainName(origin))
        self = try StaticZone(origin: origin, records: ZoneFileReader.records(in: text, origin: origin))
    }
}

@Suite("Zones from files")
struct StaticZoneTests {
    private static let text = """
        $TTL 3600
        @          SOA    ns1 hostmaster 7 7200 1800 1209600 300
                   NS     ns1
                   NS     ns.example.net.
                   MX     10 mail
        ns1        A      192.0.2.1
                   AAAA   2001:db8::1
        mail       A      192.0.2.25
        Www        A      192.0.2.53
        www        AAAA   2001:db8::53
        web        CNAME  www
        out        CNAME  www.example.net.
        loop       CNAME  loop
        _x._tcp    SRV    0 5 80 www
                   SRV    0 5 81 www
                   SRV    0 5 82 out
                   SRV    0 5 83 ns.lab
        a.b.c      TXT    "deep"
        lab        NS     ns.lab
                   NS     ns.other
                   NS     ns1
                   NS     ns.example.net.
        lab        DS     60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
        ns.lab     A      192.0.2.101
        x.y.lab    TXT    "hidden"
        other      NS     ns.other
        ns.other   AAAA   2001:db8::111
        old        DNAME  new
                   A      192.0.2.9
        new        A      192.0.2.8
        x.new      A      192.0.2.7
        cut.new    NS     ns1
        """

    static let exchanges: [ZoneExchange] = [
        // Names that exist.
        ZoneExchange("mail.example.org. A", "mail.example.org. 3600 IN A 192.0.2.25"),
        ZoneExchange("MAIL.Example.ORG. A", "mail.example.org. 3600 IN A 192.0.2.25"),
        ZoneExchange("www.example.org. A", "Www.example.org. 3600 IN A 192.0.2.53"),
        ZoneExchange("mail.example.org. AAAA", "NODATA"),
        ZoneExchange("mail.example.org. TYPE65280", "NODATA"),
        ZoneExchange(
            "example.org. SOA",
            "example.org. 3600 IN SOA ns1.example.org. hostmaster.example.org. 7 7200 1800 1209600 300"),
        ZoneExchange(
            "example.org. NS",
            "example.org. 3600 IN NS ns1.example.org.", "example.org. 3600 IN NS ns.example.net.",
            "+ ns1.example.org. 3600 IN A 192.0.2.1", "+ ns1.example.org. 3600 IN AAAA 2001:db8::1"),
        ZoneExchange(
            "example.org. MX", "example.org. 3600 IN MX 10 mail.example.org.",
            "+ mail.example.org. 3600 IN A 192.0.2.25"),
        ZoneExchange("example.org. DS", "NODATA"),
        // Addresses once a target; none from beyond an alias or a cut.
        ZoneExchange(
            "_x._tcp.example.org. SRV",
            "_x._tcp.example.org. 3600 IN SRV 0 5 80 www.example.org.",
            "_x._tcp.example.org. 3600 IN SRV 0 5 81 www.example.org.",
            "_x._tcp.example.org. 3600 IN SRV 0 5 82 out.example.org.",
            "_x._tcp.example.org. 3600 IN SRV 0 5 83 ns.lab.example.org.",
            "+ Www.example.org. 3600 IN A 192.0.2.53", "+ www.example.org. 3600 IN AAAA 2001:db8::53"),
        // Names that do not, and those that do since others lie below them.
        ZoneExchange("none.example.org. A", "NXDOMAIN"),
        ZoneExchange("x.mail.example.org. A", "NXDOMAIN"),
        ZoneExchange("x.a.b.c.example.org. A", "NXDOMAIN"),
        ZoneExchange("_tcp.example.org. SRV", "NODATA"),
        ZoneExchange("c.example.org. TXT", "NODATA"),
        ZoneExchange("B.c.example.org. ANY", "NODATA"),
        ZoneExchange("x.c.example.org. TXT", "NXDOMAIN"),
        // Aliases.
        ZoneExchange(
            "web.example.org. A", "ALIAS www.example.org.",
            "web.example.org. 3600 IN CNAME www.example.org."),
        ZoneExchange(
            "out.example.org. MX", "ALIAS www.example.net.",
            "out.example.org. 3600 IN CNAME www.example.net."),
        ZoneExchange(
            "loop.example.org. A", "ALIAS loop.example.org.",
            "loop.example.org. 3600 IN CNAME loop.example.org."),
        ZoneExchange("web.example.org. CNAME", "web.example.org. 3600 IN CNAME www.example.org."),
        ZoneExchange("web.example.org. ANY", "web.example.org. 3600 IN CNAME www.example.org."),
        // All types at once (RFC 8482).
        ZoneExchange("mail.example.org. ANY", #"mail.example.org. 3600 IN HINFO "RFC8482" """#),
        ZoneExchange("none.example.org. ANY", "NXDOMAIN"),
        // Delegations, with glue of their own, of a sibling and of the zone itself.
        ZoneExchange(
            "other.example.org. NS", "REFERRAL", "other.example.org. 3600 IN NS ns.other.example.org.",
            "+ ns.other.example.org. 3600 IN AAAA 2001:db8::111"),
        ZoneExchange(
            "other.example.org. ANY", "REFERRAL", "other.example.org. 3600 IN NS ns.other.example.org.",
            "+ ns.other.example.org. 3600 IN AAAA 2001:db8::111"),
        ZoneExchange(
            "ns.other.example.org. AAAA", "REFERRAL", "other.example.org. 3600 IN NS ns.other.example.org.",
            "+ ns.other.example.org. 3600 IN AAAA 2001:db8::111"),
        ZoneExchange(
            "X.none.Lab.example.org. DS", "REFERRAL",
            "lab.example.org. 3600 IN NS ns.lab.example.org.", "lab.example.org. 3600 IN NS ns.other.example.org.",
            "lab.example.org. 3600 IN NS ns1.example.org.", "lab.example.org. 3600 IN NS ns.example.net.",
            "+ ns.lab.example.org. 3600 IN A 192.0.2.101", "+ ns.other.example.org. 3600 IN AAAA 2001:db8::111",
            "+ ns1.example.org. 3600 IN A 192.0.2.1", "+ ns1.example.org. 3600 IN AAAA 2001:db8::1"),
        ZoneExchange(
            "lab.example.org. DS",
            "lab.example.org. 3600 IN DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
        ZoneExchange("other.example.org. DS", "NODATA"),
        // Redirections (RFC 6672).
        ZoneExchange("old.example.org. A", "old.example.org. 3600 IN A 192.0.2.9"),
        ZoneExchange("old.example.org. DNAME", "old.example.org. 3600 IN DNAME new.example.org."),
        ZoneExchange("old.example.org. TXT", "NODATA"),
        ZoneExchange(
            "X.old.example.org. A", "ALIAS X.new.example.org.",
            "old.example.org. 3600 IN DNAME new.example.org.", "X.old.example.org. 3600 IN CNAME X.new.example.org."),
        ZoneExchange(
            "x.y.OLD.example.org. A", "ALIAS x.y.new.example.org.",
            "old.example.org. 3600 IN DNAME new.example.org.",
            "x.y.OLD.example.org. 3600 IN CNAME x.y.new.example.org."),
        ZoneExchange(
            "x.old.example.org. CNAME", "old.example.org. 3600 IN DNAME new.example.org.",
            "x.old.example.org. 3600 IN CNAME x.new.example.org."),
        // A question that is not the zone's; whoever asks has not looked for the right one.
        ZoneExchange("www.example.net. A", "NXDOMAIN"),
        ZoneExchange(". A", "NXDOMAIN"),
    ]

    @Test("Each question has its answer", arguments: exchanges)
    func answer(_ exchange: ZoneExchange) throws {
        #expect(try exchange.answer(of: StaticZone(Self.text, origin: "example.org.")) == exchange.answer)
    }

    @Test("A DNAME that makes a name too long says so (RFC 6672 §2.2)")
    func dnameOverflow() throws {
        let label = String(repeating: "x", count: 60)
        let text = "@ 1 SOA a b 1 2 3 4 5\nold 1 DNAME \(label).\(label).new"
        let zone = try StaticZone(text, origin: "example.org.")
        let short = try #require(DomainName("\(label).old.example.org."))
        let long = try #require(DomainName("\(label).\(label).\(label).old.example.org."))
        guard case .nameTooLong(let records) = zone.answer(to: long, type: .a) else {
            Issue.record("no YXDOMAIN")
            return
        }
        #expect(records.map(\.type) == [.dname])
        guard case .alias = zone.answer(to: short, type: .a) else {
            Issue.record("no alias")
            return
        }
    }

    @Test("A DNAME at the apex redirects everything below, and nothing at it")
    func dnameAtApex() throws {
        let text = "@ 1 SOA a b 1 2 3 4 5\n@ 1 DNAME example.net.\n@ 1 NS ns.example.net.\nhidden 1 A 192.0.2.1"
        let zone = try StaticZone(text, origin: "example.org.")
        let exchanges = [
            ZoneExchange("example.org. NS", "example.org. 1 IN NS ns.example.net."),
            ZoneExchange(
                "hidden.example.org. A", "ALIAS hidden.example.net.",
                "example.org. 1 IN DNAME example.net.", "hidden.example.org. 1 IN CNAME hidden.example.net."),
        ]
        for exchange in exchanges {
            #expect(try exchange.answer(of: zone) == exchange.answer)
        }
        #expect(
            zone.warnings.map(\.description) == [
                "hidden.example.org.: hidden by the NS or DNAME records of example.org."
            ])
    }

    @Test(
        "Denials may be kept for the minimum at most, and not longer than the SOA record (RFC 2308 §3)",
        arguments: [
            (3600, 300, 300), (60, 300, 60),
        ])
    func denialTTL(ttl: UInt32, minimum: UInt32, expected: UInt32) throws {
        let zone = try StaticZone("@ \(ttl) SOA a b 1 2 3 4 \(minimum)", origin: "example.org.")
        #expect(zone.denialSOA.ttl == expected)
        #expect(zone.denialSOA.type == .soa)
    }

    @Test("RRsets have one TTL, the lowest, and every record once (RFC 2181 §5)")
    func rrsets() throws {
        let text = """
            @ 9 SOA a b 1 2 3 4 5
            x 3 A 192.0.2.1
            x 2 A 192.0.2.2
            X 1 A 192.0.2.1
            x 9 AAAA 2001:db8::1
            x 9 MX 1 Mail
            x 9 MX 1 mail
            """
        let zone = try StaticZone(text, origin: "example.org.")
        let exchanges = [
            ZoneExchange("x.example.org. A", "x.example.org. 1 IN A 192.0.2.1", "x.example.org. 1 IN A 192.0.2.2"),
            ZoneExchange("x.example.org. AAAA", "x.example.org. 9 IN AAAA 2001:db8::1"),
            ZoneExchange("x.example.org. MX", "x.example.org. 9 IN MX 1 Mail.example.org."),
        ]
        for exchange in exchanges {
            #expect(try exchange.answer(of: zone) == exchange.answer)
        }
        #expect(zone.summary.description == "serial 1, 5 records at 2 names")
        #expect(
            zone.records.map(RecordText.text) == [
                "example.org. 9 IN SOA a.example.org. b.example.org. 1 2 3 4 5", "x.example.org. 1 IN A 192.0.2.1",
                "x.example.org. 1 IN A 192.0.2.2", "x.example.org. 9 IN MX 1 Mail.example.org.",
                "x.example.org. 9 IN AAAA 2001:db8::1",
            ])
    }

    static let faults: [(text: String, message: String)] = [
        ("", "example.org.: the zone has no SOA record"),
        ("www 1 A 192.0.2.1", "example.org.: the zone has no SOA record"),
        ("@ 1 SOA a b 1 2 3 4 5\n@ 1 SOA a b 2 2 3 4 5", "example.org.: more than one SOA record"),
        ("@ 1 SOA a b 1 2 3 4 5\nx 1 SOA a b 1 2 3 4 5", "x.example.org.: an SOA record below the top of the zone"),
        ("@ 1 SOA a b 1 2 3 4 5\nwww.example.net. 1 A 192.0.2.1", "www.example.net.: not in the zone example.org."),
        ("@ 1 SOA a b 1 2 3 4 5\nxexample.org. 1 A 192.0.2.1", "xexample.org.: not in the zone example.org."),
        ("@ 1 SOA a b 1 2 3 4 5\norg. 1 A 192.0.2.1", "org.: not in the zone example.org."),
        ("@ 1 SOA a b 1 2 3 4 5\n@ 1 CNAME x", "example.org.: SOA beside a CNAME, which must be alone"),
        (
            "@ 1 SOA a b 1 2 3 4 5\nx 1 A 192.0.2.1\nX 1 CNAME y",
            "x.example.org.: A beside a CNAME, which must be alone"
        ),
        ("@ 1 SOA a b 1 2 3 4 5\nx 1 CNAME y\nx 1 CNAME z", "x.example.org.: more than one CNAME record"),
        ("@ 1 SOA a b 1 2 3 4 5\nx 1 DNAME y\nx 1 DNAME z", "x.example.org.: more than one DNAME record"),
        ("@ 1 SOA a b 1 2 3 4 5\nx 1 DNAME y\nx 1 NS z", "x.example.org.: DNAME beside NS"),
    ]

    @Test("Records that make no zone are refused, by name", arguments: faults)
    func fault(_ text: String, _ message: String) throws {
        let error = #expect(throws: StaticZoneError.self) { try StaticZone(text, origin: "example.org.") }
        #expect(error.map(String.init(describing:)) == message)
    }

    @Test("Data that is not of its type is refused")
    func badData() throws {
        let origin = try #require(DomainName("example.org."))
        let soa = try RecordText.record("example.org. 1 SOA a. b. 1 2 3 4 5")
        for type in [RecordType.a, .aaaa, .ns, .mx, .srv, .cname, .ptr, .dname] {
            let broken = Record(owner: origin, ttl: 1, data: RecordData(type: type, bytes: [1, 2, 3]))
            #expect(throws: StaticZoneError(owner: origin, reason: .badData(type))) {
                try StaticZone(origin: origin, records: [soa, broken])
            }
        }
    }

    @Test("A CNAME twice is one, and signatures may stand beside it")
    func besideAlias() throws {
        let text = """
            @ 1 SOA a b 1 2 3 4 5
            x 1 CNAME y
            x 1 CNAME Y
            x 1 NSEC z CNAME NSEC
            """
        let zone = try StaticZone(text, origin: "example.org.")
        let exchange = ZoneExchange("x.example.org. NSEC", "x.example.org. 1 IN NSEC z.example.org. CNAME NSEC ")
        #expect(try exchange.answer(of: zone) == exchange.answer)
    }

    @Test("What is hardly meant is a warning")
    func warnings() throws {
        let text = """
            @ 1 SOA a b 1 2 3 4 5
            lab 1 NS ns.lab
            lab 1 NS ns.example.net.
            lab 1 MX 1 mail
            x.lab 1 TXT "x"
            deep.x.lab 1 NS ns
            red 1 DNAME new
            x.red 1 A 192.0.2.1
            """
        #expect(
            try StaticZone(text, origin: "example.org.").warnings.map(\.description) == [
                "example.org.: the zone has no NS records",
                "lab.example.org.: hidden by the NS or DNAME records of lab.example.org.",
                "lab.example.org.: no address for its server ns.lab.example.org.",
                "x.lab.example.org.: hidden by the NS or DNAME records of lab.example.org.",
                "deep.x.lab.example.org.: hidden by the NS or DNAME records of lab.example.org.",
                "x.red.example.org.: hidden by the NS or DNAME records of red.example.org.",
            ])
        #expect(
            try StaticZone(Self.text, origin: "example.org.").warnings.map(\.description) == [
                "x.y.lab.example.org.: hidden by the NS or DNAME records of lab.example.org."
            ])
    }
}
