import DNS
import LDNS
import Testing
import Zonefiles

@testable import StaticZones

@Suite("The zone files that ship")
struct StaticZoneShippedTests {
    @Test("The apex of the cluster zone takes any name")
    func clusterApex() throws {
        let origin = try #require(DomainName("cluster.local."))
        let records = try ZoneFileReader.records(in: ShippedZones.clusterApex, origin: origin)
        #expect(
            records.map(RecordText.text) == [
                "cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 0 7200 1800 86400 5",
                "cluster.local. 5 IN NS ns.dns.cluster.local.",
                #"dns-version.cluster.local. 28800 IN TXT "1.1.0""#,
            ])
        #expect(try StaticZone(origin: origin, records: records).warnings == [])
        let other = try #require(DomainName("a.b.test."))
        #expect(
            try ZoneFileReader.records(in: ShippedZones.clusterApex, origin: other).last?.owner
                == DomainName("dns-version.a.b.test."))
    }

    @Test("localhost is the machine itself (RFC 6761 §6.3)")
    func localhost() throws {
        let zone = try StaticZone(ShippedZones.localhost, origin: "localhost.")
        #expect(zone.warnings == [])
        let exchanges = [
            ZoneExchange("localhost. A", "localhost. 86400 IN A 127.0.0.1"),
            ZoneExchange("localhost. AAAA", "localhost. 86400 IN AAAA ::1"),
            ZoneExchange("localhost. MX", "NODATA"),
            ZoneExchange("x.localhost. A", "NXDOMAIN"),
        ]
        for exchange in exchanges {
            #expect(try exchange.answer(of: zone) == exchange.answer)
        }
    }

    @Test("The example shows one of each")
    func example() throws {
        let zone = try StaticZone(ShippedZones.example, origin: "example.org.")
        #expect(zone.warnings == [])
        #expect(zone.summary.description == "serial 2026010101, 23 records at 14 names")
        let exchanges = [
            ZoneExchange("www.example.org. A", "www.example.org. 3600 IN A 192.0.2.53"),
            ZoneExchange(
                "docs.example.org. A", "ALIAS docs.example.net.",
                "docs.example.org. 3600 IN CNAME docs.example.net."),
            ZoneExchange("shop.apps.example.org. A", "shop.apps.example.org. 3600 IN A 192.0.2.80"),
            ZoneExchange("admin.apps.example.org. A", "admin.apps.example.org. 3600 IN A 192.0.2.81"),
            ZoneExchange(
                "_xmpp._tcp.example.org. SRV",
                "_xmpp._tcp.example.org. 3600 IN SRV 10 60 5222 chat1.example.org.",
                "_xmpp._tcp.example.org. 3600 IN SRV 10 40 5222 chat2.example.org.",
                "+ chat1.example.org. 3600 IN A 192.0.2.61", "+ chat2.example.org. 3600 IN A 192.0.2.62"),
            ZoneExchange(
                "x.lab.example.org. A", "REFERRAL", "lab.example.org. 3600 IN NS ns.lab.example.org.",
                "lab.example.org. 3600 IN NS ns2.example.org.", "+ ns.lab.example.org. 3600 IN A 192.0.2.101",
                "+ ns2.example.org. 3600 IN A 192.0.2.2"),
        ]
        for exchange in exchanges {
            #expect(try exchange.answer(of: zone) == exchange.answer)
        }
    }
}
