import DNS
import Registry
import TestSupport
import Testing

@testable import ClusterZone

/// A tenant may write twenty thousand ports and a thousand endpoints into some hundred kilobytes.
@Suite("Many ports")
struct ManyPortsTests {
    private static func slice(ports: Int, endpoints: Int) -> EndpointView {
        let slice = Fixture.slice(
            "many", of: "db", ports: (0..<ports).map { .init(name: "p\($0)", port: $0 + 1) },
            endpoints: (0..<endpoints).map { .init(addresses: ["10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)"]) })
        guard case .endpointSlice(let slice) = slice else { return .none }
        return EndpointView([DiscoverySlice(slice, DiscoverySelection())])
    }

    @Test(
        "Names of ports and endpoints are bounded together, and a few ports never",
        arguments: [
            (20_000, 1, 20_000), (1000, 20, 1000), (1001, 20, 1000), (5000, 1000, 20), (17, 30_000, 16),
            (16, 30_000, 16),
        ])
    func bounded(_ ports: Int, _ endpoints: Int, _ expected: Int) {
        let view = Self.slice(ports: ports, endpoints: endpoints)
        #expect(view.count == endpoints)
        #expect(view.slices.first?.ports.count == expected)
    }

    @Test("A Service of many ports answers for each of them, and so do its endpoints")
    func answers() throws {
        let ports = (0..<3000).map { Service.Port(name: "p\($0)", port: $0 + 1) }
        var live = LiveZone(
            try Fixture.settings(),
            objects: [Fixture.namespace("prod"), Fixture.service("wide", ["10.96.0.40"], ports: ports)])
        #expect(try live.answer("_p0._tcp.wide.W SRV").first == "0 100 1 wide.W")
        #expect(try live.answer("_p2999._tcp.wide.W SRV").first == "0 100 3000 wide.W")
        live.apply(.put(Fixture.service("wide", ["10.96.0.40"], ports: Array(ports.prefix(9)))))
        #expect(try live.answer("_p8._tcp.wide.W SRV").first == "0 100 9 wide.W")
        #expect(try live.answer("_p2999._tcp.wide.W SRV") == ["NX"])
        #expect(live.faults.blanked.isEmpty && live.faults.unknown.isEmpty)
    }
}
