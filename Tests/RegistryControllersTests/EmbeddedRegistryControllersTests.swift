import EmbeddedRegistry
import Logging
import Registry
@testable import RegistryControllers
import Synchronization
import Testing

/// Controllers at work on the embedded registry, by the system's clock.
@Suite("Controllers on the embedded registry")
struct EmbeddedRegistryControllersTests {
    private static let settings = ControllerSettings(
        apiServer: IPAddress("192.0.2.1").map { ($0, 8001) }, apiServiceAddress: IPAddress("10.96.0.1"))

    /// Runs controllers while `body` does.
    private static func with(
        _ store: RegistryStore,
        _ body: (@escaping @Sendable (ObjectKind, String) async throws -> JSONValue) async throws -> Void
    ) async throws {
        let controllers = RegistryControllers(
            store: store, settings: settings, logger: Logger(label: "controllers") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await controllers.run() }
        defer { task.cancel() }
        try await body { kind, id in try await Self.document(kind, id, in: store) }
    }

    /// The next state of an object, or of the first slice of a Service of that name, behind the newest write.
    private static func document(_ kind: ObjectKind, _ id: String, in store: RegistryStore) async throws -> JSONValue {
        var version = ResourceVersion(rawValue: 0)
        while true {
            version = await store.newestVersion
            if let record = try await store.object(key(kind, id)) { return try record.document() }
            for try await _ in try await store.changes(after: version) { break }
        }
    }

    private static func put(_ kind: ObjectKind, _ id: String, _ text: String, in store: RegistryStore) async throws {
        var document = try json(text)
        document["apiVersion"] = .string(kind.apiVersion)
        document["kind"] = .string(kind.rawValue)
        let whole = document
        _ = try await store.write(ObjectWrite(key(kind, id), feeder: "test") { _, _ in .put(whole) })
    }

    /// Waits until the slices of a Service say something.
    private static func endpoints(of service: String, are expected: [String], in store: RegistryStore) async throws {
        let id = key(.service, service).id
        var version = await store.newestVersion
        while true {
            let list = try await store.objects(ListRequest(ObjectScope(.endpointSlice, namespace: id.namespace)))
            let slices = try list.records.map { try $0.document() }.filter {
                $0["metadata"]?.textMap("labels")[EndpointSlice.serviceNameLabel] == id.name
            }
            if slices.flatMap({ $0.list("endpoints").map(shown) }).sorted() == expected, !slices.isEmpty { return }
            for try await changes in try await store.changes(after: list.version) {
                version = changes.last?.version ?? version
                break
            }
        }
    }

    @Test("default/kubernetes has its address, endpoints follow Pods, an owner's slices go", .timeLimit(.minutes(1)))
    func endToEnd() async throws {
        let ranges = ["10.96.0.0/24"].compactMap { CIDR($0) }
        let store = try RegistryStore(location: .memory, settings: StoreSettings(serviceCIDRs: ranges))
        try await Self.with(store) { document in
            let kubernetes = try await document(.service, "default/kubernetes")
            #expect(kubernetes["spec"]?["clusterIP"] == .string("10.96.0.1"))
            #expect(kubernetes["spec"]?["clusterIPs"] == .array([.string("10.96.0.1")]))
            _ = try await document(.endpointSlice, "default/kubernetes")

            try await Self.put(
                .service, "prod/web",
                #"{"spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]}}"#, in: store)
            try await Self.endpoints(of: "prod/web", are: [], in: store)
            try await Self.put(.pod, "prod/a", podDocument("10.0.0.1"), in: store)
            try await Self.endpoints(of: "prod/web", are: ["10.0.0.1 TTF"], in: store)
            let start = ContinuousClock.now
            for round in 0..<50 {
                let isReady = round % 2 == 1
                try await Self.put(.pod, "prod/a", podDocument("10.0.0.1", isReady: isReady), in: store)
                try await Self.endpoints(of: "prod/web", are: ["10.0.0.1 \(isReady ? "TTF" : "FFF")"], in: store)
            }
            print("from a Pod's readiness to its slice: \(start.duration(to: .now) / 50)")
            _ = try await store.write(ObjectWrite(key(.service, "prod/web"), feeder: "test") { _, _ in .delete })
            while true {
                let list = try await store.objects(ListRequest(ObjectScope(.endpointSlice, namespace: "prod")))
                if list.records.isEmpty { break }
                for try await _ in try await store.changes(after: list.version) { break }
            }
        }
    }
}
