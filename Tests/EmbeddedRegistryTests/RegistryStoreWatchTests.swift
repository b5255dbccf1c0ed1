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
                    case .put(let object): known[object.key] = object
                    case .delete(let key): #expect(known.removeValue(forKey: key) != nil)
                    }
                }
            }
            if version?.rawValue == 240 { break reading }
        }
        try await writers.value
        let objects = try store.objects(of: .service).objects
        #expect(known == Dictionary(uniqueKeysWithValues: objects.map { ($0.key, $0.object) }))
    }

    @Test("A watch from a version brings what came after it, then what comes")
    func fromVersion() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try store.put(try suppliedService("prod/a"))
        try store.put(try suppliedService("prod/b"), deleting: "prod/a")
        var events = try store.events(after: ResourceVersion(rawValue: 1)).makeAsyncIterator()
        try store.put(try suppliedService("prod/c"))
        guard case .changes(let missed, let to)? = try await events.next() else {
            Issue.record("no changes")
            return
        }
        #expect(missed.map(\.key) == [serviceKey("prod/a"), serviceKey("prod/b")] && to.rawValue == 3)
        guard case .changes(let live, let then)? = try await events.next() else {
            Issue.record("no changes")
            return
        }
        #expect(live.map(\.key) == [serviceKey("prod/c")] && then.rawValue == 4)
    }

    @Test("Versions that are no longer kept, or not yet there, are refused")
    func refusedVersions() throws {
        let folder = StoreFolder()
        let settings = StoreSettings.ranges("10.0.0.0/24", retained: 5)
        do {
            let store = try folder.open(settings)
            for number in 0..<12 { try store.put(try suppliedService("prod/s\(number)")) }
        }
        let store = try folder.open(settings)
        #expect(
            throws: StoreError.versionTooOld(ResourceVersion(rawValue: 6), oldest: ResourceVersion(rawValue: 7))
        ) { try store.events(after: ResourceVersion(rawValue: 6)) }
        _ = try store.events(after: ResourceVersion(rawValue: 7))
        #expect(
            throws: StoreError.versionInFuture(ResourceVersion(rawValue: 13), newest: ResourceVersion(rawValue: 12))
        ) { try store.events(after: ResourceVersion(rawValue: 13)) }
    }

    @Test("A reader that never reads is cut off with a typed error, not buffered without end")
    func slowReader() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let events = try await store.events()
        let kinds = ["None", "ClientIP"]
        for number in 0..<4200 {
            try store.put(try suppliedService("prod/a", ["sessionAffinity": .string(kinds[number % 2])]))
        }
        var count = 0
        let error = await #expect(throws: StoreError.self) {
            for try await _ in events { count += 1 }
        }
        #expect(count == 4096)
        guard case .versionTooOld = error else {
            Issue.record("not a StoreError.versionTooOld")
            return
        }
    }
}
