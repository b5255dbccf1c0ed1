import DNS
import Testing

@testable import StaticZones

@Suite("Wildcards (RFC 4592)")
struct StaticZoneWildcardTests {
    /// RFC 4592 §2.2.1, with the data that it leaves open.
    private static let example = """
        $ORIGIN example.
        example.                 3600 IN  SOA   ns.example.com. hostmaster.example.com. 1 7200 1800 86400 300
        example.                 3600     NS    ns.example.com.
        example.                 3600     NS    ns.example.net.
        *.example.               3600     TXT   "this is a wildcard"
        *.example.               3600     MX    10 host1.example.
        sub.*.example.           3600     TXT   "this is not a wildcard"
        host1.example.           3600     A     192.0.2.1
        _ssh._tcp.host1.example. 3600     SRV   0 0 22 host1.example.
        _ssh._tcp.host2.example. 3600     SRV   0 0 22 host2.example.
        subdel.example.          3600     NS    ns.example.com.
        subdel.example.          3600     NS    ns.example.net.
        """

    static let exchanges: [ZoneExchange] = [
        // The responses that §2.2.1 says are synthesized.
        ZoneExchange(
            "host3.example. MX", "host3.example. 3600 IN MX 10 host1.example.",
            "+ host1.example. 3600 IN A 192.0.2.1"),
        ZoneExchange("host3.example. A", "NODATA"),
        ZoneExchange("foo.bar.example. TXT", #"foo.bar.example. 3600 IN TXT "this is a wildcard""#),
        // Those that are not.
        ZoneExchange("host1.example. MX", "NODATA"),
        ZoneExchange("sub.*.example. MX", "NODATA"),
        ZoneExchange("_telnet._tcp.host1.example. SRV", "NXDOMAIN"),
        ZoneExchange(
            "host.subdel.example. A", "REFERRAL",
            "subdel.example. 3600 IN NS ns.example.com.", "subdel.example. 3600 IN NS ns.example.net."),
        ZoneExchange("ghost.*.example. MX", "NXDOMAIN"),
        // The names around them.
        ZoneExchange("Foo.BAR.Example. TXT", #"Foo.BAR.Example. 3600 IN TXT "this is a wildcard""#),
        ZoneExchange("*.example. TXT", #"*.example. 3600 IN TXT "this is a wildcard""#),
        ZoneExchange("*.example. A", "NODATA"),
        ZoneExchange("*.*.example. TXT", "NXDOMAIN"),
        ZoneExchange("sub.*.example. TXT", #"sub.*.example. 3600 IN TXT "this is not a wildcard""#),
        ZoneExchange("host2.example. TXT", "NODATA"),
        ZoneExchange("_tcp.host2.example. TXT", "NODATA"),
        ZoneExchange("x.host2.example. TXT", "NXDOMAIN"),
        ZoneExchange("example. TXT", "NODATA"),
        ZoneExchange("host3.example. ANY", #"host3.example. 3600 IN HINFO "RFC8482" """#),
    ]

    @Test("The RFC's example answers as the RFC says", arguments: exchanges)
    func example(_ exchange: ZoneExchange) throws {
        #expect(try exchange.answer(of: StaticZone(Self.example, origin: "example.")) == exchange.answer)
    }

    private static let special = """
        @                1 SOA    ns hostmaster 1 2 3 4 5
        *.alias          1 CNAME  x.target
        *.target         1 A      192.0.2.1
        here.alias       1 A      192.0.2.2
        below.*.empty    1 A      192.0.2.3
        *.service        1 SRV    0 0 80 there.target
                         1 SRV    0 0 81 here.alias
        *.cut            1 NS     ns.example.net.
        *.inner.target   1 TXT    "inner"
        """

    static let specialExchanges: [ZoneExchange] = [
        // §4.3: a wildcard alias.
        ZoneExchange("Some.alias.test. A", "ALIAS x.target.test.", "Some.alias.test. 1 IN CNAME x.target.test."),
        ZoneExchange("some.alias.test. CNAME", "some.alias.test. 1 IN CNAME x.target.test."),
        ZoneExchange("some.alias.test. ANY", "some.alias.test. 1 IN CNAME x.target.test."),
        ZoneExchange("here.alias.test. AAAA", "NODATA"),
        ZoneExchange("x.here.alias.test. A", "NXDOMAIN"),
        // §4.8: a wildcard that is an empty non-terminal.
        ZoneExchange("x.empty.test. A", "NODATA"),
        ZoneExchange("*.empty.test. A", "NODATA"),
        ZoneExchange("x.empty.test. ANY", "NODATA"),
        // The closest wildcard counts alone.
        ZoneExchange("x.inner.target.test. A", "NODATA"),
        ZoneExchange("x.inner.target.test. TXT", #"x.inner.target.test. 1 IN TXT "inner""#),
        ZoneExchange("inner.target.test. A", "NODATA"),
        ZoneExchange("a.b.target.test. A", "a.b.target.test. 1 IN A 192.0.2.1"),
        // Addresses go with services, from wildcards too.
        ZoneExchange(
            "any.service.test. SRV", "any.service.test. 1 IN SRV 0 0 80 there.target.test.",
            "any.service.test. 1 IN SRV 0 0 81 here.alias.test.", "+ there.target.test. 1 IN A 192.0.2.1",
            "+ here.alias.test. 1 IN A 192.0.2.2"),
        // §4.2: NS records at a wildcard delegate nothing but their own name.
        ZoneExchange("x.cut.test. NS", "x.cut.test. 1 IN NS ns.example.net."),
        ZoneExchange("x.cut.test. A", "NODATA"),
        ZoneExchange("*.cut.test. A", "REFERRAL", "*.cut.test. 1 IN NS ns.example.net."),
    ]

    @Test("Other records at wildcards", arguments: specialExchanges)
    func special(_ exchange: ZoneExchange) throws {
        #expect(try exchange.answer(of: StaticZone(Self.special, origin: "test.")) == exchange.answer)
    }

    @Test("A wildcard at the apex leaves the apex alone")
    func apex() throws {
        let zone = try StaticZone("@ 1 SOA a b 1 2 3 4 5\n* 1 A 192.0.2.1", origin: ".")
        let exchanges = [
            ZoneExchange(". A", "NODATA"),
            ZoneExchange("x. A", "x. 1 IN A 192.0.2.1"),
            ZoneExchange("x.y.z. A", "x.y.z. 1 IN A 192.0.2.1"),
        ]
        for exchange in exchanges {
            #expect(try exchange.answer(of: zone) == exchange.answer)
        }
    }
}
