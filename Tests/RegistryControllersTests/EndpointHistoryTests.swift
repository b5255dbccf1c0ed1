import Registry
import TestSupport
import Testing

@testable import RegistryControllers

@Suite("Random histories of Pods and Services")
struct EndpointHistoryTests {
    private static let apps = ["a", "b", "c"]
    private static let nodes = ["n1", "n2"]

    /// One random change, as users, schedulers and kubelets make them.
    private static func change(_ store: MemoryStore, _ generator: inout SeededGenerator) throws {
        let pod = "prod/p\(Int.random(in: 0..<150, using: &generator))"
        let service = "prod/s\(Int.random(in: 0..<6, using: &generator))"
        let app = apps.randomElement(using: &generator) ?? ""
        let number = Int.random(in: 0..<2, using: &generator)
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<45:
            try store.put(.pod, pod, podDocument(of: pod, app: app, &generator))
        case 45..<60:
            let isReady = Bool.random(using: &generator)
            if store.record(key(.pod, pod)) != nil { try store.change(.pod, pod, setReady(isReady)) }
        case 60..<75:
            if store.record(key(.pod, pod)) != nil { try store.delete(.pod, pod) }
        case 75..<90:
            let selector =
                Bool.random(using: &generator) ? #"{"app": "\#(app)"}"# : #"{"app": "\#(app)", "n": "\#(number)"}"#
            let port = Bool.random(using: &generator) ? "8080" : #""web""#
            try store.put(
                .service, service,
                serviceDocument(
                    selector: selector, ports: #"[{"name": "http", "port": 80, "targetPort": \#(port)}]"#,
                    extra: #""publishNotReadyAddresses": \#(Int.random(in: 0..<4, using: &generator) == 0)"#))
        case 90..<93:
            if store.record(key(.service, service)) != nil { try store.delete(.service, service) }
        case 93..<97:
            let node = nodes.randomElement(using: &generator) ?? ""
            if store.record(key(.node, node)) != nil {
                try store.delete(.node, node)
            } else {
                try store.put(.node, node, #"{"metadata": {"labels": {"topology.kubernetes.io/zone": "z\#(number)"}}}"#)
            }
        default:
            guard let slice = store.all(.endpointSlice).randomElement(using: &generator) else { return }
            if Bool.random(using: &generator) {
                try store.delete(.endpointSlice, "\(slice.key.id)")
            } else {
                try store.change(.endpointSlice, "\(slice.key.id)") { $0["endpoints"] = .array([]) }
            }
        }
    }

    private static func podDocument(of id: String, app: String, _ generator: inout SeededGenerator) throws -> JSONValue
    {
        let number = id.split(separator: "p").last.flatMap { Int($0) } ?? 0
        let node = (nodes + ["", ""]).randomElement(using: &generator) ?? ""
        var document = try json(
            RegistryControllersTests.podDocument(
                "10.0.0.\(number + 1)", labels: #"{"app": "\#(app)", "n": "\#(number % 2)"}"#,
                isReady: Bool.random(using: &generator),
                phase: Int.random(in: 0..<10, using: &generator) == 0 ? "Failed" : "Running"))
        document["spec"] = .object([
            "nodeName": .string(node),
            "containers": .array([
                .object([
                    "ports": .array([
                        .object([
                            "name": .string("web"), "containerPort": .integer(Int64(8080 + number % 3)),
                        ])
                    ])
                ])
            ]),
        ])
        return document
    }

    /// What slices of a Service say: each endpoint with its ports.
    private static func content(_ slices: [(ports: [SlicePort], endpoints: [SliceEndpoint])]) -> [Said: Int] {
        var content: [Said: Int] = [:]
        for slice in slices {
            for endpoint in slice.endpoints {
                content[Said(ports: Set(slice.ports), endpoint: endpoint), default: 0] += 1
            }
        }
        return content
    }

    private struct Said: Hashable {
        let ports: Set<SlicePort>
        let endpoint: SliceEndpoint
    }

    private static func check(_ store: MemoryStore) throws {
        var zones = NodeZones()
        for record in store.all(.node) {
            _ = zones.set(
                record.key.id.name,
                zone: try record.document()["metadata"]?.textMap("labels")[ControllerLabels.zone] ?? "")
        }
        let pods = try store.all(.pod).map { EndpointPod(try $0.document(), id: $0.key.id) }
        let services = try store.all(.service).map { EndpointService(try $0.document(), id: $0.key.id) }
        for service in services {
            let selected = pods.filter { service.selects($0.labels) }
            let fresh = EndpointSlicePlan(
                service: service, pods: selected, nodes: zones, placesUnscheduledPods: true
            ).changes(of: []).creates
            let stored = try store.slices(of: "\(service.id)").map {
                SliceDocument.slice($0, name: "", version: ResourceVersion(rawValue: 0))
            }
            #expect(
                content(stored.map { ($0.ports, $0.endpoints) }) == content(fresh.map { ($0.ports, $0.endpoints) }),
                "\(service.id)")
            #expect(!stored.isEmpty && stored.allSatisfy { $0.endpoints.count <= 100 && $0.ownerUID == service.uid })
            let object = EndpointsObjectPlan(service, pods: selected)
            let endpoints = try store.document(.endpoints, "\(service.id)")
            #expect(endpoints?.list("subsets").map { EndpointSubset($0) } == object.subsets, "\(service.id)")
        }
        #expect(store.all(.endpoints).count == services.count)
        let named = try store.all(.endpointSlice).map {
            try $0.document()["metadata"]?.textMap("labels")["kubernetes.io/service-name"] ?? ""
        }
        #expect(Set(named) == Set(services.map(\.id.name)))
    }

    @Test("Slices and Endpoints say what is made from nothing, and a new start changes nothing")
    func histories() async throws {
        var generator = SeededGenerator.announced()
        var left: [ObjectRecord] = []
        try await RunningControllers.with { running in
            for _ in 0..<60 {
                for _ in 0..<Int.random(in: 1...30, using: &generator) {
                    try Self.change(running.store, &generator)
                }
                await running.settled()
                // Until what was tampered with, and what collided, has been put right.
                await running.advance(seconds: 1)
                await running.advance(seconds: 3)
                try Self.check(running.store)
            }
            left = ObjectKind.allCases.flatMap { running.store.all($0) }
        }
        try await RunningControllers.with(prepare: { $0.restore(left) }) { running in
            for kind in [ObjectKind.endpointSlice, .endpoints] {
                let written = running.store.written(kind)
                #expect(written == 0, "\(kind)")
            }
        }
    }
}
