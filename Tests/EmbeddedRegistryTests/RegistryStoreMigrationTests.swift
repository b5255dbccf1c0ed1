import AddressAllocator
import Foundation
import GRDB
import Registry
import Testing

@testable import EmbeddedRegistry

/// A registry as the first version of this program left it, opened by this one.
struct RegistryStoreMigrationTests {
    private static let document = #"""
        {"apiVersion":"v1","kind":"Service","metadata":{"creationTimestamp":"2026-01-02T03:04:05Z","name":"web",
        "namespace":"prod","resourceVersion":"4","uid":"6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
        "spec":{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9","fd00::9"],"ipFamilies":["IPv4","IPv6"],
        "ipFamilyPolicy":"RequireDualStack","ports":[{"name":"http","nodePort":30007,"port":80}],
        "selector":{"app":"web"},"type":"NodePort"}}
        """#

    /// The tables and rows of schema 1.
    private static func makeFormer(_ folder: RegistryFolder) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try folder.database().write { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(0x5377_6674);
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('1 objects, changes and allocations');
                    CREATE TABLE objects (
                        kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,
                        version INTEGER NOT NULL, feeder TEXT NOT NULL, origin TEXT NOT NULL, document TEXT NOT NULL,
                        PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
                    CREATE TABLE changes (
                        version INTEGER PRIMARY KEY, change TEXT NOT NULL, kind TEXT NOT NULL,
                        document TEXT NOT NULL);
                    CREATE TABLE allocations (
                        address TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE node_ports (
                        number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL);
                    CREATE TABLE quarantine (address TEXT PRIMARY KEY, ends INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE pending (
                        namespace TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, document TEXT NOT NULL,
                        PRIMARY KEY (namespace, name)) WITHOUT ROWID;
                    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    INSERT INTO allocations VALUES ('10.0.0.9', 'prod', 'web'), ('fd00::9', 'prod', 'web');
                    INSERT INTO node_ports VALUES (30007, 'prod', 'web');
                    INSERT INTO quarantine VALUES ('10.0.0.12', 1800000060000);
                    INSERT INTO settings VALUES ('version', '7'), ('oldest change', '2'),
                        ('service CIDRs', '10.0.0.0/28 fd00::/112'), ('node ports', '30000-32767');
                    INSERT INTO changes VALUES (4, 'put', 'Service', '{}'), (7, 'delete', 'Service', '{}');
                    """)
            try database.execute(
                sql: "INSERT INTO objects VALUES ('Service', 'prod', 'web', ?, 4, 'manifests', 'web.yaml', ?)",
                arguments: ["6f9619ff-8b86-d011-b42d-00cf4fc964ff", document])
        }
    }

    private let settings = StoreSettings.ranges("10.0.0.0/28", "fd00::/112")

    @Test("A command beside no server says that one must open the registry first")
    func reader() throws {
        let folder = RegistryFolder()
        try Self.makeFormer(folder)
        #expect(throws: StoreError.olderSchema(file: folder.file)) { try RegistryReader(directory: folder.path) }
        #expect(RegistryCheck(directory: folder.path).problems == ["\(StoreError.olderSchema(file: folder.file))"])
    }

    @Test("Allocations become IPAddress objects, the range a ServiceCIDR; nothing moves and no version returns")
    func migration() async throws {
        let folder = RegistryFolder()
        try Self.makeFormer(folder)
        let clock = StillClock()
        do {
            let store = try folder.open(settings, clock: clock.clock)
            let web = try #require(try store.stored("prod/web"))
            #expect(web.record.text == Self.document && web.version.rawValue == 4 && web.feeder == "manifests")
            for (address, family) in [("10.0.0.9", "IPv4"), ("fd00::9", "IPv6")] {
                let record = try #require(try await store.object(clusterKey(.ipAddress, address)))
                let object = try record.document()
                #expect(object["apiVersion"] == .string("networking.k8s.io/v1"))
                #expect(object["kind"] == .string("IPAddress"))
                #expect(
                    object["metadata"]?["labels"]
                        == .object([
                            "ipaddress.kubernetes.io/ip-family": .string(family),
                            "ipaddress.kubernetes.io/managed-by": .string("ipallocator.k8s.io"),
                        ]))
                let parent = try json(#"{"resource":"services","namespace":"prod","name":"web"}"#)
                #expect(object["spec"] == .object(["parentRef": parent]))
                #expect(record.version.rawValue > 7)
            }
            let range = try #require(try await store.object(clusterKey(.serviceCIDR, "kubernetes"))).document()
            #expect(range["spec"]?["cidrs"] == .array([.string("10.0.0.0/28"), .string("fd00::/112")]))
            #expect(
                range["metadata"]?["finalizers"] == .array([.string("networking.k8s.io/service-cidr-finalizer")]))
            #expect(await store.newestVersion.rawValue == 10)
            var changes = try await store.changes(after: ResourceVersion(rawValue: 7)).makeAsyncIterator()
            #expect(try await changes.next()?.map(\.version.rawValue) == [8, 9, 10])
            await #expect(
                throws: ObjectStoreError.versionTooOld(
                    ResourceVersion(rawValue: 6), oldest: ResourceVersion(rawValue: 7))
            ) { try await store.changes(after: ResourceVersion(rawValue: 6)) }
            // The manifest says what is stored.
            #expect(try store.apply(puts: [supplied()], deletes: [], feeder: "manifests").unchanged == 1)
            await #expect(throws: AddressingError.self) {
                try await store.create(try suppliedService("prod/thief", ["clusterIP": .string("10.0.0.9")]))
            }
            // 14 addresses: one held, one resting.
            for number in 0..<12 { try await store.create(try suppliedService("prod/s\(number)")) }
            await #expect(throws: AddressingError.self) { try await store.create(try suppliedService("prod/more")) }
        }
        let addressing = try RegistryReader(directory: folder.path).addressing()
        #expect(addressing.findings.isEmpty && addressing.allocations.count == 14)
        #expect(addressing.nodePorts == [30007: serviceKey("prod/web").id])
        #expect(addressing.quarantine?.keys.map(\.description) == ["10.0.0.12"])
        #expect(RegistryCheck(directory: folder.path).problems == [])
        // Once is enough.
        let again = try folder.open(settings, clock: clock.clock)
        #expect(await again.newestVersion.rawValue == 10 + 2 * 12)
    }

    private func supplied() throws -> SuppliedObject {
        var document = try json(Self.document)
        document["metadata"] = .object(["name": .string("web"), "namespace": .string("prod")])
        return SuppliedObject(
            object: try RegistryObject(document, kind: .service), document: document, origin: "web.yaml")
    }
}
