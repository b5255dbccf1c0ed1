import AddressAllocator
import Foundation
import Registry
import Testing

@testable import EmbeddedRegistry

/// Writes of single objects: each a transaction by itself, those that come together flushed together.
struct RegistryStoreWriteTests {
    @Test("Of two writers that race for one address one gets it, and the other is told who cannot have what")
    func race() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24"))
        for round in 0..<100 {
            let address = "10.0.0.\(round + 20)"
            let results = await withTaskGroup(of: [Result<WriteOutcome, any Error>].self) { tasks in
                for name in ["a", "b"] {
                    tasks.addTask {
                        guard let wanted = try? suppliedService("r\(round)/\(name)", ["clusterIP": .string(address)])
                        else { return [] }
                        return await store.write([.creating(wanted)])
                    }
                }
                return await tasks.reduce(into: []) { $0 += $1 }
            }
            let outcomes = results.compactMap { try? $0.get() }
            #expect(results.count == 2 && outcomes.map(\.kind) == [.created], "round \(round)")
            let errors = results.compactMap { result -> AddressingError? in
                guard case .failure(let error) = result else { return nil }
                return error as? AddressingError
            }
            let winner = try #require(outcomes.first?.record).key.id
            let holder = try #require(IPAddress(address))
            #expect(errors.map(\.reason) == [.allocation(.addressTaken(holder, holder: winner))], "round \(round)")
            #expect(errors.first?.service?.namespace == "r\(round)" && errors.first?.service != winner)
            #expect(try await store.object(clusterKey(.ipAddress, address)) != nil)
        }
        #expect(try store.everything(of: .ipAddress).objects.count == 100)
        #expect(try store.everything(of: .service).objects.count == 100)
    }

    @Test("Writes that come while one is under way share the next transaction", arguments: [2, 40, 257, 300])
    func groupCommit(count: Int) async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        let before = store.transactions
        // The first holds the disk until all others wait.
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let first = ObjectWrite(clusterKey(.namespace, "first"), feeder: "api") { _, _ in
            beginning.finish()
            while store.queue.count < count - 1 { sched_yield() }
            return .put(namespaceDocument("first"))
        }
        let holder = Task { await store.write([first]) }
        for await _ in begun {}
        let outcomes = await withTaskGroup(of: [Result<WriteOutcome, any Error>].self) { tasks in
            for number in 1..<count {
                tasks.addTask {
                    let name = "n\(number)"
                    return await store.write([.creating(clusterKey(.namespace, name), namespaceDocument(name))])
                }
            }
            return await tasks.reduce(into: []) { $0 += $1 }
        }
        #expect(try await holder.value.map { try $0.get().kind } == [.created])
        #expect(try outcomes.map { try $0.get().kind } == Array(repeating: .created, count: count - 1))
        // At most 256 writes in one.
        #expect(store.transactions - before == 1 + (count - 1 + 255) / 256)
        #expect(try store.everything(of: .namespace).objects.count == count)
    }

    @Test("In one batch later writes see what earlier ones have done")
    func laterSeeEarlier() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29"))
        let namespace = clusterKey(.namespace, "prod")
        let wanted = try suppliedService("prod/web", ["clusterIP": .string("10.1.0.9")])
        let taker = try suppliedService("prod/taker", ["clusterIP": .string("10.1.0.9")])
        let results = await store.write([
            .creating(namespace, namespaceDocument("prod", labels: ["a": "1"])),
            .creating(namespace, namespaceDocument("prod")),
            .creating(clusterKey(.serviceCIDR, "extra"), rangeDocument("extra", "10.1.0.0/24")),
            ObjectWrite(wanted.object.key, feeder: "api") { stored, transaction in
                guard stored == nil, let record = try transaction.object(namespace) else {
                    throw ObjectStoreError.notFound(namespace)
                }
                var document = wanted.document
                document["metadata"]?["labels"] = try record.document()["metadata"]?["labels"]
                return .put(document)
            },
            .creating(taker), .deleting(wanted.object.key), .creating(taker),
        ])
        let kinds = results.map { try? $0.get().kind }
        #expect(kinds == [.created, nil, .created, .created, nil, .deleted, .created])
        #expect(results[1].error as? ObjectStoreError == .alreadyExists(namespace))
        #expect((results[4].error as? AddressingError)?.service == taker.object.key.id)
        let web = try #require(try results[3].get().record).document()
        #expect(web["metadata"]?["labels"] == .object(["a": .string("1")]))
        #expect(try store.service("prod/taker").clusterIP == "10.1.0.9")
    }

    @Test("A write that fails leaves no trace, and those beside it are carried out")
    func failuresApart() async throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        struct Refused: Error {}
        let named = try suppliedService("prod/a", ["clusterIP": .string("10.0.0.9")])
        let results = await store.write([
            .creating(named),
            ObjectWrite(serviceKey("prod/b"), feeder: "api") { _, _ in throw Refused() },
            .creating(try suppliedService("prod/c", ["clusterIP": .string("10.0.0.9")])),
            .creating(serviceKey("prod/d"), try json(#"{"metadata":{"labels":7},"spec":{"ports":"x"}}"#)),
            .creating(clusterKey(.ipAddress, "10.0.0.010"), addressDocument("10.0.0.010")),
            .creating(clusterKey(.ipAddress, "10.0.0.11"), try json(#"{"metadata":{"labels":[]}}"#)),
            .creating(clusterKey(.node, "e"), try json(#"{"metadata":{"annotations":[1]}}"#)),
            .deleting(serviceKey("prod/gone")),
            .creating(try suppliedService("prod/f", ["clusterIP": .string("10.0.0.11")])),
        ])
        #expect(results.map { (try? $0.get().kind) != nil } == [true] + Array(repeating: false, count: 7) + [true])
        #expect(results[1].error is Refused && results[2].error is AddressingError)
        for index in 3...6 {
            guard case .invalid? = results[index].error as? ObjectStoreError else {
                Issue.record("\(index): \(String(describing: results[index].error))")
                continue
            }
        }
        #expect(results[7].error as? ObjectStoreError == .notFound(serviceKey("prod/gone")))
        // The range, and two Services with an address each: no version is missing.
        #expect(await store.newestVersion.rawValue == 5)
        #expect(RegistryCheck(directory: folder.path).problems == [])
        #expect(try await store.delete(serviceKey("prod/f")).version.rawValue == 6)
    }

    @Test("What the store sets in a document, it sets whatever the document says")
    func metadata() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        var wanted = try suppliedService("prod/web").document
        wanted["metadata"] = .object([
            "name": .string("other"), "namespace": .string("elsewhere"), "uid": .string("mine"),
            "resourceVersion": .string("77"), "creationTimestamp": .string("1999-01-01T00:00:00Z"),
        ])
        let record = try await store.create(serviceKey("prod/web"), wanted)
        let metadata = try #require(try record.document()["metadata"])
        #expect(metadata["name"] == .string("web") && metadata["namespace"] == .string("prod"))
        #expect(metadata["uid"] == .string(record.uid) && record.uid != "mine")
        #expect(metadata["resourceVersion"] == .string("\(record.version.rawValue)") && record.version.rawValue == 3)
        #expect(metadata["creationTimestamp"] != .string("1999-01-01T00:00:00Z"))
        let address = try store.service("prod/web").clusterIP
        let holder = try #require(try await store.object(clusterKey(.ipAddress, address))).document()
        #expect(holder["spec"]?["parentRef"]?["namespace"] == .string("prod"))
        // And what it is told already, it does not write again.
        let again = try await store.write(.updating(serviceKey("prod/web"), try record.document()))
        #expect(again == WriteOutcome(kind: .unchanged, record: record))
    }

    @Test("After a restart all is as it was: objects, versions, what changed, and what is not handed out")
    func restart() async throws {
        let folder = RegistryFolder()
        let clock = StillClock()
        let settings = StoreSettings.ranges("10.0.0.0/28", "fd00::/112")
        var kept: [ObjectKind: [ObjectRecord]] = [:]
        var newest = ResourceVersion(rawValue: 0)
        var told: [String] = []
        do {
            let store = try folder.open(settings, clock: clock.clock)
            try await store.create(clusterKey(.ipAddress, "10.0.0.14"), addressDocument("10.0.0.14"))
            for number in 0..<8 {
                try await store.create(
                    try suppliedService("prod/s\(number)", ["ipFamilyPolicy": .string("PreferDualStack")]))
            }
            try await store.create(clusterKey(.serviceCIDR, "extra"), rangeDocument("extra", "10.1.0.0/29"))
            try await store.create(clusterKey(.namespace, "prod"), namespaceDocument("prod"))
            try await store.update(clusterKey(.namespace, "prod"), namespaceDocument("prod", labels: ["a": "b"]))
            try await store.delete(serviceKey("prod/s3"))
            for kind in ObjectKind.allCases {
                kept[kind] = try await store.objects(ListRequest(ObjectScope(kind))).records
            }
            newest = await store.newestVersion
            told = try await changes(of: store, after: 0, to: newest)
        }
        let store = try folder.open(settings, clock: clock.clock)
        for kind in ObjectKind.allCases {
            let list = try await store.objects(ListRequest(ObjectScope(kind)))
            #expect(list.records == kept[kind] && list.version == newest, "\(kind)")
        }
        #expect(await store.newestVersion == newest)
        #expect(try await changes(of: store, after: 0, to: newest) == told)
        #expect(told.count == Int(newest.rawValue))
        // 14 of the first range and 6 of the second, without those held, claimed and resting.
        for number in 0..<11 { try await store.create(try suppliedService("prod/t\(number)")) }
        let error = await #expect(throws: AddressingError.self) {
            try await store.create(try suppliedService("prod/more"))
        }
        #expect(error?.isInternal == true)
        let next = try await store.update(clusterKey(.namespace, "prod"), namespaceDocument("prod"))
        #expect(next.version.rawValue == newest.rawValue + 2 * 11 + 1)
    }

    /// What changed after a version, as texts.
    private func changes(of store: RegistryStore, after version: Int64, to end: ResourceVersion) async throws
        -> [String]
    {
        var texts: [String] = []
        for try await changes in try await store.changes(after: ResourceVersion(rawValue: version)) {
            texts += changes.map { "\($0.kind) \($0.record) \($0.formerText ?? "")" }
            if changes.last.map({ $0.version >= end }) == true { break }
        }
        return texts
    }
}

extension Result {
    /// Why it failed; nil where it did not.
    var error: (any Error)? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
