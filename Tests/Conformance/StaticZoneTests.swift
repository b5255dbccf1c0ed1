import LDNS
import Testing

@Suite("A zone from a file beside the cluster's")
struct StaticZoneTests {
    @Test(
        "Data, aliases, wildcards (RFC 4592) and denials (RFC 2308)",
        arguments: Exchange.table(
            """
            www.example.org. A = www.example.org. 300 A 192.0.2.53
            www.example.org. AAAA = ND
            alias.example.org. A = alias.example.org. 300 CNAME www.example.org.; www.example.org. 300 A 192.0.2.53
            alias.example.org. CNAME = alias.example.org. 300 CNAME www.example.org.
            any.wild.example.org. A = any.wild.example.org. 300 A 192.0.2.54
            a.b.wild.example.org. A = a.b.wild.example.org. 300 A 192.0.2.54
            any.wild.example.org. AAAA = ND
            wild.example.org. A = ND
            no.example.org. A = NX
            no.example.org. SOA = NX
            x.www.example.org. A = NX
            example.org. SOA = example.org. 300 SOA ns.example.org. hostmaster.example.org. * 7200 1800 86400 300
            example.org. NS = example.org. 300 NS ns.example.org. + ns.example.org. 300 A 192.0.2.1
            example.org. A = ND
            """))
    func names(_ exchange: Exchange) throws { try exchange.check() }

    @Test("A part that others answer for is referred to (RFC 1034 §4.3.2)", arguments: Asker.allCases)
    func referral(_ asker: Asker) throws {
        let port = try SharedServer.server.get().port
        for overTCP in [false, true] {
            let seen = try asker.ask("host.sub.example.org", "A", port: port, overTCP: overTCP)
            #expect(
                seen
                    == Seen(
                        rcode: "NOERROR", authority: ["sub.example.org. 300 in ns ns.sub.example.org."],
                        additional: ["ns.sub.example.org. 300 in a 192.0.2.55"]))
        }
        let query = try RawQuery(name: "host.sub.example.org", type: "A")
        let reply = try WireWitness(RawClient(port: port, overTCP: false).exchange(query.bytes))
        #expect(reply.flags == .qr, "a referral is without authority")
    }
}
