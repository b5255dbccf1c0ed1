import AddressAllocator
import Foundation
import GRDB
import Registry
import Testing

@testable import EmbeddedRegistry

struct RegistryStoreDocumentTests {
    @Test("A stored document keeps every field and gains what Kubernetes fills in")
    func completion() throws {
        let clock = StillClock()
        let store = try RegistryStore(location: .memory, settings: .small, clock: clock.clock)
        let report = try store.put(
            try suppliedService(
                "prod/web", ["x-unknown": .array([.number(1.5), .null])], extra: ["status": .object([:])]))
        #expect(report.created == 1 && report.failures.isEmpty && report.version.rawValue == 3)
        let stored = try #require(try store.stored("prod/web"))
        let spec = try #require(stored.document["spec"])
        #expect(spec["x-unknown"] == .array([.number(1.5), .null]) && stored.document["status"] == .object([:]))
        let address = try #require(spec["clusterIP"]?.string)
        #expect(spec["clusterIPs"] == .array([.string(address)]) && spec["ipFamilies"] == .array([.string("IPv4")]))
        #expect(spec["ipFamilyPolicy"] == .string("SingleStack"))
        let metadata = try #require(stored.document["metadata"])
        #expect(UUID(uuidString: metadata["uid"]?.string ?? "") != nil)
        #expect(metadata["creationTimestamp"] == .string("2027-01-15T08:00:00Z"))
        // The first versions are those of the range and of the address.
        #expect(metadata["resourceVersion"] == .string("3") && stored.version.rawValue == 3)
    }

    @Test("Instants are written as Kubernetes writes them")
    func timestamps() {
        #expect(Timestamp(milliseconds: 0).text == "1970-01-01T00:00:00Z")
        #expect(Timestamp(milliseconds: 951_782_399_999).text == "2000-02-28T23:59:59Z")
        #expect(Timestamp(milliseconds: 951_782_400_000).text == "2000-02-29T00:00:00Z")
        #expect(Timestamp(milliseconds: -1).text == "1969-12-31T23:59:59Z")
    }

    @Test("A write that changes nothing keeps the version and makes no event")
    func unchanged() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let web = try suppliedService("prod/web", ["type": .string("NodePort")])
        try store.put(web)
        let before = try store.stored("prod/web")
        let report = try store.put(web)
        #expect(report.unchanged == 1 && report.updated == 0 && report.version.rawValue == 3)
        #expect(try store.stored("prod/web") == before)
        let again = try store.replaceAll([web], feeder: "manifests")
        #expect(again.unchanged == 1 && again.deleted == 0)
        let labelled = try suppliedService(
            "prod/web", ["type": .string("NodePort"), "sessionAffinity": .string("None")])
        #expect(try store.put(labelled).updated == 1)
        let after = try #require(try store.stored("prod/web"))
        #expect(after.uid == before?.uid && after.version.rawValue == 4)
        #expect(after.document["metadata"]?["creationTimestamp"] == before?.document["metadata"]?["creationTimestamp"])
        #expect(after.document["spec"]?["clusterIP"] == before?.document["spec"]?["clusterIP"])
        #expect(after.document["spec"]?["ports"] == before?.document["spec"]?["ports"])
    }

    @Test("What was written is there after the process ends without a word, addresses and quarantine included")
    func restart() throws {
        let folder = RegistryFolder()
        let clock = StillClock()
        let settings = StoreSettings.ranges("10.0.0.0/27", "fd00::/112")
        var kept: [StoredObject] = []
        do {
            let store = try folder.open(settings, clock: clock.clock)
            try store.put(
                try suppliedService("prod/web", ["ipFamilyPolicy": .string("PreferDualStack")]),
                try suppliedService("prod/lb", ["type": .string("LoadBalancer")]),
                try suppliedService("prod/old", ["clusterIP": .string("10.0.0.9")]))
            try store.put(deleting: "prod/old")
            kept = try store.everything(of: .service).objects
            // A copy of the files is what a process that was killed leaves.
            try FileManager.default.copyItem(atPath: folder.path, toPath: folder.path + "-killed")
        }
        defer { try? FileManager.default.removeItem(atPath: folder.path + "-killed") }
        for path in [folder.path, folder.path + "-killed"] {
            let store = try RegistryStore(location: .directory(path), settings: settings, clock: clock.clock)
            let (objects, version) = try store.everything(of: .service)
            #expect(objects == kept && version.rawValue == 10)
            let addressing = try RegistryReader(directory: path).addressing()
            #expect(addressing.findings.isEmpty && addressing.allocations.count == 3)
            #expect(addressing.quarantine?.keys.map(\.description) == ["10.0.0.9"])
            for number in 0..<27 { try store.put(try suppliedService("prod/s\(number)")) }
            // All but the address that rests have been given out, and none has moved.
            #expect(try store.put(try suppliedService("prod/more")).failures.count == 1)
            #expect(try store.service("prod/web").clusterIPs == kept.last.map(\.object).flatMap(\.clusterIPs))
        }
    }

    @Test("The log is written through to the disk with every transaction")
    func durability() throws {
        let folder = RegistryFolder()
        let store = try folder.open()
        let (synchronous, journal) = try store.database.read { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                try String.fetchOne(database, sql: "PRAGMA journal_mode")
            )
        }
        #expect(synchronous == 2 && journal == "wal")
    }

    @Test("Start-up reconciliation removes what the feeder no longer supplies, and nothing of others")
    func reconciliation() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try store.put(try suppliedService("prod/a"), try suppliedService("prod/b"))
        try await store.create(try suppliedService("prod/c"))
        let report = try store.replaceAll([try suppliedService("prod/b")], feeder: "manifests")
        #expect(report.deleted == 1 && report.unchanged == 1)
        #expect(try store.everything(of: .service).objects.map(\.key) == [serviceKey("prod/b"), serviceKey("prod/c")])
    }

    @Test("A feeder leaves objects of others alone, their addresses too")
    func foreignObjects() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try await store.create(try suppliedService("prod/web"))
        let web = try #require(try store.stored("prod/web"))
        let report = try store.put(
            try suppliedService("prod/web", ["type": .string("ExternalName"), "externalName": .string("example.org")]))
        #expect(report.failures.map(\.reason) == ["belongs to api; left alone"])
        #expect(try store.put(deleting: "prod/web").deleted == 0)
        #expect(try store.stored("prod/web") == web)
        #expect(try store.everything(of: .ipAddress).objects.map(\.key.id.name) == [web.object.clusterIPs[0]])
    }

    @Test("Other kinds are kept as they come")
    func otherKinds() throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let document: JSONValue = .object([
            "apiVersion": .string("v1"), "kind": .string("Namespace"),
            "metadata": .object(["name": .string("prod"), "labels": .object(["a": .string("b")])]),
        ])
        let namespace = SuppliedObject(
            object: try RegistryObject(document, kind: .namespace), document: document, origin: "ns.yaml")
        #expect(try store.put(namespace).created == 1)
        #expect(try store.put(namespace).unchanged == 1)
        let stored = try #require(try store.everything(of: .namespace).objects.first)
        #expect(stored.document["metadata"]?["labels"] == .object(["a": .string("b")]))
        #expect(stored.origin == "ns.yaml" && stored.feeder == "manifests")
    }

    @Test("What nests deeper than it is read again is not written, whoever asks; the next start finds all in order")
    func depth() async throws {
        let folder = RegistryFolder()
        func namespace(_ name: String, levels: Int) throws -> SuppliedObject {
            // The document is a level as well, and so is the value inside.
            let nested = (0..<(levels - 2)).reduce(.string("x") as JSONValue) { value, _ in .array([value]) }
            let document: JSONValue = .object([
                "apiVersion": .string("v1"), "kind": .string("Namespace"),
                "metadata": .object(["name": .string(name)]), "more": nested,
            ])
            return SuppliedObject(
                object: try RegistryObject(document, kind: .namespace), document: document, origin: "ns.yaml")
        }
        let store = try folder.open()
        let results = await store.write([
            .creating(try namespace("fits", levels: StorableDocument.maximumDepth)),
            .creating(try namespace("too-deep", levels: StorableDocument.maximumDepth + 1)),
        ])
        #expect(results.map { $0.error == nil } == [true, false])
        #expect("\(String(describing: results[1].error))".contains("nests deeper than 252 levels"))
        #expect(try store.everything(of: .namespace).objects.map(\.key.id.name) == ["fits"])
        #expect(RegistryCheck(directory: folder.path).problems == [])
    }

    private static func annotated(_ id: String, _ text: String) throws -> SuppliedObject {
        var supplied = try suppliedService(id)
        var document = supplied.document
        document["metadata"]?["annotations"] = .object(["a/b": .string(text)])
        supplied = SuppliedObject(
            object: try RegistryObject(document, kind: .service), document: document, origin: supplied.origin)
        return supplied
    }

    @Test("Memory keeps of annotations what names or metrics are made of, from the write and from the next start on")
    func annotations() async throws {
        let folder = RegistryFolder()
        var store = try folder.open()
        let trigger = DiscoverySlice.lastChangeTriggerAnnotation
        let slice: JSONValue = .object([
            "metadata": .object([
                "name": .string("web-1"), "namespace": .string("prod"),
                "annotations": .object([trigger: .string("2026-01-01T00:00:00Z"), "a/b": .string("long")]),
            ]), "addressType": .string("IPv4"), "endpoints": .array([]), "ports": .array([]),
        ])
        let key = ObjectKey(.endpointSlice, NamespacedName(namespace: "prod", name: "web-1"))
        let results = await store.write([
            .creating(try Self.annotated("prod/web", String(repeating: "x", count: 100_000))),
            ObjectWrite(key, feeder: "api") { _, _ in .put(slice) },
        ])
        #expect(results.allSatisfy { $0.error == nil })
        let expected: [ObjectKey: [String: String]] = [
            serviceKey("prod/web"): [:], key: [trigger: "2026-01-01T00:00:00Z"],
        ]
        for _ in 0..<2 {
            let kept = try store.objectsOfNames().objects.map { ($0.key, $0.metadata.annotations) }
            #expect(Dictionary(kept) { first, _ in first } == expected)
            let stored = try #require(try await store.object(serviceKey("prod/web")))
            #expect(stored.text.utf8.count > 100_000)
            store = try await reopened(&store, in: folder, .small)
        }
    }

    @Test("What could not be read again, or has no room, is refused before it has an address; the next start is well")
    func unstorable() async throws {
        let folder = RegistryFolder()
        var store = try folder.open()
        let marks = "a" + String(repeating: "\u{301}", count: 31)
        let half = StorableDocument.maximumSize / 2
        // Each quote is two bytes of the text.
        let quotes = String(repeating: "\"", count: half)
        let results = await store.write([
            .creating(try Self.annotated("prod/marks", marks)),
            .creating(try Self.annotated("prod/large", String(repeating: "x", count: 2 * half))),
            .creating(try Self.annotated("prod/quotes", quotes)),
            .creating(try Self.annotated("prod/fits", String(repeating: "x", count: 2 * half - 2048))),
        ])
        #expect("\(String(describing: results[0].error))".contains("too many combining marks"))
        for (result, name) in zip(results[1...2], ["prod/large", "prod/quotes"]) {
            #expect(
                result.error as? ObjectStoreError
                    == .tooLarge(serviceKey(name), limit: StorableDocument.maximumSize))
        }
        #expect(results[3].error == nil)
        let report = try store.put(try Self.annotated("prod/feeder", marks), try suppliedService("prod/other"))
        #expect(report.failures.map(\.key) == [serviceKey("prod/feeder")] && report.created == 1)
        let names = try store.everything(of: .service).objects.map(\.key.id.name)
        #expect(names.sorted() == ["fits", "other"])
        #expect(try store.everything(of: .ipAddress).objects.count == 2)
        store = try await reopened(&store, in: folder, .small)
        #expect(try store.everything(of: .service).objects.count == 2)
        #expect(RegistryCheck(directory: folder.path).problems == [])
    }

    /// An Event, its text as long as makes so many bytes of it as it is stored, the version apart.
    private static func event(_ size: Int, leaving: Bool = false, finalizers: [String] = ["a/b", "c/d"]) -> JSONValue {
        var document: JSONValue = .object([
            "metadata": .object(["finalizers": .array(finalizers.map { .string($0) })]), "message": .string(""),
        ])
        if leaving { document["metadata"]?["deletionTimestamp"] = .string("2026-01-01T00:00:00Z") }
        let rest = size - JSONText.text(of: document).utf8.count
        document["message"] = .string(String(repeating: "x", count: max(0, rest)))
        return document
    }

    @Test("An object that an earlier version has let grow stays readable, and may stay, shrink and go, but not grow")
    func largeFromBefore() async throws {
        let folder = RegistryFolder()
        var store = try folder.open()
        let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e"))
        func put(_ document: JSONValue) async -> ObjectStoreError? {
            await store.write([ObjectWrite(key, feeder: "api") { _, _ in .put(document) }])[0].error
                as? ObjectStoreError
        }
        let large = 2 * StorableDocument.maximumSize - 4096
        #expect(await put(Self.event(2000)) == nil)
        let filled = try #require(try await store.object(key)).document()
        store = try await reopened(&store, in: folder, .small) { database in
            var document = filled
            document["message"] = .string(String(repeating: "x", count: large))
            try database.execute(
                sql: "UPDATE objects SET document = ?", arguments: [JSONText.text(of: document)])
        }
        let tooLarge = ObjectStoreError.tooLarge(key, limit: StorableDocument.maximumSize)
        let stored = try #require(try await store.object(key))
        #expect(stored.text.utf8.count > large)
        var document = try stored.document()
        #expect(await put(document) == nil, "as it is")
        document["message"] = .string(String(repeating: "x", count: large + 1))
        #expect(await put(document) == tooLarge)
        document["message"] = .string(String(repeating: "x", count: large))
        document["metadata"]?["deletionTimestamp"] = .string("2026-01-01T00:00:00Z")
        #expect(await put(document) == nil, "it may leave")
        document["metadata"]?["labels"] = .object(["a": .string("b")])
        #expect(await put(document) == tooLarge, "once only")
        document["metadata"]?["labels"] = nil
        document["metadata"]?["finalizers"] = .array([.string("a/b")])
        #expect(await put(document) == nil)
        #expect(await put(Self.event(10_000)) == nil)
        #expect(await put(document) == tooLarge)
    }

    @Test("What is added to an object by letting it go finds room where it is as large as may be")
    func atTheLimit() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e"))
        func put(_ document: JSONValue) async -> ObjectStoreError? {
            await store.write([ObjectWrite(key, feeder: "api") { _, _ in .put(document) }])[0].error
                as? ObjectStoreError
        }
        let tooLarge = ObjectStoreError.tooLarge(key, limit: StorableDocument.maximumSize)
        // Name, namespace, uid and time of creation: fewer than 200 bytes.
        #expect(await put(Self.event(StorableDocument.maximumSize)) == tooLarge)
        #expect(await put(Self.event(StorableDocument.maximumSize - 200)) == nil)
        #expect(await put(Self.event(StorableDocument.maximumSize + 4000, leaving: true)) == nil)
        #expect(await put(Self.event(StorableDocument.maximumSize + 9000, leaving: true)) == tooLarge)
    }

    @Test("The server finds room for what it adds to an object, and users do not take it away")
    func roomOfTheServer() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e"))
        func put(_ size: Int, by feeder: String) async -> ObjectStoreError? {
            await store.write([ObjectWrite(key, feeder: feeder) { _, _ in .put(Self.event(size)) }])[0].error
                as? ObjectStoreError
        }
        let limit = StorableDocument.maximumSize
        let tooLarge = ObjectStoreError.tooLarge(key, limit: limit)
        #expect(await put(limit - 200, by: Feeder.api) == nil)
        #expect(await put(limit + 4000, by: Feeder.api) == tooLarge)
        #expect(await put(limit + 100_000, by: Feeder.controllers) == nil)
        #expect(await put(limit + 140_000, by: Feeder.controllers) == tooLarge)
        #expect(await put(limit + 100_001, by: Feeder.api) == tooLarge)
        #expect(await put(limit + 99_000, by: Feeder.api) == nil, "made smaller")
    }

    @Test("What a Service is given has the room of the server")
    func largeService() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24", nodePorts: 30000...39999))
        let ports = (1...1000).map { JSONValue.object(["port": .integer($0), "name": .string("p\($0)")]) }
        func document(_ padding: Int) throws -> JSONValue {
            var document = try suppliedService("prod/web", ["type": .string("NodePort"), "ports": .array(ports)])
                .document
            document["metadata"]?["annotations"] = .object(["a": .string(String(repeating: "x", count: padding))])
            return document
        }
        let room = StorableDocument.maximumSize - JSONText.text(of: try document(0)).utf8.count - 300
        let outcome = await store.write([.creating(serviceKey("prod/web"), try document(room))])
        // The node ports of a thousand: within the room that the server has.
        #expect(outcome[0].error == nil)
        let stored = try #require(try await store.object(serviceKey("prod/web")))
        #expect(stored.text.utf8.count > StorableDocument.maximumSize)
    }

    @Test("Trials and what is left as it is end a transaction by their bytes, too")
    func longTrials() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let text = String(repeating: "x", count: 1 << 20)
        func event(_ number: Int, isTrial: Bool) -> ObjectWrite {
            let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e\(number)"))
            return ObjectWrite(key, feeder: "api", isTrial: isTrial) { _, _ in .put(.object(["message": .string(text)]))
            }
        }
        let before = store.transactions
        #expect(await store.write((0..<40).map { event($0, isTrial: true) }).allSatisfy { $0.error == nil })
        #expect(store.transactions - before == 5)
        #expect(await store.write([event(0, isTrial: false)])[0].error == nil)
        #expect(await store.write((0..<16).map { _ in event(0, isTrial: false) }).allSatisfy { $0.error == nil })
        #expect(store.transactions - before == 5 + 1 + 2)
    }

    @Test("What is long is written in several transactions, and each write has its own result")
    func longTransactions() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let before = store.transactions
        let text = String(repeating: "x", count: 1 << 20)
        func event(_ number: Int) -> ObjectWrite {
            let key = ObjectKey(.event, NamespacedName(namespace: "prod", name: "e\(number)"))
            return ObjectWrite(key, feeder: "api") { stored, _ in
                number % 10 == 9 ? .delete : .put(.object(["message": .string(text)]))
            }
        }
        let results = await store.write((0..<50).map(event))
        #expect(results.map { $0.error == nil } == (0..<50).map { $0 % 10 != 9 })
        #expect(
            results.compactMap { try? $0.get().record?.key.id.name }
                == (0..<50).filter { $0 % 10 != 9 }.map { "e\($0)" })
        // 45 MiB, 4 at a time.
        #expect(RegistryStore.transactionSize == 4 << 20 && store.transactions - before == 12)
    }

    @Test("Single writes check what the writer knows of the object")
    func preconditions() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let key = serviceKey("prod/web")
        let first = try await store.create(try suppliedService("prod/web"))
        await #expect(throws: ObjectStoreError.alreadyExists(key)) {
            try await store.create(try suppliedService("prod/web"))
        }
        await #expect(throws: ObjectStoreError.notFound(serviceKey("prod/api"))) {
            try await store.update(try suppliedService("prod/api"))
        }
        let second = try await store.update(
            try suppliedService("prod/web", ["type": .string("NodePort")]), expecting: first.version)
        #expect(second.uid == first.uid && second.version > first.version)
        #expect(try store.stored(key)?.feeder == "api")
        await #expect(throws: ObjectStoreError.conflict(key, expected: first.version, stored: second.version)) {
            try await store.update(try suppliedService("prod/web"), expecting: first.version)
        }
        await #expect(throws: ObjectStoreError.uidMismatch(key, expected: "x", stored: first.uid)) {
            try await store.delete(key, uid: "x")
        }
        let removed = try await store.delete(key, expecting: second.version)
        // As it was, at the version of its removal.
        var document = try second.document()
        document["metadata"]?["resourceVersion"] = .string("\(removed.version.rawValue)")
        #expect(try removed.document() == document && removed.version > second.version)
        await #expect(throws: ObjectStoreError.notFound(key)) { try await store.delete(key) }
    }

    @Test("A single write that cannot have its address changes nothing")
    func refusedCreation() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try await store.create(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
        let before = try store.everything(of: .service)
        let error = await #expect(throws: AddressingError.self) {
            try await store.create(try suppliedService("prod/b", ["clusterIP": .string("10.0.0.9")]))
        }
        #expect(error?.description == "spec.clusterIPs: 10.0.0.9 is already allocated to prod/web")
        let after = try store.everything(of: .service)
        #expect(after.objects == before.objects && after.version == before.version)
        #expect(try store.stored("prod/b") == nil)
        #expect(try await store.object(serviceKey("prod/b")) == nil)
    }
}

extension RegistryObject {
    /// The virtual IPs as written; empty for other kinds.
    fileprivate var clusterIPs: [String] {
        guard case .service(let service) = self else { return [] }
        return service.clusterIPs
    }
}
