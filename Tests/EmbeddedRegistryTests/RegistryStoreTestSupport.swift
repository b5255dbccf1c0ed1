import AddressAllocator
import Foundation
import GRDB
import Registry
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// A folder of its own for a test, removed behind it.
final class RegistryFolder: Sendable {
    let path = "\(NSTemporaryDirectory())/registry-\(UUID().uuidString)"

    var file: String { "\(path)/registry.sqlite" }

    private struct Former: Sendable {
        weak var store: RegistryStore?
    }

    private let former = Mutex(Former())

    /// Opens the registry, behind the end of the one that was opened before it: a store that nobody holds any more gives
    /// its lock back when the last of its work lets go of it, a moment later. One that is held goes on, and is in the way.
    func open(_ settings: StoreSettings = .small, clock: WallClock = .system) throws -> RegistryStore {
        awaitEnd()
        var looks = 0
        while true {
            do {
                let store = try RegistryStore(location: .directory(path), settings: settings, clock: clock)
                former.withLock { $0.store = store }
                return store
            } catch
                where "\(error)".contains("in use by another server") && former.withLock({ $0.store == nil })
                && looks < 1000
            {
                // It is gone, and on its way to close its files.
                looks += 1
                usleep(1000)
            }
        }
    }

    /// The file opened beside the registry, behind whoever is about to close it.
    func database() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: file, configuration: configuration)
    }

    /// Waits until nothing of the store that was opened last is left, a second at most.
    func awaitEnd() {
        var looks = 0
        while former.withLock({ $0.store != nil }), looks < 1000 {
            looks += 1
            usleep(1000)
        }
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

/// A document as its text says.
func json(_ text: String) throws -> JSONValue { try JSONText.value(of: text) }

func namespaceDocument(_ name: String, labels: [String: String] = [:]) -> JSONValue {
    .object([
        "apiVersion": .string("v1"), "kind": .string("Namespace"),
        "metadata": .object(["name": .string(name), "labels": .object(labels.mapValues { .string($0) })]),
    ])
}

/// An IPAddress that a user makes by hand.
func addressDocument(_ address: String, parent: String = "reserved") -> JSONValue {
    .object([
        "apiVersion": .string("networking.k8s.io/v1"), "kind": .string("IPAddress"),
        "metadata": .object(["name": .string(address)]),
        "spec": .object([
            "parentRef": .object([
                "group": .string(""), "resource": .string("services"), "namespace": .string("prod"),
                "name": .string(parent),
            ])
        ]),
    ])
}

func rangeDocument(_ name: String, _ networks: String...) -> JSONValue {
    .object([
        "apiVersion": .string("networking.k8s.io/v1"), "kind": .string("ServiceCIDR"),
        "metadata": .object(["name": .string(name)]),
        "spec": .object(["cidrs": .array(networks.map { .string($0) })]),
    ])
}

/// The key of an object of the cluster's scope.
func clusterKey(_ kind: ObjectKind, _ name: String) -> ObjectKey {
    ObjectKey(kind, NamespacedName(namespace: "", name: name))
}

extension RegistryStore {
    /// The object as it is stored, with what the registry alone knows of it.
    func stored(_ key: ObjectKey) throws -> StoredObject? {
        try database.read { try StoredRows.object(key, in: $0, file: file) }
    }

    func stored(_ id: String) throws -> StoredObject? { try stored(serviceKey(id)) }

    /// The objects of a kind and the version of the registry that they are the state of.
    func everything(of kind: ObjectKind) throws -> (objects: [StoredObject], version: ResourceVersion) {
        try database.read { database in
            let version = try StoredRows.setting(StoreSetting.version, in: database).flatMap { Int64($0) } ?? 0
            return (try StoredRows.objects(of: kind, in: database, file: file), ResourceVersion(rawValue: version))
        }
    }

    /// The Service as it is stored.
    func service(_ id: String) throws -> Service {
        let stored = try #require(try stored(id), "\(id)")
        guard case .service(let service) = stored.object else { throw ObjectStoreError.notFound(stored.key) }
        return service
    }

    @discardableResult
    func put(_ services: SuppliedObject..., deleting deletes: String...) throws -> ApplyReport {
        try apply(puts: services, deletes: deletes.map(serviceKey), feeder: "manifests")
    }

    // MARK: Single writes

    /// Stores a new object, refused where there is one.
    @discardableResult
    func create(_ key: ObjectKey, _ document: JSONValue, isTrial: Bool = false) async throws -> ObjectRecord {
        let outcome = try await write(.creating(key, document, isTrial: isTrial))
        return try #require(outcome.record)
    }

    @discardableResult
    func create(_ supplied: SuppliedObject, isTrial: Bool = false) async throws -> ObjectRecord {
        try await create(supplied.object.key, supplied.document, isTrial: isTrial)
    }

    /// Replaces an object, refused where there is none or it is at another version.
    @discardableResult
    func update(
        _ key: ObjectKey, _ document: JSONValue, expecting version: ResourceVersion? = nil
    ) async throws -> ObjectRecord {
        let outcome = try await write(.updating(key, document, expecting: version))
        return try #require(outcome.record)
    }

    @discardableResult
    func update(_ supplied: SuppliedObject, expecting version: ResourceVersion? = nil) async throws -> ObjectRecord {
        try await update(supplied.object.key, supplied.document, expecting: version)
    }

    @discardableResult
    func delete(
        _ key: ObjectKey, expecting version: ResourceVersion? = nil, uid: String? = nil
    ) async throws -> ObjectRecord {
        let outcome = try await write(.deleting(key, expecting: version, uid: uid))
        return try #require(outcome.record)
    }
}

extension ObjectWrite {
    static func creating(_ key: ObjectKey, _ document: JSONValue, isTrial: Bool = false) -> ObjectWrite {
        ObjectWrite(key, feeder: "api", isTrial: isTrial) { stored, _ in
            guard stored == nil else { throw ObjectStoreError.alreadyExists(key) }
            return .put(document)
        }
    }

    static func creating(_ supplied: SuppliedObject, isTrial: Bool = false) -> ObjectWrite {
        creating(supplied.object.key, supplied.document, isTrial: isTrial)
    }

    static func updating(
        _ key: ObjectKey, _ document: JSONValue, expecting version: ResourceVersion? = nil, isTrial: Bool = false
    ) -> ObjectWrite {
        ObjectWrite(key, feeder: "api", isTrial: isTrial) { stored, _ in
            guard let stored else { throw ObjectStoreError.notFound(key) }
            if let version, version != stored.version {
                throw ObjectStoreError.conflict(key, expected: version, stored: stored.version)
            }
            return .put(document)
        }
    }

    static func deleting(
        _ key: ObjectKey, expecting version: ResourceVersion? = nil, uid: String? = nil, isTrial: Bool = false
    ) -> ObjectWrite {
        ObjectWrite(key, feeder: "api", isTrial: isTrial) { stored, _ in
            guard let stored else { throw ObjectStoreError.notFound(key) }
            if let version, version != stored.version {
                throw ObjectStoreError.conflict(key, expected: version, stored: stored.version)
            }
            if let uid, uid != stored.uid {
                throw ObjectStoreError.uidMismatch(key, expected: uid, stored: stored.uid)
            }
            return .delete
        }
    }
}

/// The store anew, once the former one is gone: who wrote last may hold it for a moment after the answer.
func reopened(
    _ store: inout RegistryStore, in folder: RegistryFolder, _ settings: StoreSettings,
    between change: (Database) throws -> Void = { _ in }
) async throws -> RegistryStore {
    weak let former = store
    store = try RegistryStore(location: .memory, settings: settings)
    await until { former == nil }
    try folder.database().write(change)
    return try folder.open(settings)
}
