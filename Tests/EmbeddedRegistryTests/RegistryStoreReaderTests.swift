import AddressAllocator
import EmbeddedRegistry
import Foundation
import Registry
import Testing

struct RegistryStoreReaderTests {
    @Test("Without a registry the reader says which file is missing, and makes none")
    func missing() throws {
        let folder = RegistryFolder()
        let error = #expect(throws: StoreError.self) { try RegistryReader(directory: folder.path) }
        #expect(error?.description.hasPrefix("no registry at \(folder.file); ") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test("While a server writes, each read is of one moment")
    func besideServer() async throws {
        let folder = RegistryFolder()
        let store = try folder.open(.ranges("10.0.0.0/24", "fd00::/112"))
        try store.put(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
        let reader = try RegistryReader(directory: folder.path)
        #expect(try reader.services().map(\.clusterIP) == ["10.0.0.9"])
        #expect(try reader.version().rawValue == 3)
        let writer = Task {
            for round in 0..<100 {
                try store.put(try suppliedService("prod/s\(round % 5)", ["type": .string("NodePort")]))
                try store.put(deleting: "prod/s\(round % 5)")
            }
        }
        for _ in 0..<50 {
            #expect(try reader.addressing().findings.isEmpty)
            await Task.yield()
        }
        try await writer.value
    }

    @Test("What is free, used, resting and waited for is told as it is")
    func addressing() throws {
        let folder = RegistryFolder()
        let store = try folder.open(.ranges("10.0.0.0/29", nodePorts: 30000...30099))
        for number in 0..<7 { try store.put(try suppliedService("prod/s\(number)")) }
        try store.put(deleting: "prod/s0")
        let addressing = try RegistryReader(directory: folder.path).addressing()
        #expect(addressing.ranges.map(\.cidr.description) == ["10.0.0.0/29"])
        #expect(addressing.nodePortRange == 30000...30099)
        #expect(addressing.allocations.count == 5 && addressing.quarantine?.count == 1)
        #expect(addressing.pending.keys.map(\.description) == ["prod/s6"])
    }

    @Test("Beside no server the reader reads, and leaves no file behind", arguments: [true, false])
    func withoutServer(isClosedCleanly: Bool) throws {
        let folder = RegistryFolder()
        let other = folder.path + "-copy"
        defer { try? FileManager.default.removeItem(atPath: other) }
        do {
            let store = try folder.open()
            try store.put(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
            if !isClosedCleanly { try FileManager.default.copyItem(atPath: folder.path, toPath: other) }
        }
        if isClosedCleanly { try FileManager.default.copyItem(atPath: folder.path, toPath: other) }
        let before = try FileManager.default.contentsOfDirectory(atPath: other).sorted()
        for _ in 0..<2 {
            let reader = try RegistryReader(directory: other)
            #expect(try reader.services().map(\.clusterIP) == ["10.0.0.9"])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: other).sorted() == before)
    }

    @Test("A reader that is open while a server starts, writes and stops follows it")
    func followsServer() throws {
        let folder = RegistryFolder()
        do { try folder.open().put(try suppliedService("prod/a")) }
        let reader = try RegistryReader(directory: folder.path)
        #expect(try reader.services().count == 1)
        for round in 2...4 {
            do {
                let store = try folder.open()
                try store.put(try suppliedService("prod/s\(round)"))
                #expect(try reader.services().count == round)
            }
            #expect(try reader.services().count == round)
        }
    }

    @Test("Changes of another process's writes arrive as they are committed")
    func changes() async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        try store.put(try suppliedService("prod/a"))
        var events = try await RegistryReader(directory: folder.path).events().makeAsyncIterator()
        for round in 1...5 {
            guard case .snapshot(let objects, let version)? = try await events.next() else {
                Issue.record("no snapshot")
                return
            }
            #expect(objects.filter { $0.kind == .service }.count == round)
            #expect(version.rawValue == Int64(1 + 2 * round))
            try store.put(try suppliedService("prod/s\(round)"))
        }
    }

    @Test("Whoever reads slowly is handed the newest state, not one for each change")
    func slowReader() async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        let reader = try RegistryReader(directory: folder.path)
        let slow = try await reader.events()
        var quick = try await reader.events().makeAsyncIterator()
        let rounds = 60
        _ = try await quick.next()
        for round in 1...rounds {
            try store.put(try suppliedService("prod/s\(round)"))
            // The other one has been told of it at about the same time.
            _ = try await quick.next()
        }
        var count = 0
        for try await case .snapshot(let objects, _) in slow {
            count += 1
            if objects.filter({ $0.kind == .service }).count == rounds { break }
        }
        #expect(count < rounds / 2)
    }
}
