import Foundation
import Glibc
import Registry
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// A registry that cannot be written at the start is served from a copy, and takes writes once the disk does.
struct RegistryStoreReopeningTests {
    private let folder = RegistryFolder()
    private let clock = StillClock()

    private var lockFile: String { "\(folder.path)/registry.lock" }

    /// Leaves a registry with prod/web behind, which nobody can take for writing until `mend`: by a folder in the place
    /// of the lock, which stops root as well.
    private func spoil() throws {
        do {
            let store = try folder.open(clock: clock.clock)
            try store.put(try suppliedService("prod/web"))
        }
        try FileManager.default.removeItem(atPath: lockFile)
        try FileManager.default.createDirectory(atPath: lockFile, withIntermediateDirectories: false)
    }

    private func mend() throws { try FileManager.default.removeItem(atPath: lockFile) }

    private func expectReadOnly(_ store: RegistryStore) async throws {
        let error = await #expect(throws: ObjectStoreError.self) {
            try await store.create(try suppliedService("prod/api"))
        }
        guard case .unavailable(.readOnly(let reason))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(folder.path))
    }

    @Test("Reading goes on meanwhile and behind it, in the same streams")
    func reopening() async throws {
        try spoil()
        do {
            let store = try folder.open(clock: clock.clock)
            #expect(store.refusal != nil)
            try store.record(ServerRecord(zone: "cluster.local", listeners: []))
            var events = try await store.events().makeAsyncIterator()
            guard case .snapshot(let objects, let version)? = try await events.next() else {
                Issue.record("no snapshot")
                return
            }
            #expect(objects.map(\.key) == [serviceKey("prod/web")])
            var changes = try await store.changes(after: version).makeAsyncIterator()
            for _ in 0..<2 { try await expectReadOnly(store) }
            #expect(try await store.object(serviceKey("prod/web")) != nil)
            #expect(store.refusal != nil)

            try mend()
            let record = try await store.create(try suppliedService("prod/api"))
            #expect(store.refusal == nil)
            #expect(try store.service("prod/api").clusterIP != (try store.service("prod/web").clusterIP))
            guard case .changes(_, let to)? = try await events.next() else {
                Issue.record("the stream begins anew")
                return
            }
            #expect(to >= record.version)
            #expect(try await changes.next()?.contains { $0.key == serviceKey("prod/api") } == true)
            let error = #expect(throws: StoreError.self) { _ = try folder.open() }
            guard case .alreadyServed? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(RegistryCheck(directory: folder.path).problems == [])
        let reader = try RegistryReader(directory: folder.path)
        #expect(Set(try reader.objects(of: .service).map(\.key.id.name)) == ["web", "api"])
        #expect(try reader.server()?.zone == "cluster.local")
    }

    @Test("What another server has written meanwhile counts: readers begin anew")
    func overtaken() async throws {
        try spoil()
        let store = try folder.open(clock: clock.clock)
        var events = try await store.events().makeAsyncIterator()
        _ = try await events.next()
        let version = await store.newestVersion
        var changes = try await store.changes(after: version).makeAsyncIterator()
        try mend()
        var taken = ""
        do {
            let other = try folder.open(clock: clock.clock)
            try other.put(try suppliedService("prod/other"), deleting: "prod/web")
            taken = try other.service("prod/other").clusterIP
            // Two servers at a time there are never.
            let error = await #expect(throws: ObjectStoreError.self) {
                try await store.create(try suppliedService("prod/api"))
            }
            #expect("\(String(describing: error))".contains("in use by another server"))
        }
        try await store.create(try suppliedService("prod/api"))
        await #expect(throws: ObjectStoreError.self) { _ = try await events.next() }
        await #expect(throws: ObjectStoreError.self) { _ = try await changes.next() }
        let objects = try store.objectsOfNames().objects
        #expect(Set(objects.map(\.key)) == [serviceKey("prod/other"), serviceKey("prod/api")])
        #expect(try store.service("prod/api").clusterIP != taken)
    }

    @Test("A disk that has become writable is noticed without a write")
    func upkeep() async throws {
        try spoil()
        // The next version to be given is behind one that was told of.
        try Data("70\n".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/registry.version"))
        let store = try folder.open(clock: clock.clock)
        #expect(store.repair?.contains("goes on at version 71") == true)
        let (told, continuation) = AsyncStream<String?>.makeStream()
        let upkeep = Task {
            try await store.run { repair in
                continuation.yield(repair)
                continuation.finish()
            }
        }
        let advancing = Task {
            // Asked in vain at first.
            await until { clock.sleeps != 0 }
            try mend()
            clock.advance(seconds: 10)
        }
        var repairs: [String?] = []
        for await repair in told { repairs.append(repair) }
        #expect(repairs == [store.repair] && repairs.first??.contains("goes on at version 71") == true)
        try await advancing.value
        #expect(store.refusal == nil)
        upkeep.cancel()
        clock.wakeAll()
        _ = try? await upkeep.value
    }

    @Test("A disk without room for anything stays refused")
    func probe() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try StoreFolder.probe(folder.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        // The device that is always full.
        symlink("/dev/full", "\(folder.path)/registry.probe")
        let error = #expect(throws: StoreError.self) { try StoreFolder.probe(folder.path) }
        guard case .full? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
