import DNS
import Registry
import TestSupport
import Testing

@testable import ClusterZone

@Suite("Lists")
struct ListTests {
    private static let kinds = Set(DiscoveryKind.allCases)

    private static func changes(
        _ objects: [RegistryObject], _ settings: ClusterZoneSettings
    ) -> [DiscoveryChange] {
        objects.compactMap { DiscoveryChange(.put($0), settings.selection) }
    }

    @Test("A list of what is known already tells nothing")
    func sameAgain() throws {
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        #expect(live.apply(.snapshot(Fixture.objects.reversed(), at: ResourceVersion(rawValue: 7)), now: 9) == [])
        #expect(live.zone.serial == 1)
    }

    @Test("What went during an outage is removed, what changed is set, and nothing else is touched")
    func outage() throws {
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        let fresh =
            Fixture.objects.filter { $0.key != Fixture.db4.key && $0.key != Fixture.dns.key }
            + [Fixture.service("new", ["10.96.0.77"])]
        let changes = live.apply(.snapshot(fresh, at: ResourceVersion(rawValue: 7)), now: 9)
        #expect(live.faults == ZoneModel.Faults())
        #expect(live.model.timeless == LiveZone(try Fixture.settings(), objects: fresh).model.timeless)
        let web = try name("web.W")
        #expect(!changes.contains { if case .set(web, _, _) = $0 { true } else { false } })
        #expect(changes.contains(.remove(try name("dns.W"))))
    }

    @Test("Lists come in parts, by kind, broken off and begun anew, among other changes")
    func parts() throws {
        let settings = try Fixture.settings()
        var live = LiveZone(settings, objects: Fixture.objects)
        let former = live.model
        let slices = Self.changes(Fixture.objects.filter { $0.key.kind == .endpointSlice }, settings)
        live.apply(.snapshotBegins([.endpointSlice]))
        live.apply(.changes(Array(slices.prefix(1))))
        // The list breaks off here; whatever it did not come to is still there.
        live.apply(.snapshotBegins([.endpointSlice]))
        live.apply(.changes(Array(slices.prefix(2))))
        #expect(live.model == former)
        live.apply(.put(Fixture.slice("late", of: "void", endpoints: [.init(addresses: ["10.9.0.1"])])))
        live.apply(.changes(Array(slices.dropFirst(2).dropLast())))
        let update = live.apply(.snapshotEnds([.endpointSlice]))
        #expect(live.faults == ZoneModel.Faults())
        #expect(!update.changes.isEmpty)
        #expect(try live.answer("void.W A") == ["10.9.0.1"], "a change between the two is no part of the past")
        #expect(try live.answer("w0.web.W A") == ["NX"], "the last slice was not told of")
        #expect(try live.answer("db.W A") == ["10.244.0.20", "10.244.0.22"])
        #expect(try live.answer("10-244-0-20.prod.pod.Z A") == ["10.244.0.20"], "another kind")
    }

    @Test("A list that takes an address from one object and gives it to another leaves no gap")
    func gaps() throws {
        let settings = try Fixture.settings()
        var live = LiveZone(settings, objects: Fixture.objects)
        let moved = Self.changes(
            [
                Fixture.service("web", ["10.96.0.11"]), Fixture.service("dns", ["10.96.0.10"]),
                Fixture.service("db", ["None"]),
            ], settings)
        live.apply(.snapshotBegins([.service]))
        live.apply(.changes(Array(moved.prefix(1))))
        #expect(try live.answer("10.0.96.10.in-addr.arpa. PTR") == ["PTR web.W"], "nobody has it for now")
        #expect(try live.answer("11.0.96.10.in-addr.arpa. PTR") == ["PTR web.W"])
        live.apply(.delete(Fixture.pod("db-pod", "").key))
        #expect(try live.answer("10-244-0-20.prod.pod.Z A") == ["NX"], "a watch of another kind waits for no list")
        #expect(try live.answer("10.0.96.10.in-addr.arpa. PTR") == ["PTR web.W"], "and tells nothing of it")
        live.apply(.changes(Array(moved.dropFirst())))
        #expect(try live.answer("10.0.96.10.in-addr.arpa. PTR") == ["PTR dns.W"])
        #expect(try live.answer("_http._tcp.web.W A") == ["10.96.0.10"])
        live.apply(.snapshotEnds([.service]))
        #expect(try live.answer("_http._tcp.web.W A") == ["NX"])
        #expect(live.faults == ZoneModel.Faults())
        let fresh =
            [
                Fixture.namespace("prod"), Fixture.service("web", ["10.96.0.11"]),
                Fixture.service("dns", ["10.96.0.10"]),
                Fixture.service("db", ["None"]),
            ] + Fixture.objects.filter { $0.key.kind == .endpointSlice }
        #expect(live.model.timeless == LiveZone(settings, objects: fresh).model.timeless)
    }

    @Test("Before the first list of endpoints is complete, none of them answers; virtual IPs do")
    func firstLists() throws {
        let settings = try Fixture.settings()
        var live = LiveZone(settings, objects: nil)
        live.apply(.snapshotBegins(Self.kinds))
        let objects = Self.changes(Fixture.objects, settings)
        for change in objects.shuffled() {
            live.apply(.changes([change]))
            #expect(live.faults == ZoneModel.Faults())
        }
        #expect(!live.zone.isComplete)
        #expect(try live.answer("web.W A") == ["10.96.0.10"])
        #expect(try live.answer("db.W A") == ["NX"])
        #expect(try live.answer("20.0.244.10.in-addr.arpa. PTR") == ["NX"])
        for kind in DiscoveryKind.allCases { live.apply(.snapshotEnds([kind])) }
        #expect(live.zone.isComplete)
        #expect(live.model.timeless == LiveZone(settings, objects: Fixture.objects).model.timeless)
    }

    @Test("Endpoints that move to another slice, and slices in another order, change no names")
    func moves() throws {
        let settings = try Fixture.settings()
        func slice(_ name: String, _ addresses: [String]) -> RegistryObject {
            Fixture.slice(
                name, of: "db", ports: [.init(name: "pg", port: 5432)],
                endpoints: addresses.map { .init(addresses: [$0], hostname: "h\($0.suffix(1))") })
        }
        var live = LiveZone(
            settings,
            objects: [
                Fixture.namespace("prod"), Fixture.service("db", ["None"]), slice("a", ["10.0.0.1", "10.0.0.4"]),
                slice("b", ["10.0.0.2", "10.0.0.3"]),
            ])
        #expect(try live.answer("db.W A") == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"])
        #expect(live.apply(.put(slice("a", ["10.0.0.4", "10.0.0.1"])), now: 9) == [])
        #expect(
            live.apply(.put(slice("a", ["10.0.0.3"])), .put(slice("b", ["10.0.0.1", "10.0.0.2", "10.0.0.4"])), now: 9)
                == [])
        #expect(live.apply(.delete(slice("a", []).key), .put(slice("c", ["10.0.0.3"])), now: 9) == [])
        #expect(live.zone.serial == 1)
    }

    @Test("An address that goes from one Service to another is found all the time")
    func addressesMove() throws {
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        live.apply(.delete(Fixture.web.key), .put(Fixture.service("aaa", ["10.96.0.10"])))
        #expect(live.faults.blanked == [])
        #expect(try live.answer("10.0.96.10.in-addr.arpa. PTR") == ["PTR aaa.W"])
        live.apply(.delete(Fixture.pod("db-pod", "").key), .put(Fixture.pod("heir", "10.244.0.20")))
        #expect(live.faults == ZoneModel.Faults())
        #expect(try live.answer("10-244-0-20.prod.pod.Z A") == ["10.244.0.20"])
        live.apply(.delete(Fixture.namespace("prod").key), .put(Fixture.namespace("prod")))
        #expect(live.faults == ZoneModel.Faults())
    }

    @Test("Endpoints count where no slice of their Service does: controllers write both of the same endpoints")
    func endpointsBesideSlices() throws {
        func endpoints(_ address: String) -> RegistryObject {
            .endpoints(
                Endpoints(
                    metadata: ObjectMetadata(name: "void", namespace: "prod"),
                    subsets: [.init(addresses: [.init(ip: address)])]))
        }
        func slice(_ name: String, _ address: String) -> RegistryObject {
            Fixture.slice(name, of: "void", endpoints: [.init(addresses: [address])])
        }
        var live = LiveZone(try Fixture.settings(), objects: Fixture.objects)
        live.apply(.put(endpoints("192.0.2.1")))
        #expect(try live.answer("void.W A") == ["192.0.2.1"])
        live.apply(.put(slice("x", "192.0.2.1")))
        #expect(live.faults == ZoneModel.Faults())
        live.apply(.put(slice("y", "192.0.2.2")))
        #expect(try live.answer("void.W A") == ["192.0.2.1", "192.0.2.2"])
        live.apply(.delete(slice("x", "").key))
        #expect(try live.answer("void.W A") == ["192.0.2.2"])
        live.apply(.delete(slice("y", "").key))
        #expect(try live.answer("void.W A") == ["192.0.2.1"])
        live.apply(.delete(endpoints("").key))
        #expect(try live.answer("void.W A") == ["NX"])
    }
}
