import Testing

@Suite("ExternalName Services (Kubernetes DNS specification 1.1.0, 2.5)")
struct ExternalNameTests {
    @Test(
        "Targets in another zone that is served here: the target's code, no SOA (RFC 6604)",
        arguments: Exchange.table(
            """
            ext.W A = ext.W CNAME www.example.org.; www.example.org. 300 A 192.0.2.53
            ext.W AAAA = ext.W CNAME www.example.org.
            ext.W CNAME = ext.W CNAME www.example.org.
            ext.W ANY = ext.W HINFO "RFC8482" ""
            ext.W SRV = ND
            ext.W TXT = ND
            ext.W MX = ND
            ext.W NS = ND
            ext.W HTTPS = ND
            ext.W SOA = ND
            x.ext.W A = NX
            _http._tcp.ext.W SRV = NX
            extnx.W A = NXDOMAIN: extnx.W CNAME no.example.org.
            extnx.W AAAA = NXDOMAIN: extnx.W CNAME no.example.org.
            extnx.W CNAME = extnx.W CNAME no.example.org.
            extnx.W SRV = ND
            """))
    func outside(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "Targets in the zone itself",
        arguments: Exchange.table(
            """
            extin.W A = extin.W CNAME web.W; web.W A 10.96.0.10
            extin.W AAAA = extin.W CNAME web.W; web.W AAAA fd00:10:96::a
            extin.W CNAME = extin.W CNAME web.W
            extin.W SRV = ND
            gone.W A = gone.W CNAME nil.W & SOA
            gone.W AAAA = gone.W CNAME nil.W & SOA
            gone.W CNAME = gone.W CNAME nil.W
            gone.W ANY = gone.W HINFO "RFC8482" ""
            """))
    func inside(_ exchange: Exchange) throws { try exchange.check() }

    @Test("Eleven aliases lead to their address; of more the first eleven are told", arguments: [1, 8, 11, 12])
    func ladder(_ steps: Int) throws {
        let port = try SharedServer.server.get().port
        let seen = try Asker.ldns.ask("step\(steps).prod.svc.cluster.local", "A", port: port, overTCP: false)
        #expect(seen.rcode == "NOERROR")
        #expect(seen.answer.count { $0.contains(" cname ") } == min(steps, 11))
        #expect(seen.answer.contains { $0.hasSuffix(" a 10.96.0.10") } == (steps <= 11))
    }

    @Test(
        "An address as a target makes no name",
        arguments: Exchange.table(
            """
            extip.W A = NX
            extip.W AAAA = NX
            extip.W CNAME = NX
            extip.W ANY = NX
            extip.W SOA = NX
            """))
    func address(_ exchange: Exchange) throws { try exchange.check() }
}
