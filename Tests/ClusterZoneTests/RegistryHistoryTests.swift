import DNS
import TestSupport
import Testing

@testable import ClusterZone
@testable import Registry

@Suite("Histories of the registry")
struct RegistryHistoryTests {
    /// One set of options for every history.
    private static func variants() throws -> [(String, ClusterZoneSettings)] {
        let plain = try Fixture.settings()
        let changes: [(String, (inout ClusterZoneSettings) throws -> Void)] = [
            ("plain", { _ in }), ("endpoint_pod_names", { $0.namesEndpointsByPod = true }),
            ("namespaces", { $0.namespaces = ["prod"] }),
            ("namespace_labels", { $0.namespaceLabels = try LabelSelector(parsing: "dns=yes") }),
            ("labels", { $0.labels = try LabelSelector(parsing: "dns=yes") }),
            ("noendpoints", { $0.answersEndpoints = false }),
            ("ignore empty_service", { $0.ignoresEmptyServices = true }),
            ("pods disabled", { $0.podNames = .disabled }), ("zonal", { $0.answersByZone = true }),
            (
                "zones",
                {
                    $0.furtherApexes = [try name("other.example.")]
                    $0.reverseApexes = [try name("0.10.in-addr.arpa."), try name("ip6.arpa.")]
                }
            ),
            (
                "everything",
                {
                    $0.furtherApexes = [try name("other.example."), try name("clusterset.local.")]
                    $0.multiclusterApexes = [try name("clusterset.local.")]
                    $0.ignoresEmptyServices = true
                    $0.answersByZone = true
                    $0.namesEndpointsByPod = true
                    $0.labels = try LabelSelector(parsing: "dns!=no")
                }
            ),
        ]
        return try changes.map { label, change in
            var settings = plain
            try change(&settings)
            return (label, settings)
        }
    }

    @Test("Whatever the way, the same objects make the same names and answers, and no name is missing in between")
    func incrementalIsSnapshot() throws {
        var generator = SeededGenerator.announced()
        for (label, settings) in try Self.variants() {
            for _ in 0..<3 {
                try history(label, settings, steps: 120, &generator)
            }
        }
    }

    private func history(
        _ label: String, _ settings: ClusterZoneSettings, steps: Int, _ generator: inout SeededGenerator
    ) throws {
        var live = LiveZone(settings)
        var objects: [ObjectKey: RegistryObject] = [:]
        for step in 0..<steps {
            var changes: [ObjectChange] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let object = Fixture.labelled(
                    Self.object(&generator), ["dns": ["yes", "yes", "no"].randomElement(using: &generator) ?? ""])
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
            }
            try #require(live.faults.blanked == [], "\(label), step \(step)")
            try #require(live.faults.unknown == [], "\(label), step \(step)")
            guard step % 10 == 9 else { continue }
            let fresh = LiveZone(settings, objects: Array(objects.values))
            let differences = live.model.differences(from: fresh.model)
            try #require(differences == [], "\(label), step \(step)")
            try #require(live.model.orphans.filter { !$0.isZonal } == [], "\(label), step \(step)")
            let again = live.apply(
                .snapshot(Array(objects.values.reversed()), at: ResourceVersion(rawValue: 9)), now: 5)
            try #require(again == [], "\(label), step \(step)")
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
                    targetName: pick(["", "p0"]), zone: pick(["", "z1", "z2", "z.3"]))
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

extension DomainName {
    /// Whether the name belongs to a zone of several labels, above which nothing stands in the table.
    fileprivate var isZonal: Bool { labels.contains { $0.elementsEqual("_zone".utf8) } }
}
