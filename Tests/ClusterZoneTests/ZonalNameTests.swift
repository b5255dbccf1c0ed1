import DNS
import Registry
import Testing

@testable import ClusterZone

@Suite("Endpoints by zone")
struct ZonalNameTests {
    private static func zonal() throws -> ClusterZoneSettings {
        var settings = try Fixture.settings()
        settings.answersByZone = true
        return settings
    }

    private static let slice = Fixture.slice(
        "z", of: "db", ports: [.init(name: "pg", port: 5432)],
        endpoints: [
            .init(addresses: ["10.1.0.1"], zone: "eu-1a"), .init(addresses: ["10.1.0.2"], zone: "eu-1b"),
            .init(addresses: ["10.1.0.3"], zone: "EU-1a"), .init(addresses: ["10.1.0.4"], zone: "south.africa"),
            .init(addresses: ["10.1.0.5"]),
        ])
    private static let objects = [
        Fixture.namespace("prod"), Fixture.service("db", ["None"]), Fixture.web, slice,
        Fixture.slice("w", of: "web", endpoints: [.init(addresses: ["10.1.0.9"], zone: "eu-1a")]),
    ]

    @Test(
        "A zone's endpoints, of headless Services only",
        arguments: [
            ZoneExchange("eu-1a.pin._zone.db.W A", "10.1.0.1", "10.1.0.3"),
            ZoneExchange("eu-1b.pin._zone.db.W A", "10.1.0.2"),
            ZoneExchange("eu-1b.prefer._zone.db.W A", "10.1.0.2"),
            ZoneExchange(
                "eu-1b.pin._zone.db.W SRV", "0 100 5432 10-1-0-2.db.W", "+ 10-1-0-2.db.W 10.1.0.2"),
            ZoneExchange("south.africa.pin._zone.db.W A", "10.1.0.4"), ZoneExchange("_zone.db.W A", "ND"),
            ZoneExchange("pin._zone.db.W A", "ND"), ZoneExchange("prefer._zone.db.W A", "ND"),
            ZoneExchange("other._zone.db.W A", "NX"), ZoneExchange("eu-1a.pin._zone.web.W A", "NX"),
            ZoneExchange("eu-1a.pin._zone.void.W A", "NX"),
        ])
    func answers(_ expected: ZoneExchange) throws {
        #expect(try LiveZone(try Self.zonal(), objects: Self.objects).answer(expected.question) == expected.answer)
    }

    @Test("Zones come and go with their endpoints")
    func changes() throws {
        var live = LiveZone(try Self.zonal(), objects: Self.objects)
        live.apply(
            .put(Fixture.slice("z", of: "db", endpoints: [.init(addresses: ["10.1.0.1"], zone: "eu-1c")])))
        #expect(try live.answer("eu-1a.pin._zone.db.W A") == ["NX"])
        #expect(try live.answer("eu-1c.prefer._zone.db.W A") == ["10.1.0.1"])
        live.apply(.delete(Self.slice.key))
        #expect(try live.answer("_zone.db.W A") == ["NX"])
        let without = LiveZone(try Fixture.settings(), objects: Self.objects)
        #expect(try without.answer("eu-1a.pin._zone.db.W A") == ["NX"])
    }

    @Test(
        "Zones that no endpoint is in are worked out",
        arguments: [
            ("x.pin._zone.db.W", "pin._zone.db.W", nil), ("X.y.Prefer._ZONE.db.W", "prefer._zone.db.W", "db.W"),
            ("pin._zone.db.W", nil, nil), ("x.pin.zone.db.W", nil, nil), ("x.other._zone.db.W", nil, nil),
            ("x.pin._zone.db.prod.pod.Z", nil, nil), ("x.pin._zone.db.prod.svc.example.", nil, nil),
        ] as [(String, String?, String?)])
    func computed(_ question: String, _ prerequisite: String?, _ alike: String?) throws {
        let resolution = ComputedZoneNames(settings: try Self.zonal()).resolution(of: try name(question))
        #expect(resolution?.prerequisite == (try prerequisite.map(name)))
        #expect(resolution?.alike == (try alike.map(name)))
        #expect(ComputedZoneNames(settings: try Fixture.settings()).resolution(of: try name(question)) == nil)
    }
}
