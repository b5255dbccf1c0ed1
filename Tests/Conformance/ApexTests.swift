import LDNS
import Testing

@Suite("The apex and the fixed names (Kubernetes DNS specification 1.1.0, 2.1 and 2.2)")
struct ApexTests {
    @Test(
        "Apex, version and empty non-terminals (RFC 8020, RFC 2308)",
        arguments: Exchange.table(
            """
            Z SOA = Z SOA ns.dns.Z hostmaster.Z * 7200 1800 86400 5
            Z NS = Z NS ns.dns.Z + *
            Z A = ND
            Z AAAA = ND
            Z MX = ND
            Z CNAME = ND
            Z TXT = ND
            Z ANY = Z HINFO "RFC8482" ""
            svc.Z A = ND
            svc.Z SRV = ND
            svc.Z TXT = ND
            svc.Z NS = ND
            svc.Z SOA = ND
            pod.Z A = ND
            pod.Z SRV = ND
            pod.Z TXT = ND
            W A = ND
            W SRV = ND
            W TXT = ND
            W ANY = W HINFO "RFC8482" ""
            prod.pod.Z A = ND
            prod.pod.Z SRV = ND
            prod.pod.Z TXT = ND
            dns.Z A = ND
            dns.Z TXT = ND
            ns.dns.Z SRV = ND
            ns.dns.Z TXT = ND
            x.ns.dns.Z A = NX
            x.dns.Z A = NX
            dns-version.Z TXT = dns-version.Z 28800 TXT "1.1.0"
            dns-version.Z A = ND
            x.dns-version.Z TXT = NX
            x.Z A = NX
            x.svc.Z A = NX
            x.svc.Z TXT = NX
            x.pod.Z A = NX
            """))
    func apex(_ exchange: Exchange) throws { try exchange.check() }

    @Test(
        "What lies in none of the zones is refused",
        arguments: Exchange.table(
            """
            www.example.com. A = REFUSED
            local. A = REFUSED
            xcluster.local. A = REFUSED
            arpa. PTR = REFUSED
            . NS = REFUSED
            """))
    func elsewhere(_ exchange: Exchange) throws { try exchange.check() }

    @Test("The addresses beside the NS record are those of its target")
    func glue() throws {
        let port = try SharedServer.server.get().port
        let apex = try Asker.ldns.ask("cluster.local", "NS", port: port, overTCP: false)
        let addresses = try ["A", "AAAA"].flatMap {
            try Asker.ldns.ask("ns.dns.cluster.local", $0, port: port, overTCP: false).answer
        }
        #expect(apex.additional == addresses.sorted())
    }

    @Test(
        "Transfers are refused, over UDP and TCP, in every zone and below, of headless endpoints without ports too",
        arguments: ["AXFR", "IXFR"],
        [
            "cluster.local", "web.prod.svc.cluster.local", "bare.prod.svc.cluster.local", "in-addr.arpa", "example.org",
        ])
    func transfers(type: String, zone: String) throws {
        let port = try SharedServer.server.get().port
        for overTCP in [false, true] {
            let query = try RawQuery(name: zone, type: type)
            let reply = try WireWitness(RawClient(port: port, overTCP: overTCP).exchange(query.bytes))
            #expect(reply.rcodeName == "REFUSED")
            #expect(reply.answer == [])
        }
    }
}
