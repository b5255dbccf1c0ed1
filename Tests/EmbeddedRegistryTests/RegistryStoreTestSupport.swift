import AddressAllocator
import EmbeddedRegistry
import Foundation
import Registry
import Synchronization
import Testing

/// A folder of its own for a test, removed behind it.
final class StoreFolder: Sendable {
    let path = "\(NSTemporaryDirectory())/registry-\(UUID().uuidString)"

    var file: String { "\(path)/registry.sqlite" }

    func open(_ settings: StoreSettings = .small, clock: WallClock = .system) throws -> RegistryStore {
        try RegistryStore(location: .directory(path), settings: settings, clock: clock)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension StoreSettings {
    /// Thirty addresses: 16 of the low band, 14 of the other.
    static let small = StoreSettings(serviceCIDRs: ["10.0.0.0/27"].compactMap { CIDR($0) })

    static func ranges(
        _ texts: String..., nodePorts: ClosedRange<Int> = 30000...32767, quarantine: Int64 = 300, retained: Int = 10_000
    ) -> StoreSettings {
        StoreSettings(
            serviceCIDRs: texts.compactMap { CIDR($0) }, nodePorts: nodePorts, quarantineSeconds: quarantine,
            retainedEvents: retained)
    }
}

/// A clock that stands still until it is set.
final class StillClock: Sendable {
    private struct State {
        var now: Int64 = 1_800_000_000_000
        var sleepers: [(end: Int64, continuation: CheckedContinuation<Void, Never>)] = []
        var sleeps = 0
    }

    private let state = Mutex(State())

    var clock: WallClock {
        WallClock(now: { self.now }, sleep: { await self.sleep(until: $0) })
    }

    var now: Timestamp { Timestamp(milliseconds: state.withLock(\.now)) }

    /// How often someone went to sleep.
    var sleeps: Int { state.withLock(\.sleeps) }

    func advance(seconds: Int64) {
        let woken = state.withLock { state in
            state.now += seconds * 1000
            let woken = state.sleepers.filter { $0.end <= state.now }
            state.sleepers.removeAll { $0.end <= state.now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    private func sleep(until end: Timestamp) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.sleeps += 1
                if end.milliseconds <= state.now { return true }
                state.sleepers.append((end.milliseconds, continuation))
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Ends all sleep, so that no task hangs behind a test.
    func wakeAll() {
        let woken = state.withLock { state in
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }
}

/// A Service document of one port, as a manifest has it; `spec` members replace or add.
func suppliedService(
    _ id: String, _ spec: [String: JSONValue] = [:], origin: String = "test.yaml", extra: [String: JSONValue] = [:]
) throws -> SuppliedObject {
    let parts = id.split(separator: "/").map(String.init)
    var members: [String: JSONValue] = [
        "selector": .object(["app": .string(parts[1])]),
        "ports": .array([.object(["name": .string("http"), "port": .integer(80)])]),
    ]
    members.merge(spec) { $1 }
    var document: [String: JSONValue] = [
        "apiVersion": .string("v1"), "kind": .string("Service"),
        "metadata": .object(["name": .string(parts[1]), "namespace": .string(parts[0])]),
        "spec": .object(members),
    ]
    document.merge(extra) { $1 }
    return SuppliedObject(
        object: try RegistryObject(.object(document), kind: .service), document: .object(document), origin: origin)
}

func serviceKey(_ id: String) -> ObjectKey {
    let parts = id.split(separator: "/").map(String.init)
    return ObjectKey(.service, NamespacedName(namespace: parts[0], name: parts[1]))
}

extension RegistryStore {
    /// The Service as it is stored.
    func service(_ id: String) throws -> Service {
        let stored = try #require(try object(serviceKey(id)), "\(id)")
        guard case .service(let service) = stored.object else { throw StoreError.notFound(stored.key) }
        return service
    }

    @discardableResult
    func put(_ services: SuppliedObject..., deleting deletes: String...) throws -> ApplyReport {
        try apply(puts: services, deletes: deletes.map(serviceKey), feeder: "manifests")
    }
}

extension RegistryReader.Addressing {
    /// What allocations and Services do not agree on.
    var findings: [AuditFinding] {
        AddressAudit.findings(ranges: ranges, allocations: allocations, services: services)
            + AddressAudit.findings(nodePortRange: nodePortRange, allocations: nodePorts, services: services)
    }
}
