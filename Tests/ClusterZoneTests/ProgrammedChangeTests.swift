import DNS
import Registry
import Testing

@testable import ClusterZone

@Suite("When what the names show happened")
struct ProgrammedChangeTests {
    private static func slice(_ name: String, of service: String, _ address: String, at time: String?)
        -> DiscoveryChange?
    {
        guard
            case .endpointSlice(var slice) = Fixture.slice(name, of: service, endpoints: [.init(addresses: [address])])
        else { return nil }
        slice.metadata.annotations[DiscoverySlice.lastChangeTriggerAnnotation] = time
        return (try? Fixture.settings()).flatMap { DiscoveryChange(.put(.endpointSlice(slice)), $0.selection) }
    }

    private static func live() throws -> LiveZone {
        var selecting = Service(metadata: ObjectMetadata(name: "set", namespace: "prod"))
        selecting.clusterIP = "None"
        selecting.selector = ["app": "set"]
        return LiveZone(try Fixture.settings(), objects: Fixture.objects + [.service(selecting)])
    }

    @Test(
        "Every sort of Service is told",
        arguments: [
            ("web", ServiceSort.clusterIP), ("db", .headlessWithoutSelector), ("set", .headlessWithSelector),
        ])
    func sorts(_ service: String, _ sort: ServiceSort) throws {
        var live = try Self.live()
        let change = try #require(Self.slice("n", of: service, "10.7.0.1", at: "2026-07-01T12:00:00.5Z"))
        let expected = ProgrammedChange(sort: sort, trigger: Timestamp(milliseconds: 1_782_907_200_500))
        #expect(live.apply(.changes([change])).programmed == [expected])
        #expect(live.apply(.changes([change])).programmed == [], "nothing has changed")
    }

    @Test("A later trigger time alone is no change; one that is none is not told")
    func invisible() throws {
        var live = try Self.live()
        let first = try #require(Self.slice("n", of: "db", "10.7.0.1", at: "2026-07-01T12:00:00Z"))
        live.apply(.changes([first]))
        let later = try #require(Self.slice("n", of: "db", "10.7.0.1", at: "2026-07-02T12:00:00Z"))
        #expect(live.apply(.changes([later]), now: 99) == ZoneUpdate())
        for time in ["soon", nil] {
            let other = try #require(Self.slice("n", of: "db", time == nil ? "10.7.0.2" : "10.7.0.3", at: time))
            let update = live.apply(.changes([other]))
            #expect(!update.changes.isEmpty)
            #expect(update.programmed == [])
        }
    }

    @Test("The first list is no measure")
    func firstList() throws {
        var live = LiveZone(try Fixture.settings(), objects: nil)
        let change = try #require(Self.slice("n", of: "db", "10.7.0.1", at: "2026-07-01T12:00:00Z"))
        let events: [DiscoveryEvent] = [
            .snapshotBegins([.endpointSlice, .service, .namespace]),
            .changes([
                .put(.namespace("prod")),
                .put(
                    .service(
                        DiscoveryService(
                            NamespacedName(namespace: "prod", name: "db"), target: .endpoints))), change,
            ]),
            .snapshotEnds([.endpointSlice, .service, .namespace]),
        ]
        for event in events { #expect(live.apply(event).programmed == []) }
        #expect(try live.answer("db.W A") == ["10.7.0.1"])
    }
}
