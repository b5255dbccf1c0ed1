import DNS
import Registry
import Testing

@testable import ClusterZone

@Suite("Options that change which names there are")
struct ZoneOptionTests {
    private func live(
        _ objects: [RegistryObject] = Fixture.objects, _ change: (inout ClusterZoneSettings) throws -> Void
    ) throws -> LiveZone {
        var settings = try Fixture.settings()
        try change(&settings)
        return LiveZone(settings, objects: objects)
    }

    private func expect(_ live: LiveZone, _ exchanges: ZoneExchange...) throws {
        for exchange in exchanges {
            let answer = try live.answer(exchange.question)
            #expect(answer == exchange.answer, "\(exchange.question)")
        }
    }

    private static let other: [RegistryObject] = [
        Fixture.namespace("test"), Fixture.service("web", ["10.96.1.10"], in: "test"),
        Fixture.pod("p", "10.244.9.9", in: "test"),
        Fixture.slice(
            "s", of: "web", endpoints: [.init(addresses: ["10.244.9.9"])], in: "test"),
    ]

    @Test("namespaces: the others do not exist, forwards and backwards")
    func namespaces() throws {
        let live = try live(Fixture.objects + Self.other) { $0.namespaces = ["test", "absent"] }
        try expect(
            live, ZoneExchange("web.W A", "NX"), ZoneExchange("W A", "NX"), ZoneExchange("prod.pod.Z A", "NX"),
            ZoneExchange("10-244-0-20.prod.pod.Z A", "NX"), ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "NX"),
            ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "NX"), ZoneExchange("web.test.svc.Z A", "10.96.1.10"),
            ZoneExchange("test.svc.Z A", "ND"), ZoneExchange("10-244-9-9.test.pod.Z A", "10.244.9.9"),
            ZoneExchange("10.1.96.10.in-addr.arpa. PTR", "PTR web.test.svc.Z"),
            ZoneExchange("9.9.244.10.in-addr.arpa. PTR", "PTR 10-244-9-9.web.test.svc.Z"),
            ZoneExchange("absent.svc.Z A", "NX"))
    }

    @Test("namespace_labels: a Namespace whose labels change comes and goes, and PTR with it")
    func namespaceLabels() throws {
        var live = try live { $0.namespaceLabels = try LabelSelector(parsing: "dns=yes") }
        let questions = ["web.W A", "W A", "10-244-0-20.prod.pod.Z A", "10.0.96.10.in-addr.arpa. PTR"]
        for question in questions { #expect(try live.answer(question) == ["NX"], "\(question)") }
        live.apply(.put(Fixture.namespace("prod", labels: ["dns": "yes"])))
        #expect(live.model == LiveZone(try Fixture.settings(), objects: Fixture.objects).model)
        live.apply(.put(Fixture.namespace("prod", labels: ["dns": "no"])))
        for question in questions { #expect(try live.answer(question) == ["NX"], "\(question)") }
    }

    @Test("labels: Services, slices and Pods without them do not exist")
    func labels() throws {
        let wanted = ["tier": "front"]
        var live = try live { $0.labels = try LabelSelector(parsing: "tier in (front, edge)") }
        try expect(
            live, ZoneExchange("W A", "ND"), ZoneExchange("web.W A", "NX"), ZoneExchange("db.W A", "NX"),
            ZoneExchange("10-244-0-20.prod.pod.Z A", "NX"), ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "NX"),
            ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "NX"))
        live.apply(.put(Fixture.labelled(Fixture.web, wanted)))
        try expect(
            live, ZoneExchange("web.W A", "10.96.0.10"), ZoneExchange("w0.web.W A", "NX"),
            ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "PTR web.W"))
        live.apply(
            .put(Fixture.labelled(Fixture.service("db", ["None"]), wanted)),
            .put(Fixture.labelled(Fixture.db4, wanted)),
            .put(Fixture.labelled(Fixture.pod("db-pod", "10.244.0.20"), wanted)))
        try expect(
            live, ZoneExchange("db.W A", "10.244.0.20", "10.244.0.22"), ZoneExchange("db.W AAAA", "ND"),
            ZoneExchange("10-244-0-20.prod.pod.Z A", "10.244.0.20"),
            ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "PTR db-0.db.W"))
        live.apply(.put(Fixture.db4), .put(Fixture.web))
        try expect(live, ZoneExchange("db.W A", "NX"), ZoneExchange("web.W A", "NX"))
        #expect(live.model.orphans == [])
    }

    @Test("noendpoints: headless Services, endpoint names and their PTR do not exist")
    func withoutEndpoints() throws {
        var live = try live { $0.answersEndpoints = false }
        for step in ["at first", "after a change"] {
            try expect(
                live, ZoneExchange("db.W A", "NX"), ZoneExchange("db-0.db.W A", "NX"),
                ZoneExchange("w0.web.W A", "NX"), ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "NX"),
                ZoneExchange("web.W A", "10.96.0.10"), ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "PTR web.W"),
                ZoneExchange("ext.W CNAME", "CNAME www.example.org."),
                ZoneExchange("10-244-0-20.prod.pod.Z A", "10.244.0.20"))
            live.apply(.put(Fixture.db4), .put(Fixture.service("db", ["None"])))
            #expect(live.zone.isComplete, "\(step)")
        }
        #expect(!live.zone.selection.kinds.contains(.endpointSlice))
    }

    @Test("ignore empty_service: a virtual IP without a ready endpoint has no name")
    func emptyServices() throws {
        var live = try live { $0.ignoresEmptyServices = true }
        try expect(
            live, ZoneExchange("web.W A", "10.96.0.10"), ZoneExchange("dns.W A", "NX"),
            ZoneExchange("_dns._udp.dns.W SRV", "NX"), ZoneExchange("_udp.dns.W A", "NX"),
            ZoneExchange("void.W A", "NX"), ZoneExchange("ext.W CNAME", "CNAME www.example.org."),
            ZoneExchange("5.0.96.10.in-addr.arpa. PTR", "PTR dns.W"))
        let slice = Fixture.slice("d", of: "dns", endpoints: [.init(addresses: ["10.244.7.7"])])
        live.apply(.put(slice))
        try expect(
            live, ZoneExchange("dns.W A", "10.96.0.5"), ZoneExchange("_udp.dns.W A", "ND"),
            ZoneExchange("10-244-7-7.dns.W A", "10.244.7.7"))
        live.apply(
            .put(Fixture.slice("d", of: "dns", endpoints: [.init(addresses: ["10.244.7.7"], isReady: false)])))
        try expect(live, ZoneExchange("dns.W A", "NX"), ZoneExchange("10-244-7-7.dns.W A", "NX"))
        #expect(live.model.orphans == [])
    }

    @Test("Several zones have the same names; PTR names the first; parts of reverse zones take what is theirs")
    func severalZones() throws {
        let live = try live {
            $0.furtherApexes = [try name("Other.Example.")]
            $0.reverseApexes = [
                try name("96.10.in-addr.arpa."), try name("0.244.10.in-addr.arpa."), try name("d.f.ip6.arpa."),
            ]
        }
        try expect(
            live, ZoneExchange("web.W A", "10.96.0.10"),
            ZoneExchange("web.prod.svc.other.example. A", "10.96.0.10"),
            ZoneExchange(
                "_http._tcp.web.prod.svc.other.example. SRV", "0 50 80 web.prod.svc.other.example.",
                "+ web.prod.svc.other.example. 10.96.0.10", "+ web.prod.svc.other.example. fd00:10:96::a"),
            ZoneExchange("db-0.db.prod.svc.other.example. A", "10.244.0.20"),
            ZoneExchange("10-244-0-20.prod.pod.other.example. A", "10.244.0.20"),
            ZoneExchange("dns-version.other.example. TXT", "1.1.0"),
            ZoneExchange("ns.dns.other.example. A", "10.0.0.53"),
            ZoneExchange(
                "other.example. NS", "NS ns.dns.other.example.", "+ ns.dns.other.example. 10.0.0.53",
                "+ ns.dns.other.example. 2001:db8::53"),
            ZoneExchange("other.example. SOA", "ns.dns.other.example. hostmaster.other.example. 7200 1800 86400 5"),
            ZoneExchange("96.10.in-addr.arpa. NS", "NS ns.dns.Z", "+ ns.dns.Z 10.0.0.53", "+ ns.dns.Z 2001:db8::53"),
            ZoneExchange("10.0.96.10.in-addr.arpa. PTR", "PTR web.W"),
            ZoneExchange("20.0.244.10.in-addr.arpa. PTR", "PTR db-0.db.W", "PTR 10-244-0-20.web.W"),
            ZoneExchange("10.in-addr.arpa. PTR", "NX"), ZoneExchange("0.96.10.in-addr.arpa. PTR", "ND"))
        #expect(live.model.orphans == [])
        for slot in live.zone.apexes { #expect(StartOfAuthority(live.zone.soa(of: slot).data) != nil) }
    }

    @Test(
        "Reverse zones by the addresses below them",
        arguments: [
            ("in-addr.arpa.", "10.1.2.3", true), ("10.in-addr.arpa.", "10.1.2.3", true),
            ("10.in-addr.arpa.", "11.1.2.3", false), ("2.1.10.in-addr.arpa.", "10.1.2.3", true),
            ("2.1.10.in-addr.arpa.", "10.2.1.3", false), ("ip6.arpa.", "10.1.2.3", false),
            ("8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::1", true), ("8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db9::1", false),
        ])
    func reverseZone(_ apex: String, _ address: String, _ isInside: Bool) throws {
        let zone = try #require(ReverseZone(try name(apex)))
        #expect(zone.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(
        "Zones that no address lies below",
        arguments: [
            "example.org.", "arpa.", "x.in-addr.arpa.", "256.in-addr.arpa.", "01.in-addr.arpa.", "g.ip6.arpa.",
            "10.ip6.arpa.", "4.3.2.1.in-addr.arpa.",
        ])
    func noReverseZone(_ apex: String) throws {
        #expect(ReverseZone(try name(apex)) == nil)
    }
}
