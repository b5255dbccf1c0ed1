import DNS
import TestSupport
import Testing

@testable import ClusterZone
@testable import Registry

@Suite("Histories of the registry")
struct RegistryHistoryTests {
    @Test("Whatever the way, the same objects make the same names and answers")
    func incrementalIsSnapshot() throws {
        var generator = SeededGenerator.announced()
        for podNamedEndpoints in [false, true] {
            var settings = try Fixture.settings()
            settings.namesEndpointsByPod = podNamedEndpoints
            for _ in 0..<6 {
                try history(settings, steps: 120, &generator)
            }
        }
    }

    private func history(
        _ settings: ClusterZoneSettings, steps: Int, _ generator: inout SeededGenerator
    ) throws {
        var live = LiveZone(settings)
        var objects: [ObjectKey: RegistryObject] = [:]
        for step in 0..<steps {
            var changes: [ObjectChange] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let object = Self.object(&generator)
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    objects[object.key] = nil
                    changes.append(.delete(object.key))
                } else {
                    objects[object.key] = object
                    changes.append(.put(object))
                }
            }
            if step % 40 == 39 {
                live.apply(.snapshot(Array(objects.values), at: ResourceVersion(rawValue: 9)))
            } else {
                live.apply(.changes(changes, to: ResourceVersion(rawValue: 9)))
                if step % 10 != 9 { continue }
            }
            let fresh = LiveZone(settings, objects: Array(objects.values))
            try #require(live.model.timeless == fresh.model.timeless, "step \(step)")
            try #require(live.model.orphans == [], "step \(step)")
        }
    }

    /// One object of a world small enough that names and addresses meet.
    private static func object(_ generator: inout SeededGenerator) -> RegistryObject {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &generator) ?? "" }
        let namespace = pick(["prod", "test"])
        let service = pick(["a", "b", "c"])
        let address = pick(["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.0.53", "192.0.2.1"])
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            return Fixture.namespace(namespace)
        case 1...2:
            return Fixture.service(
                service, Bool.random(using: &generator) ? [address] : [address, "2001:db8::53"],
                ports: [.init(name: pick(["", "http"]), port: 80), .init(name: "dns", transport: .udp, port: 53)],
                in: namespace)
        case 3:
            return Fixture.service(service, ["None"], in: namespace)
        case 4:
            let target = pick(["www.example.org", "a.prod.svc.cluster.local", "192.0.2.9"])
            return Fixture.alias(service, target, in: namespace)
        case 5...6:
            let endpoints = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                EndpointSlice.Endpoint(
                    addresses: [pick(["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.0.53"])],
                    isReady: Int.random(in: 0..<4, using: &generator) > 0, hostname: pick(["", "", "h0", "h1"]),
                    targetName: pick(["", "p0"]))
            }
            return Fixture.slice(
                pick(["s0", "s1", "s2"]), of: pick(["a", "b", "c", ""]),
                ports: Bool.random(using: &generator) ? [.init(name: "http", port: 8080)] : [], endpoints: endpoints,
                in: namespace)
        case 7:
            return .endpoints(
                Endpoints(
                    metadata: ObjectMetadata(name: service, namespace: namespace),
                    subsets: [
                        Endpoints.Subset(
                            addresses: [.init(ip: address, hostname: "", nodeName: "", targetName: "p1")],
                            notReadyAddresses: [], ports: [.init(port: 1)])
                    ]))
        default:
            return Fixture.pod(
                pick(["p0", "p1", "p2"]), pick([address, address, ""]),
                phase: [.running, .running, .failed].randomElement(using: &generator), in: namespace)
        }
    }
}
