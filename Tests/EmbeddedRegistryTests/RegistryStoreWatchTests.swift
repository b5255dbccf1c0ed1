import AddressAllocator
import EmbeddedRegistry
import Foundation
import Registry
import Testing

struct RegistryStoreWatchTests {
    @Test("A snapshot and what follows miss nothing and repeat nothing while others write", arguments: 0..<4)
    func continuity(_: Int) async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/16"))
        let writers = Task {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for writer in 0..<3 {
                    tasks.addTask {
                        for number in 0..<60 {
                            try store.put(try suppliedService("w\(writer)/s\(number)"))
                            if number % 3 == 2 { try store.put(deleting: "w\(writer)/s\(number - 1)") }
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
        var known: [ObjectKey: RegistryObject] = [:]
        var version: ResourceVersion?
        reading: for try await event in try await store.events() {
            switch event {
            case .snapshot(let objects, let at):
                #expect(version == nil)
                known = Dictionary(uniqueKeysWithValues: objects.map { ($0.key, $0) })
                version = at
            case .changes(let changes, let to):
                #expect(to.rawValue == (version?.rawValue ?? 0) + Int64(changes.count))
                version = to
                for change in changes {
                    switch change {
                    case .put(.other): break
                    case .put(let object): known[object.key] = object
                    // Of addresses a snapshot says nothing: no names are made of them.
                    case .delete(let key):
                        if key.kind != .ipAddress { #expect(known.removeValue(forKey: key) != nil) }
                    }
                }
            }
            // The range, then an address with each write of a Service and each removal.
            if version?.rawValue == 1 + 2 * 240 { break reading }
        }
        try await writers.value
        let objects = try store.everything(of: .service).objects
        #expect(known == Dictionary(uniqueKeysWithValues: objects.map { ($0.key, $0.object) }))
    }

    @Test("A watch from a version brings what came after it, then what comes")
    func fromVersion() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try store.put(try suppliedService("prod/a"))
        let address = try store.service("prod/a").clusterIP
        try store.put(try suppliedService("prod/b"), deleting: "prod/a")
        let other = try store.service("prod/b").clusterIP
        var changes = try await store.changes(after: ResourceVersion(rawValue: 3)).makeAsyncIterator()
        let missed = try #require(try await changes.next())
        #expect(
            missed.map(\.key) == [
                serviceKey("prod/a"), clusterKey(.ipAddress, address), clusterKey(.ipAddress, other),
                serviceKey("prod/b"),
            ])
        #expect(missed.map(\.kind) == [.deleted, .deleted, .added, .added])
        #expect(missed.map(\.version.rawValue) == [4, 5, 6, 7])
        try store.put(try suppliedService("prod/c"))
        let live = try #require(try await changes.next())
        #expect(live.map(\.key.kind) == [.ipAddress, .service] && live.last?.key == serviceKey("prod/c"))
        #expect(live.map(\.version.rawValue) == [8, 9])
    }

    @Test("Versions that are no longer kept, or not yet there, are refused")
    func refusedVersions() async throws {
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/24", retained: 5)
        do {
            let store = try folder.open(settings)
            for number in 0..<12 { try store.put(try suppliedService("prod/s\(number)")) }
        }
        let store = try folder.open(settings)
        await #expect(
            throws: ObjectStoreError.versionTooOld(ResourceVersion(rawValue: 19), oldest: ResourceVersion(rawValue: 20))
        ) { _ = try await store.changes(after: ResourceVersion(rawValue: 19)) }
        var changes = try await store.changes(after: ResourceVersion(rawValue: 20)).makeAsyncIterator()
        #expect(try await changes.next()?.map(\.version.rawValue) == [21, 22, 23, 24, 25])
        await #expect(
            throws: ObjectStoreError.versionInFuture(
                ResourceVersion(rawValue: 26), newest: ResourceVersion(rawValue: 25))
        ) { _ = try await store.changes(after: ResourceVersion(rawValue: 26)) }
    }

    /// Changes one Service again and again.
    private static func writeOften(_ store: RegistryStore, times: Int) throws {
        let kinds = ["None", "ClientIP"]
        for number in 0..<times {
            try store.put(try suppliedService("prod/a", ["sessionAffinity": .string(kinds[number % 2])]))
        }
    }

    @Test("A reader that is behind what is kept is cut off with a typed error, and nothing is buffered for it")
    func slowReader() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/27", retained: 50))
        let events = try await store.events()
        try Self.writeOften(store, times: 60)
        var count = 0
        let error = await #expect(throws: ObjectStoreError.self) {
            for try await _ in events { count += 1 }
        }
        // The snapshot it began with.
        #expect(count == 1)
        guard case .versionTooOld = error else {
            Issue.record("not ObjectStoreError.versionTooOld")
            return
        }
    }

    @Test("A reader that is behind what is in memory is brought up from the history, in pieces and in order")
    func broughtUp() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let first = await store.newestVersion
        var changes = try await store.changes(after: first).makeAsyncIterator()
        var events = try await store.events().makeAsyncIterator()
        // More than memory has.
        try Self.writeOften(store, times: 4200)
        var versions: [Int64] = []
        while versions.count < 4201 {
            let part = try #require(try await changes.next())
            // What comes from the history comes in pieces; the rest is there as it is.
            #expect(!versions.isEmpty || part.count < 4096)
            versions += part.map(\.version.rawValue)
        }
        #expect(versions == Array(first.rawValue + 1...first.rawValue + 4201))
        guard case .snapshot(_, let start)? = try await events.next() else {
            Issue.record("no snapshot")
            return
        }
        var known = start.rawValue
        while known < first.rawValue + 4201 {
            guard case .changes(let part, let end)? = try await events.next() else {
                Issue.record("no changes behind \(known)")
                return
            }
            #expect(end.rawValue == known + Int64(part.count))
            known = end.rawValue
        }
    }

    @Test("Of large changes few are in memory, and none is missed")
    func largeChanges() async throws {
        let message: JSONValue = .string(String(repeating: "x", count: 1 << 20))
        let store = try RegistryStore(location: .memory)
        let first = await store.newestVersion
        var changes = try await store.changes(after: first).makeAsyncIterator()
        for number in 0..<12 {
            let event = clusterKey(.event, "e\(number)")
            let outcome = await store.write([.creating(event, .object(["message": message]))])
            #expect(outcome.allSatisfy { $0.error == nil })
        }
        var sizes: [Int] = []
        var versions: [Int64] = []
        while versions.count < 12 {
            let part = try #require(try await changes.next())
            sizes.append(part.count)
            versions += part.map(\.version.rawValue)
        }
        // From the disk one by one, then what is in memory at once.
        #expect(sizes == [1, 1, 1, 1, 1, 7])
        #expect(versions == Array(first.rawValue + 1...first.rawValue + 12))
    }
}
