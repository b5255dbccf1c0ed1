import Foundation
import GRDB
import Registry
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// Lists at a version and changes from one, against a model that remembers everything.
struct RegistryStoreVersionTests {
    /// What was written, in order: the state at any version follows from it.
    private struct History {
        var steps: [(version: ResourceVersion, record: ObjectRecord, isGone: Bool)] = []

        mutating func note(_ outcome: WriteOutcome) {
            guard let record = outcome.record, outcome.kind != .unchanged else { return }
            steps.append((record.version, record, outcome.kind == .deleted))
        }

        func records(in scope: ObjectScope, at version: ResourceVersion) -> [ObjectRecord] {
            var records: [ObjectKey: ObjectRecord] = [:]
            for step in steps where step.version <= version && step.record.key.kind == scope.kind {
                guard scope.namespace.map({ $0 == step.record.key.id.namespace }) ?? true else { continue }
                records[step.record.key] = step.isGone ? nil : step.record
            }
            return records.values.sorted { $0.key < $1.key }
        }
    }

    private static func randomWrite(using generator: inout SeededGenerator) throws -> ObjectWrite {
        let name = "o\(Int.random(in: 0..<12, using: &generator))"
        let namespace = ["a", "a-b", "b"].randomElement(using: &generator) ?? "a"
        let kind = [ObjectKind.namespace, .node, .service, .event].randomElement(using: &generator) ?? .node
        let key = ObjectKey(kind, NamespacedName(namespace: kind.isNamespaced ? namespace : "", name: name))
        guard Int.random(in: 0..<4, using: &generator) > 0 else {
            return ObjectWrite(key, feeder: "api") { stored, _ in stored == nil ? .keep : .delete }
        }
        var document = kind == .service ? try suppliedService("\(namespace)/\(name)").document : .object([:])
        document["metadata"] = .object([
            "labels": .object(["n": .string("\(Int.random(in: 0..<3, using: &generator))")])
        ])
        return ObjectWrite(key, feeder: "api") { [document] _, _ in .put(document) }
    }

    @Test("Changes are kept by their bytes as well, the newest in any case, over a restart too")
    func retainedBytes() async throws {
        let folder = RegistryFolder()
        var settings = StoreSettings.small
        settings.retainedBytes = 100_000
        var store = try folder.open(settings)
        let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e"))
        func write(_ bytes: Int, _ number: Int) async throws -> ResourceVersion {
            let text = "\(number)" + String(repeating: "ü", count: bytes / 2)
            let write = ObjectWrite(key, feeder: "api") { _, _ in .put(.object(["message": .string(text)])) }
            return try #require(try await store.write([write])[0].get().record).version
        }
        /// Bytes and number of the changes that are kept.
        func kept() async throws -> (size: Int, count: Int) {
            try await folder.database().read { database in
                let row = try #require(
                    try Row.fetchOne(
                        database, sql: "SELECT count(*) AS count, sum(\(StoredRows.changeSize)) AS size FROM changes"))
                let size: Int = try row.value("size")
                let version = try StoredRows.version(in: database)
                #expect(
                    try StoredRows.setting(StoreSetting.historySize, in: database) == "\(version.rawValue) \(size)")
                return (try row.value("size"), try row.value("count"))
            }
        }
        var versions: [ResourceVersion] = []
        for number in 0..<40 { versions.append(try await write(10_000, number)) }
        let several = try await kept()
        // Each has what the object was before: some 20,000 bytes.
        #expect((80_001...100_000).contains(several.size) && several.count == 4)
        store = try await reopened(&store, in: folder, settings)
        #expect(try await kept() == several)
        for number in 40..<45 { versions.append(try await write(10_000, number)) }
        #expect(try await kept().count == 4)
        let large = try await write(200_000, 45)
        #expect(try await kept().count == 1)
        // What an earlier program noted, or one made changes behind, is counted anew.
        for note in ["99999999", "1 99999999", "\(large.rawValue) x", ""] {
            store = try await reopened(&store, in: folder, settings) {
                try $0.execute(
                    sql: "UPDATE settings SET value = ? WHERE name = ?", arguments: [note, StoreSetting.historySize])
            }
            versions.append(try await write(10_000, versions.count))
            #expect(try await kept().size <= 220_000)
        }
        let last = try #require(versions.last)
        // Over another restart all is in order, and who follows is told.
        store = try await reopened(&store, in: folder, settings)
        #expect(RegistryCheck(directory: folder.path).problems == [])
        #expect(await store.newestVersion == last)
        var changes = try await store.changes(after: ResourceVersion(rawValue: last.rawValue - 1)).makeAsyncIterator()
        #expect(try await changes.next()?.map(\.version) == [last])
        await #expect(throws: ObjectStoreError.self) { _ = try await store.changes(after: versions[0]) }
    }

    @Test("What is read of former changes ends with the one by which it comes to its bytes")
    func changePages() async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        for number in 0..<10 {
            let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e\(number)"))
            let text = String(repeating: "x", count: 1000)
            _ = try await store.write([ObjectWrite(key, feeder: "api") { _, _ in .put(.object(["m": .string(text)])) }]
            )[0]
            .get()
        }
        let newest = await store.newestVersion
        let file = folder.file
        let counts = try await folder.database().read { database in
            try [1, 2500, 5000, .max].map { size in
                try StoredRows.changes(
                    after: ResourceVersion(rawValue: newest.rawValue - 10), limit: 8, size: size, in: database,
                    file: file
                ).count
            }
        }
        #expect(counts == [1, 3, 5, 8])
    }

    @Test("A list at a version is what was there then, page by page, over a restart as well")
    func listAtVersion() async throws {
        var generator = SeededGenerator.announced()
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/24", quarantine: 0, retained: 150)
        var store = try folder.open(settings)
        var history = History()
        for step in 0..<60 {
            var writes: [ObjectWrite] = []
            for _ in 0..<5 { writes.append(try Self.randomWrite(using: &generator)) }
            for result in await store.write(writes) { history.note(try result.get()) }
            if step == 30 {
                store = try await reopened(&store, in: folder, settings)
            }
            let newest = await store.newestVersion
            let oldest = ResourceVersion(rawValue: max(0, newest.rawValue - 150))
            let kind = [ObjectKind.namespace, .node, .service, .event].randomElement(using: &generator) ?? .node
            let namespace = kind.isNamespaced && Bool.random(using: &generator) ? "a" : nil
            var request = ListRequest(ObjectScope(kind, namespace: namespace))
            request.version = ResourceVersion(
                rawValue: .random(in: oldest.rawValue...newest.rawValue, using: &generator))
            let version = try #require(request.version)
            let expected = history.records(in: request.scope, at: version)
            let whole = try await store.objects(request)
            #expect(whole.records == expected, "step \(step), \(request)")
            #expect(whole.version == version && whole.remaining == 0)
            request.limit = .random(in: 1...4, using: &generator)
            var paged: [ObjectRecord] = []
            repeat {
                let page = try await store.objects(request)
                paged += page.records
                #expect(page.remaining == expected.count - paged.count, "step \(step), \(request)")
                #expect(page.records.count <= request.limit ?? 0)
                request.after = page.records.last?.key.id
                if page.remaining == 0 { break }
            } while paged.count <= expected.count
            #expect(paged == expected, "step \(step), \(request)")
            // The newest state, unasked for a version.
            let now = try await store.objects(ListRequest(request.scope))
            #expect(now.version == newest && now.records == history.records(in: request.scope, at: newest))
        }
    }

    @Test("A version that is no longer kept or not yet reached is refused, by lists and by watches alike")
    func refusedVersions() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24", retained: 20))
        for number in 0..<40 {
            try await store.create(clusterKey(.namespace, "n\(number)"), namespaceDocument("n\(number)"))
        }
        let (oldest, newest) = (ResourceVersion(rawValue: 21), ResourceVersion(rawValue: 41))
        #expect(await store.newestVersion == newest)
        let refusals: [(version: ResourceVersion, error: ObjectStoreError)] = [Int64(20), 0, 42].map { number in
            let version = ResourceVersion(rawValue: number)
            return (
                version,
                version < oldest
                    ? .versionTooOld(version, oldest: oldest) : .versionInFuture(version, newest: newest)
            )
        }
        for refusal in refusals {
            let request = ListRequest(ObjectScope(.namespace), version: refusal.version)
            await #expect(throws: refusal.error) { try await store.objects(request) }
            await #expect(throws: refusal.error) { try await store.changes(after: refusal.version) }
        }
        let request = ListRequest(ObjectScope(.namespace), version: oldest)
        #expect(try await store.objects(request).records.count == 20)
        var changes = try await store.changes(after: oldest).makeAsyncIterator()
        #expect(try await changes.next()?.map(\.version.rawValue) == Array(22...41))
    }

    @Test("A limit that limits nothing is none", arguments: [0, -1, Int.min, Int.max, 10])
    func vainLimit(_ limit: Int) async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        for number in 0..<10 {
            try await store.create(clusterKey(.namespace, "n\(number)"), namespaceDocument("n\(number)"))
        }
        let list = try await store.objects(ListRequest(ObjectScope(.namespace), limit: limit))
        #expect(list.records.count == 10 && list.remaining == 0)
    }

    @Test("Nothing is sorted for a page of a list, as it is or was: each begins where the one before has ended")
    func plan() throws {
        let folder = RegistryFolder()
        _ = try folder.open()
        let after = NamespacedName(namespace: "b", name: "x")
        for (namespace, after) in [(nil, nil), (nil, after), ("b", nil), ("b", after), ("a", after), ("c", after)] {
            let request = ListRequest(ObjectScope(.service, namespace: namespace), after: after, limit: 5)
            let list = StoredList(request)
            for source in [list.current, list.former(at: ResourceVersion(rawValue: 7))] {
                let steps = try folder.database().read {
                    try Row.fetchAll(
                        $0, sql: "EXPLAIN QUERY PLAN \(source.sql) ORDER BY namespace, name LIMIT 5",
                        arguments: source.arguments
                    ).map { try $0.value("detail") as String }
                }
                #expect(!steps.isEmpty && !steps.contains { $0.contains("B-TREE") }, "\(steps)")
            }
        }
    }

    @Test("A list's version can be watched from at once, while others write")
    func listThenWatch() async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        let writer = Task {
            for number in 0..<150 {
                try await store.create(clusterKey(.namespace, "n\(number)"), namespaceDocument("n\(number)"))
            }
        }
        var seen = ResourceVersion(rawValue: 0)
        while seen.rawValue < 151 {
            let list = try await store.objects(ListRequest(ObjectScope(.namespace)))
            #expect(list.version >= seen && list.records.count == Int(list.version.rawValue) - 1)
            seen = list.version
            _ = try await store.changes(after: seen)
        }
        try await writer.value
    }

    @Test("Watches that break off and resume, also beyond what is in memory, miss nothing and repeat nothing")
    func resume() async throws {
        var generator = SeededGenerator.announced()
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/16")
        do {
            let store = try folder.open(settings)
            // More than a reader is handed at a time.
            for start in stride(from: 0, to: 700, by: 100) {
                let writes = (start..<start + 100).map { number in
                    ObjectWrite.creating(clusterKey(.node, "n\(number)"), .object([:]))
                }
                #expect(await store.write(writes).allSatisfy { $0.error == nil })
            }
        }
        let store = try folder.open(settings)
        let end = ResourceVersion(rawValue: 701 + 2 * 300)
        let writers = Task {
            await withTaskGroup(of: Void.self) { tasks in
                for writer in 0..<3 {
                    tasks.addTask {
                        for number in 0..<100 {
                            guard let wanted = try? suppliedService("w\(writer)/s\(number)") else { continue }
                            _ = await store.write([.creating(wanted)])
                        }
                    }
                }
            }
        }
        for _ in 0..<3 {
            var position = ResourceVersion(rawValue: .random(in: 0...20, using: &generator))
            var versions = [position.rawValue]
            while position < end {
                var batches = Int.random(in: 1...6, using: &generator)
                for try await changes in try await store.changes(after: position) {
                    #expect(!changes.isEmpty && changes.count <= 4096)
                    versions += changes.map(\.version.rawValue)
                    position = try #require(changes.last).version
                    batches -= 1
                    if batches == 0 || position >= end { break }
                }
            }
            #expect(versions == Array(versions[0]...end.rawValue))
        }
        await writers.value
    }

    @Test("A reader that falls behind what is kept is told so, and what it has not read is freed")
    func slowReader() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24", retained: 30))
        let key = clusterKey(.namespace, "prod")
        try await store.create(key, namespaceDocument("prod"))
        var reader = try await store.changes(after: ResourceVersion(rawValue: 1)).makeAsyncIterator()
        let first = WeakChange(try await reader.next()?.first)
        let idle = try await store.changes(after: ResourceVersion(rawValue: 1))
        #expect(first.change != nil)
        for number in 0..<60 { try await store.update(key, namespaceDocument("prod", labels: ["n": "\(number)"])) }
        #expect(first.change == nil)
        var idler = idle.makeAsyncIterator()
        let oldest = ResourceVersion(rawValue: 32)
        await #expect(throws: ObjectStoreError.versionTooOld(ResourceVersion(rawValue: 2), oldest: oldest)) {
            _ = try await reader.next()
        }
        await #expect(throws: ObjectStoreError.versionTooOld(ResourceVersion(rawValue: 1), oldest: oldest)) {
            _ = try await idler.next()
        }
    }
}

private struct WeakChange {
    weak var change: RecordedChange?

    init(_ change: RecordedChange?) {
        self.change = change
    }
}
