import APIClient
import KubernetesRegistry
import Logging
import Registry
import Synchronization
import Telemetry
import Testing

/// A registry at work, and what its reader knows by what it was told.
final class Following: Sendable {
    /// What a reader that keeps to the contract knows.
    struct Known {
        var objects: [DiscoveryKey: DiscoveryObject] = [:]
        var complete: Set<DiscoveryKind> = []
        /// Changes of Services told since the beginning.
        var changes = 0
        var events: [DiscoveryEvent] = []
        private var fresh: [DiscoveryKind: Set<DiscoveryKey>] = [:]

        func names(_ kind: DiscoveryKind) -> Set<String> {
            Set(objects.keys.filter { $0.kind == kind }.map { $0.id.name })
        }

        fileprivate mutating func take(_ event: DiscoveryEvent) {
            events.append(event)
            switch event {
            case .snapshotBegins(let kinds):
                for kind in kinds { fresh[kind] = [] }
            case .changes(let list):
                for change in list {
                    switch change {
                    case .put(.service): changes += 1
                    case .delete(let key) where key.kind == .service: changes += 1
                    default: break
                    }
                    switch change {
                    case .put(let object):
                        objects[object.key] = object
                        fresh[object.key.kind]?.insert(object.key)
                    case .delete(let key): objects[key] = nil
                    }
                }
            case .snapshotEnds(let kinds):
                for kind in kinds {
                    let told = fresh.removeValue(forKey: kind) ?? []
                    objects = objects.filter { $0.key.kind != kind || told.contains($0.key) }
                }
                complete.formUnion(kinds)
            }
        }
    }

    private struct State {
        var known = Known()
        var observers: [(condition: @Sendable (Known) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let registry: KubernetesRegistry
    let metrics: Metrics
    private let state = Mutex(State())

    var known: Known { state.withLock { $0.known } }

    /// Runs a body while a registry follows a server.
    static func with(
        _ url: String, selection: DiscoverySelection = Samples.servicesOnly, time: RegistryTime = .system,
        stateFile: String? = nil, checkInterval: Duration = .seconds(300),
        _ body: (Following) async throws -> Void
    ) async throws {
        let server = try #require(ServerURL(url))
        let metrics = Metrics()
        let registry = KubernetesRegistry(
            .init(access: APIAccess(server: server), stateFile: stateFile, checkInterval: checkInterval),
            metrics: metrics, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, time: time)
        let following = Following(registry, metrics)
        let events = try await registry.events(of: selection)
        let reading = Task {
            for try await event in events { following.take(event) }
        }
        do {
            try await body(following)
        } catch {
            await registry.stop()
            throw error
        }
        await registry.stop()
        _ = try? await reading.value
    }

    private init(_ registry: KubernetesRegistry, _ metrics: Metrics) {
        self.registry = registry
        self.metrics = metrics
    }

    private func take(_ event: DiscoveryEvent) {
        let observers = state.withLock { state in
            state.known.take(event)
            let known = state.known
            let met = state.observers.filter { $0.condition(known) }.map(\.continuation)
            state.observers.removeAll { $0.condition(known) }
            return met
        }
        for observer in observers { observer.resume() }
    }

    /// Waits until the reader knows what is looked for, or the test's time is over.
    func until(_ condition: @escaping @Sendable (Known) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isMet = state.withLock { state in
                    if Task.isCancelled || condition(state.known) { return true }
                    state.observers.append((condition, continuation))
                    return false
                }
                if isMet { continuation.resume() }
            }
        } onCancel: {
            let observers = state.withLock { state in
                defer { state.observers = [] }
                return state.observers
            }
            for observer in observers { observer.continuation.resume() }
        }
    }

    /// Waits until all is known, and these are the Services.
    func synced(_ names: Set<String>) async {
        await services(names)
        _ = await registry.status.waitUntilSynced(within: .seconds(60))
    }

    /// Waits until these are the Services, and no others.
    func services(_ names: Set<String>) async {
        await until { $0.complete.contains(.service) && $0.names(.service) == names }
    }
}
