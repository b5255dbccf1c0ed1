import DNS
import Registry
import Testing

@testable import ClusterZone

@Suite("Multicluster zones")
struct MulticlusterTests {
    private static func settings() throws -> ClusterZoneSettings {
        var settings = try Fixture.settings()
        settings.furtherApexes = [try name("clusterset.local.")]
        settings.multiclusterApexes = [try name("clusterset.local.")]
        return settings
    }

    private static func id(_ name: String) -> NamespacedName { NamespacedName(namespace: "prod", name: name) }

    private static func slice(
        _ name: String, _ service: String, _ cluster: String, _ addresses: [(String, String)]
    ) throws -> DiscoveryChange {
        var builder = DiscoverySlice.Builder(try settings().selection)
        builder.id = id(name)
        builder.importedService = service
        builder.sourceCluster = cluster
        builder.ports = [DiscoveryPort(name: "pg", number: 5432)]
        for (address, hostname) in addresses {
            builder.append(addresses: [address], isReady: true, hostname: hostname)
        }
        return .put(.endpointSlice(builder.build()))
    }

    private static func live() throws -> LiveZone {
        var live = LiveZone(try settings(), objects: Fixture.objects)
        live.apply(
            .changes([
                .put(
                    .serviceImport(
                        DiscoveryService(
                            importing: id("shared"), type: "ClusterSetIP", addresses: ["10.112.0.1"],
                            ports: [DiscoveryPort(name: "http", number: 80)]))),
                .put(
                    .serviceImport(
                        DiscoveryService(importing: id("pg"), type: "Headless", addresses: [], ports: []))),
                try slice("pg-a", "pg", "a", [("10.1.0.1", "pg-0"), ("10.1.0.2", "")]),
                try slice("pg-b", "pg", "b.example", [("10.2.0.1", "pg-0")]),
                try slice("shared-a", "shared", "a", [("10.1.0.9", "")]),
                try slice("lost", "pg", "", [("10.9.9.9", "")]),
            ]), now: 50)
        return live
    }

    @Test(
        "ServiceImports and their endpoints below their clusters",
        arguments: [
            ZoneExchange("shared.prod.svc.clusterset.local. A", "10.112.0.1"),
            ZoneExchange("_http._tcp.shared.prod.svc.clusterset.local. A", "10.112.0.1"),
            ZoneExchange("10-1-0-9.a.shared.prod.svc.clusterset.local. A", "10.1.0.9"),
            ZoneExchange("pg.prod.svc.clusterset.local. A", "10.1.0.1", "10.1.0.2", "10.2.0.1"),
            ZoneExchange("pg-0.a.pg.prod.svc.clusterset.local. A", "10.1.0.1"),
            ZoneExchange("pg-0.b.example.pg.prod.svc.clusterset.local. A", "10.2.0.1"),
            ZoneExchange("a.pg.prod.svc.clusterset.local. A", "ND"),
            ZoneExchange("example.pg.prod.svc.clusterset.local. A", "ND"),
            ZoneExchange("pg-0.pg.prod.svc.clusterset.local. A", "NX"),
            ZoneExchange(
                "_pg._tcp.pg.prod.svc.clusterset.local. SRV", "0 33 5432 pg-0.a.pg.prod.svc.clusterset.local.",
                "0 33 5432 10-1-0-2.a.pg.prod.svc.clusterset.local.",
                "0 33 5432 pg-0.b.example.pg.prod.svc.clusterset.local.",
                "+ pg-0.a.pg.prod.svc.clusterset.local. 10.1.0.1",
                "+ 10-1-0-2.a.pg.prod.svc.clusterset.local. 10.1.0.2",
                "+ pg-0.b.example.pg.prod.svc.clusterset.local. 10.2.0.1"),
            ZoneExchange("web.prod.svc.clusterset.local. A", "NX"), ZoneExchange("pg.W A", "NX"),
            ZoneExchange("shared.W A", "NX"), ZoneExchange("web.W A", "10.96.0.10"),
            ZoneExchange("prod.svc.clusterset.local. A", "ND"),
            ZoneExchange("10-244-0-20.prod.pod.clusterset.local. A", "10.244.0.20"),
            ZoneExchange("1.0.1.10.in-addr.arpa. PTR", "NX"), ZoneExchange("1.0.112.10.in-addr.arpa. PTR", "NX"),
        ])
    func answers(_ expected: ZoneExchange) throws {
        let live = try Self.live()
        #expect(try live.answer(expected.question) == expected.answer)
        #expect(live.model.orphans == [])
    }

    @Test("A multicluster zone has a serial of its own")
    func serials() throws {
        var live = try Self.live()
        #expect(live.zone.serial == 1)
        #expect(live.zone.importSerial == 50)
        live.apply(.changes([.delete(DiscoveryKey(.serviceImport, Self.id("shared")))]), now: 60)
        #expect(try live.answer("shared.prod.svc.clusterset.local. A") == ["NX"])
        live.apply(.put(Fixture.service("new", ["10.96.7.7"])), now: 70)
        let serials = try ["cluster.local.", "in-addr.arpa.", "clusterset.local."].map { apex in
            StartOfAuthority(live.zone.soa(of: try name(apex)).data)?.serial
        }
        #expect(serials == [70, 70, 60])
    }

    @Test("Everything of a cluster goes with its slices")
    func departures() throws {
        var live = try Self.live()
        live.apply(.changes([.delete(DiscoveryKey(.endpointSlice, Self.id("pg-b")))]))
        #expect(try live.answer("example.pg.prod.svc.clusterset.local. A") == ["NX"])
        #expect(try live.answer("pg-0.b.example.pg.prod.svc.clusterset.local. A") == ["NX"])
        #expect(try live.answer("pg.prod.svc.clusterset.local. A") == ["10.1.0.1", "10.1.0.2"])
        live.apply(.changes([try Self.slice("pg-a", "other", "a", [("10.1.0.1", "")])]))
        #expect(try live.answer("pg.prod.svc.clusterset.local. A") == ["NX"])
    }
}
