import EmbeddedRegistry
import Foundation
import Logging
import NIOSSL
import Registry
import Testing

@testable import RegistryAPI

/// The API on a registry with twelve Services of nearly a megabyte each, and room for answers of four.
enum LargeRegistry {
    static let list = "/api/v1/services"

    /// Calls with the port of a server, which ends with the call.
    static func serve(tls: TLSConfiguration? = nil, _ body: @Sendable (UInt16) async throws -> Void) async throws {
        var settings = try APISettings(host: "127.0.0.1", port: 0)
        settings.tls = tls
        settings.maximumAnswerBytes = 4 << 20
        settings.answerPatience = .zero
        try await serve(settings, store: try await store(), body)
    }

    private static func store() async throws -> RegistryStore {
        let store = try RegistryStore(location: .memory)
        let annotation = JSONValue.object(["x": .string(String(repeating: "x", count: 1_000_000))])
        for number in 0..<12 {
            let key = ObjectKey(.service, NamespacedName(namespace: "prod", name: "s\(number)"))
            _ = try await store.write(
                ObjectWrite(key, feeder: "test") { _, _ in
                    .put(
                        .object([
                            "metadata": .object(["annotations": annotation]),
                            "spec": .object(["type": .string("ExternalName"), "externalName": .string("a.example")]),
                        ]))
                })
        }
        return store
    }

    /// Calls with the port of a server on a registry, which ends with the call.
    static func serve(
        _ settings: APISettings, store: RegistryStore, _ body: @Sendable (UInt16) async throws -> Void
    ) async throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let hub = WatchHub(store: store, maximumWatches: 9, logger: log)
        let service = APIService(
            store: store, hub: hub, server: ServerRecord(zone: "cluster.local", listeners: []), version: "1.36.0",
            clock: .system, logger: log)
        let server = APIServer(settings: settings, service: service, logger: log)
        let (ports, listening) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run() }
            group.addTask { try? await server.run { listening.yield($0) } }
            let port = try #require(await ports.first { _ in true })
            try await body(UInt16(port))
            group.cancelAll()
        }
    }
}
