import APIClient
import EmbeddedRegistry
import Logging
import Registry
import RegistryAPI
import Testing

/// The project's own API in this process, on a registry in a folder; can be ended and begun again on the same port.
actor OwnAPI {
    private let store: RegistryStore
    private var serving: Task<Void, Never>?
    private(set) var port = 0

    /// - Parameter retainedEvents: How many changes are kept for watches that go on from a version.
    init(folder: String, retainedEvents: Int) throws {
        store = try RegistryStore(
            location: .directory(folder), settings: StoreSettings(retainedEvents: retainedEvents))
    }

    nonisolated static func url(_ port: Int) -> String { "http://127.0.0.1:\(port)" }

    /// Returns when connections are taken.
    func start() async throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let hub = WatchHub(store: store, maximumWatches: 100, logger: log)
        let service = APIService(
            store: store, hub: hub, server: ServerRecord(zone: "cluster.local", listeners: []), version: "1.36.0",
            clock: .system, logger: log)
        let server = APIServer(
            settings: try APISettings(host: "127.0.0.1", port: port), service: service, logger: log)
        let (ports, listening) = AsyncStream<Int>.makeStream()
        serving = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await hub.run() }
                group.addTask { try? await server.run { listening.yield($0) } }
                await group.waitForAll()
            }
        }
        port = try #require(await ports.first { _ in true })
    }

    func stop() async {
        serving?.cancel()
        await serving?.value
        serving = nil
    }
}

/// Somebody who changes what is in the registry.
struct Writer {
    private let client: APIClient

    init(_ port: Int) throws {
        client = try APIClient(APIAccess(server: try #require(ServerURL(OwnAPI.url(port)))))
    }

    func create(namespace name: String) async throws {
        try await send(.post, ResourcePath(.namespace), #"{"metadata":{"name":"\#(name)"}}"#)
    }

    func create(service name: String) async throws {
        try await send(
            .post, ResourcePath(.service, namespace: "prod"),
            #"{"metadata":{"name":"\#(name)"},"spec":{"ports":[{"port":80}]}}"#)
    }

    func create(slice name: String, of service: String, addresses: [String]) async throws {
        let endpoints = addresses.map { #"{"addresses":["\#($0)"]}"# }.joined(separator: ",")
        try await send(
            .post, ResourcePath(.endpointSlice, namespace: "prod"),
            #"{"metadata":{"name":"\#(name)","labels":{"kubernetes.io/service-name":"\#(service)"}},"addressType":"IPv4","endpoints":[\#(endpoints)]}"#
        )
    }

    func delete(service name: String) async throws {
        _ = try await client.send(APICall(.delete, ResourcePath(.service, namespace: "prod", name: name)))
    }

    func close() async { await client.close() }

    private func send(_ method: APICall.Method, _ path: ResourcePath, _ body: String) async throws {
        _ = try await client.send(APICall(method, path, body: try JSONText.value(of: body)))
    }
}
