import AddressAllocator
import Foundation
import Registry
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_000_000)

    var clock: WallClock {
        WallClock(now: { Timestamp(milliseconds: self.milliseconds.withLock { $0 }) }, sleep: { _ in })
    }

    func advance(seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
}

@Suite("Registry store")
struct RegistryStoreTests {
    private static func supplied(_ name: String, _ spec: [String: JSONValue] = [:]) throws -> SuppliedObject {
        var spec = spec
        spec["ports"] = spec["ports"] ?? .array([.object(["port": .integer(80)])])
        let document: JSONValue = .object([
            "apiVersion": .string("v1"), "kind": .string("Service"),
            "metadata": .object(["name": .string(name), "namespace": .string("prod")]), "spec": .object(spec),
            "unknown": .string("kept"),
        ])
        return SuppliedObject(
            object: try RegistryObject(document, kind: .service), document: document, origin: "\(name).yaml")
    }

    /// The Namespace that they live in.
    private static let namespace = SuppliedObject(
        object: .namespace(Namespace(metadata: ObjectMetadata(name: "prod"))),
        document: .object([
            "apiVersion": .string("v1"), "kind": .string("Namespace"), "metadata": .object(["name": .string("prod")]),
        ]), origin: "a.yaml")

    private static func key(_ name: String) -> ObjectKey {
        ObjectKey(.service, NamespacedName(namespace: "prod", name: name))
    }

    private static func store(
        _ location: RegistryStore.Location = .memory, cidrs: String..., clock: ManualClock = ManualClock()
    ) throws -> RegistryStore {
        try RegistryStore(
            location: location,
            settings: StoreSettings(
                serviceCIDRs: cidrs.compactMap { CIDR($0) }, quarantineSeconds: 60, retainedEvents: 5),
            clock: clock.clock)
    }

    /// The addresses of all Services, by name.
    private static func addresses(_ store: RegistryStore) -> [String: [IPAddress]] {
        store.state.withLock { state in
            Dictionary(
                uniqueKeysWithValues: (state.known?.objects ?? [:]).values.compactMap { known in
                    guard case .service(let service) = known.object else { return nil }
                    return (service.metadata.name, service.virtualIPs)
                })
        }
    }

    private static func folder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
    }

    @Test("An address is kept over a restart, unknown fields too; nothing is written where nothing changed")
    func restart() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var store: RegistryStore? = try Self.store(.directory(folder), cidrs: "10.96.0.0/24")
        let first = try #require(try store?.replaceAll([Self.supplied("web")], feeder: "test"))
        #expect(first.created == 1)
        let held = try #require(store.map(Self.addresses))
        store = nil
        let again = try Self.store(.directory(folder), cidrs: "10.96.0.0/24")
        #expect(Self.addresses(again) == held)
        let second = try again.replaceAll([Self.supplied("web")], feeder: "test")
        #expect(second.unchanged == 1)
        #expect(second.version == first.version)
        let document = try #require(try RegistryReader(directory: folder).objects(of: .service).first?.document)
        #expect(document["unknown"] == .string("kept"))
        #expect(document["spec"]?["clusterIP"]?.string == held["web"]?.first.map(\.description))
    }

    @Test("What a Service asks for by name is never lost to a random pick of the same batch")
    func namedFirst() throws {
        for _ in 0..<20 {
            let store = try Self.store(cidrs: "10.96.0.0/29")
            let named = try Self.supplied("named", ["clusterIP": .string("10.96.0.3")])
            let others = try (0..<5).map { try Self.supplied("s\($0)") }
            let report = try store.replaceAll(others + [named], feeder: "test")
            #expect(report.failures.isEmpty)
            #expect(Self.addresses(store)["named"]?.map(\.description) == ["10.96.0.3"])
        }
    }

    @Test("A taken address is refused by the holder's name; the Service waits and gets it when it comes free")
    func pending() throws {
        let store = try Self.store(cidrs: "10.96.0.0/24")
        let spec: [String: JSONValue] = ["clusterIP": .string("10.96.0.9")]
        _ = try store.apply(puts: [Self.supplied("first", spec)], deletes: [], feeder: "test")
        let report = try store.apply(puts: [Self.supplied("second", spec)], deletes: [], feeder: "test")
        #expect(report.failures.map(\.key) == [Self.key("second")])
        #expect(report.failures.first?.reason.contains("prod/first") == true)
        #expect(Self.addresses(store)["second"] == [])
        // An explicit request may take a quarantined address.
        let freed = try store.apply(puts: [], deletes: [Self.key("first")], feeder: "test")
        #expect(freed.resolved == [Self.key("second").id])
        #expect(Self.addresses(store)["second"]?.map(\.description) == ["10.96.0.9"])
    }

    @Test("An exhausted range: automatic requests wait until the quarantine ends, by the timer")
    func exhaustion() async throws {
        let clock = ManualClock()
        let store = try Self.store(cidrs: "10.96.0.0/29", clock: clock)
        let report = try store.replaceAll((0..<7).map { try Self.supplied("s\($0)") }, feeder: "test")
        #expect(report.failures.count == 1)
        let waiting = try #require(report.failures.first?.key)
        let holder = try #require(Self.addresses(store).first { !$0.value.isEmpty }?.key)
        #expect(try store.apply(puts: [], deletes: [Self.key(holder)], feeder: "test").resolved.isEmpty)
        clock.advance(seconds: 59)
        #expect(try store.retryPending().resolved.isEmpty)
        clock.advance(seconds: 1)
        #expect(try store.retryPending().resolved == [waiting.id])
        #expect(Self.addresses(store)[waiting.id.name]?.count == 1)
        #expect(store.state.withLock { $0.known?.objects[waiting]?.feeder } == "test")
    }

    @Test("Objects of one feeder are out of reach of another")
    func feeders() throws {
        let store = try Self.store(cidrs: "10.96.0.0/24")
        _ = try store.apply(puts: [Self.supplied("web")], deletes: [], feeder: "one")
        let held = Self.addresses(store)
        let report = try store.apply(puts: [Self.supplied("web")], deletes: [], feeder: "two")
        #expect(report.failures.count == 1)
        #expect(try store.apply(puts: [], deletes: [Self.key("web")], feeder: "two").deleted == 0)
        #expect(Self.addresses(store) == held)
    }

    @Test("A Namespace that is not declared any more stays while objects of others live in it")
    func livedInNamespace() throws {
        let store = try Self.store(cidrs: "10.96.0.0/24")
        let (namespace, key) = (Self.namespace, Self.namespace.object.key)
        func isThere() -> Bool { store.state.withLock { $0.known?.objects[key] != nil } }
        let web = try Self.supplied("web")
        // What lives in one brings it along, where it is missing, and leaves it alone where it is there.
        let brought = try store.apply(puts: [web], deletes: [], needing: [namespace], feeder: "manifests")
        #expect(brought.created == 2 && isThere())
        let unchanged = try store.apply(puts: [web], deletes: [], needing: [namespace], feeder: "manifests")
        #expect(unchanged.created == 0 && unchanged.unchanged == 1)

        _ = try store.apply(puts: [Self.supplied("api")], deletes: [], feeder: Feeder.api)
        let kept = try store.replaceAll([], feeder: "manifests")
        #expect(kept.failures.map(\.key) == [key] && kept.deleted == 1)
        #expect(isThere())
        let again = try store.apply(puts: [namespace, web], deletes: [], feeder: "manifests")
        #expect(again.failures.isEmpty && again.created == 1)
    }

    @Test("One in which nothing of others lives goes")
    func emptyNamespace() throws {
        let store = try Self.store(cidrs: "10.96.0.0/24")
        let (namespace, key) = (Self.namespace, Self.namespace.object.key)
        _ = try store.apply(puts: [namespace, Self.supplied("web")], deletes: [], feeder: "manifests")
        #expect(try store.replaceAll([], feeder: "manifests").deleted == 2)
        #expect(store.state.withLock { $0.known?.objects[key] == nil })
    }

    @Test("A watch gets a snapshot and every change behind it; an old version is told to be too old")
    func watch() async throws {
        let store = try Self.store(cidrs: "10.96.0.0/24")
        _ = try store.apply(puts: [Self.supplied("a")], deletes: [], feeder: "test")
        var events = try await store.events().makeAsyncIterator()
        guard case .snapshot(let objects, let version)? = try await events.next() else {
            Issue.record("no snapshot")
            return
        }
        #expect(objects.count == 1)
        for (number, name) in [(1, "b"), (2, "c")] {
            _ = try store.apply(puts: [Self.supplied(name)], deletes: [], feeder: "test")
            guard case .changes(let changes, let at)? = try await events.next() else {
                Issue.record("no change")
                return
            }
            // An address and its Service.
            #expect(changes.count == 2)
            #expect(at.rawValue == version.rawValue + Int64(2 * number))
        }
        var missed = try await store.changes(after: version).makeAsyncIterator()
        let changes = try #require(try await missed.next())
        #expect(changes.filter { $0.key.kind == .service }.count == 2 && changes.count == 4)
        for number in 0..<6 {
            _ = try store.apply(puts: [Self.supplied("x\(number)")], deletes: [], feeder: "test")
        }
        await #expect(throws: ObjectStoreError.self) {
            for try await _ in try await store.changes(after: version) { return }
        }
    }

    @Test("Two servers never share a folder")
    func lock() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try Self.store(.directory(folder), cidrs: "10.96.0.0/24")
        #expect(throws: StoreError.alreadyServed(directory: folder, process: "\(getpid())")) {
            _ = try Self.store(.directory(folder), cidrs: "10.96.0.0/24")
        }
        withExtendedLifetime(first) {}
    }

    @Test("Random histories leave nothing leaked, doubled or lost, on disk either")
    func histories() throws {
        var generator = SeededGenerator.announced("RegistryStoreTests")
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = ManualClock()
        var store: RegistryStore? = try Self.store(
            .directory(folder), cidrs: "10.96.0.0/28", "fd00::/120", clock: clock)
        for step in 0..<300 {
            let name = "s\(Int.random(in: 0..<24, using: &generator))"
            let spec: [String: JSONValue] =
                switch Int.random(in: 0..<6, using: &generator) {
                case 0: ["clusterIP": .string("10.96.0.\(Int.random(in: 0..<18, using: &generator))")]
                case 1: ["clusterIP": .string("None")]
                case 2: ["type": .string("ExternalName"), "externalName": .string("example.org")]
                case 3: ["ipFamilyPolicy": .string("RequireDualStack")]
                case 4: ["type": .string("NodePort")]
                default: [:]
                }
            if Bool.random(using: &generator) {
                _ = try store?.apply(puts: [Self.supplied(name, spec)], deletes: [], feeder: "test")
            } else {
                _ = try store?.apply(puts: [], deletes: [Self.key(name)], feeder: "test")
            }
            clock.advance(seconds: Int64.random(in: 0..<40, using: &generator))
            if step % 10 == 0 { try store?.retryPending() }
            if step % 50 == 49 {
                store = nil
                store = try Self.store(.directory(folder), cidrs: "10.96.0.0/28", "fd00::/120", clock: clock)
            }
            let addressing = try RegistryReader(directory: folder).addressing()
            let findings =
                AddressAudit.findings(
                    ranges: addressing.ranges, allocations: addressing.allocations, services: addressing.services)
                + AddressAudit.findings(
                    nodePortRange: addressing.nodePortRange, allocations: addressing.nodePorts,
                    services: addressing.services)
            #expect(findings.isEmpty, "step \(step)")
            if !findings.isEmpty { return }
        }
    }
}
