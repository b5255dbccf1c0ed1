import Foundation
import GRDB
import Glibc
import Registry
import Testing

@testable import EmbeddedRegistry

/// A disk that does not take writes, or does not give back what it took: refused clearly, nothing lost.
struct RegistryStoreDiskTests {
    private let folder = RegistryFolder()

    /// Writes Namespaces until one is refused; the error, and how many have been taken.
    private func fill(_ store: RegistryStore, from first: Int) async -> (error: (any Error)?, count: Int) {
        let padding = ["note": String(repeating: "x", count: 2000)]
        for number in first..<first + 10_000 {
            do {
                let name = "n\(number)"
                try await store.create(clusterKey(.namespace, name), namespaceDocument(name, labels: padding))
            } catch {
                return (error, number)
            }
        }
        return (nil, first + 10_000)
    }

    /// The first element: everything that DNS answers from.
    private func snapshot(of store: RegistryStore) async throws -> Set<ObjectKey> {
        var events = try await store.events().makeAsyncIterator()
        guard case .snapshot(let objects, _)? = try await events.next() else { return [] }
        return Set(objects.map(\.key))
    }

    private func isFull(_ error: (any Error)?) -> Bool {
        if case ObjectStoreError.unavailable(.full(let reason))? = error {
            return reason.contains(folder.path) && !reason.contains("\n")
        }
        return false
    }

    @Test(
        "A quota that is used up is a full disk, whatever SQLite calls it",
        arguments: [(EDQUOT, true), (ENOSPC, true), (EIO, false), (0, false)])
    func quota(_ code: Int32, _ isFull: Bool) {
        let error = StoreError(
            DatabaseError(resultCode: .SQLITE_IOERR_WRITE), file: "\(folder.path)/x", systemError: code)
        #expect(self.isFull(error.unavailability) == isFull)
    }

    @Test("A full disk refuses writes and says so; what is there is read and answered, and writing goes on behind it")
    func full() async throws {
        let store = try folder.open()
        try await store.create(try suppliedService("prod/web"))
        var watch = try await store.changes(after: store.newestVersion).makeAsyncIterator()
        let pages = try await store.database.write { try Int.fetchOne($0, sql: "PRAGMA page_count") } ?? 0
        try await store.database.writeWithoutTransaction { database in
            _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(pages + 40)")
        }
        let (error, count) = await fill(store, from: 0)
        #expect(isFull(error), "\(String(describing: error))")
        let version = ResourceVersion(rawValue: Int64(3 + count))
        for _ in 0..<3 {
            // All that share a transaction are told.
            let results = await store.write(
                [
                    .creating(try suppliedService("prod/api")),
                    .creating(clusterKey(.namespace, "more"), namespaceDocument("more", labels: ["a": "b"])),
                ]
                    + (0..<20).map { number in
                        .creating(
                            clusterKey(.node, "n\(number)"),
                            .object(["spec": .object(["note": .string(String(repeating: "y", count: 4000))])]))
                    })
            #expect(results.allSatisfy { isFull($0.error) })
        }
        let refusal = #expect(throws: StoreError.self) {
            try store.apply(
                puts: (0..<60).map { try suppliedService("prod/m\($0)") }, deletes: [], feeder: "manifests")
        }
        guard case .full? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        // Reading is as before, and DNS has all it needs.
        #expect(await store.newestVersion == version)
        #expect(try await store.object(serviceKey("prod/web")) != nil)
        #expect(try await store.objects(ListRequest(ObjectScope(.namespace))).records.count == count)
        #expect(try await snapshot(of: store).count == count + 1)
        #expect(try RegistryReader(directory: folder.path).services().count == 1)
        try await store.database.writeWithoutTransaction { database in
            _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = 1000000")
        }
        let record = try await store.create(try suppliedService("prod/api"))
        #expect(record.version.rawValue == version.rawValue + 2)
        var versions: [Int64] = []
        while versions.last != record.version.rawValue {
            versions += try #require(try await watch.next()).map(\.version.rawValue)
        }
        #expect(versions == Array(4...record.version.rawValue))
        #expect(RegistryCheck(directory: folder.path).problems == [])
    }

    /// Needs a file system of a few MB to itself: `unshare -m`, then a tmpfs, by those who may.
    @Test(
        "On a file system without room the same holds",
        .enabled(if: ProcessInfo.processInfo.environment["SWIFTLET_SMALL_DISK"] != nil))
    func smallDisk() async throws {
        let disk = try #require(ProcessInfo.processInfo.environment["SWIFTLET_SMALL_DISK"])
        let path = "\(disk)/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ballast = "\(disk)/ballast-\(UUID().uuidString)"
        try Data(count: 500_000).write(to: URL(fileURLWithPath: ballast))
        var acknowledged = 0
        do {
            let store = try RegistryStore(location: .directory(path), settings: .small)
            let (error, count) = await fill(store, from: 0)
            guard case ObjectStoreError.unavailable(.full)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await store.objects(ListRequest(ObjectScope(.namespace))).records.count == count)
            #expect(try await snapshot(of: store).count == count)
            try FileManager.default.removeItem(atPath: ballast)
            let (again, more) = await fill(store, from: count)
            #expect(more > count)
            guard case ObjectStoreError.unavailable(.full)? = again else {
                Issue.record("\(String(describing: again))")
                return
            }
            acknowledged = more
        }
        #expect(RegistryCheck(directory: path).problems == [])
        let reader = try RegistryReader(directory: path)
        #expect(try reader.objects(of: .namespace).count == acknowledged)
    }

    @Test("A disk that has become read-only refuses writes and says so, until it is writable again")
    func readOnly() async throws {
        let store = try folder.open()
        try await store.create(try suppliedService("prod/web"))
        try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
        for _ in 0..<2 {
            let error = await #expect(throws: ObjectStoreError.self) {
                try await store.create(try suppliedService("prod/api"))
            }
            guard case .unavailable(.readOnly(let reason))? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains(folder.file))
        }
        #expect(throws: StoreError.self) { try store.put(try suppliedService("prod/api")) }
        #expect(try await snapshot(of: store) == [serviceKey("prod/web")])
        #expect(try await store.object(serviceKey("prod/web")) != nil)
        try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        #expect(try await store.create(try suppliedService("prod/api")).version.rawValue == 5)
    }

    @Test("An object whose document is damaged is refused alone")
    func damagedDocument() async throws {
        let store = try folder.open()
        let key = clusterKey(.node, "a")
        try await store.create(key, .object([:]))
        try await store.database.write { try $0.execute(sql: "UPDATE objects SET document = '{' WHERE kind = 'Node'") }
        let results = await store.write([
            .updating(key, .object(["spec": .object([:])])), .deleting(key),
            .creating(clusterKey(.node, "b"), .object([:])),
        ])
        for result in results.prefix(2) {
            guard case .unavailable(.damaged(let reason))? = result.error as? ObjectStoreError else {
                Issue.record("\(result)")
                continue
            }
            #expect(reason.contains("Node a"))
        }
        #expect(try results[2].get().kind == .created)
    }

    @Test("Pages that are damaged while the store is open are named as such, and what is in memory is answered")
    func damagedPages() async throws {
        let store = try folder.open(.ranges("10.0.0.0/16"))
        for start in stride(from: 0, to: 400, by: 100) {
            let writes = try (start..<start + 100).map { ObjectWrite.creating(try suppliedService("prod/s\($0)")) }
            #expect(await store.write(writes).allSatisfy { $0.error == nil })
        }
        try await store.database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let before = try await snapshot(of: store)
        let handle = try #require(FileHandle(forUpdatingAtPath: folder.file))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 4096)
        try handle.write(contentsOf: Data(repeating: 0xa5, count: Int(size) - 4096))
        try handle.close()
        // Readers that have read nothing yet.
        (store.database as? DatabasePool)?.releaseMemory()
        let error = await #expect(throws: ObjectStoreError.self) {
            try await store.objects(ListRequest(ObjectScope(.service)))
        }
        guard case .unavailable(.damaged(let reason))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(folder.file))
        for _ in 0..<2 {
            let refusal = await store.write([
                ObjectWrite(serviceKey("prod/s7"), feeder: "api") { _, _ in .delete },
                .creating(try suppliedService("prod/new")),
            ])
            for result in refusal {
                guard case .unavailable(.damaged)? = result.error as? ObjectStoreError else {
                    Issue.record("\(result)")
                    continue
                }
            }
        }
        #expect(before.count == 400)
        #expect(!RegistryCheck(directory: folder.path).problems.isEmpty)
    }
}
