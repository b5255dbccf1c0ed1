import Registry
import Testing

@testable import RegistryControllers

@Suite("Writes of slices")
struct SliceWriterTests {
    private let store = MemoryStore(clock: ManualClock().clock)
    private let content = SliceContent(
        labels: ["kubernetes.io/service-name": "web"], annotations: nil, addressType: .ipv4, ports: [],
        endpoints: [SliceEndpoint(addresses: ["10.0.0.1"], isReady: true)])

    private func writer(_ uid: String) -> SliceWriter {
        SliceWriter(owner: key(.service, "prod/web"), ownerUID: uid, triggerTime: nil)
    }

    private func stored() throws -> ManagedSlice {
        let record = try #require(store.all(.endpointSlice).first)
        return SliceDocument.slice(try record.document(), name: record.key.id.name, version: record.version)
    }

    private func errors(_ changes: SliceChanges, _ uid: String) -> [ObjectStoreError] {
        store.perform(writer(uid).writes(for: changes)).compactMap { result in
            guard case .failure(let error) = result else { return nil }
            return error as? ObjectStoreError
        }
    }

    @Test("A new slice has a name of its Service's and five characters, and belongs to it")
    func creation() throws {
        let service = try store.put(.service, "prod/web", serviceDocument())
        #expect(errors(SliceChanges(creates: [content, content]), service.uid).isEmpty)
        let names = store.all(.endpointSlice).map(\.key.id.name)
        #expect(Set(names).count == 2)
        for name in names { #expect(name.hasPrefix("web-") && name.count == 9, "\(name)") }
        #expect(try stored().ownerUID == service.uid)
    }

    @Test("A long name is cut, so that the generated one is a label")
    func longName() {
        let name = GeneratedName.name(prefix: String(repeating: "a", count: 63) + "-")
        #expect(name.count == 63 && NameRules.isLabel(name))
    }

    @Test("No slice for a Service that is gone or another one by now, or in a Namespace that goes")
    func refusals() throws {
        #expect(errors(SliceChanges(creates: [content]), "uid").isEmpty)
        let service = try store.put(.service, "prod/web", serviceDocument())
        #expect(errors(SliceChanges(creates: [content]), "another").isEmpty)
        try store.put(.namespace, "prod", #"{"metadata": {"deletionTimestamp": "2026-07-01T12:00:00Z"}}"#)
        #expect(errors(SliceChanges(creates: [content]), service.uid).isEmpty)
        #expect(store.all(.endpointSlice).isEmpty)
        try store.put(.namespace, "prod", "{}")
        #expect(errors(SliceChanges(creates: [content]), service.uid).isEmpty)
        #expect(store.all(.endpointSlice).count == 1)
    }

    @Test("A slice that has changed since is a conflict; one that is gone has nothing to be removed")
    func conflicts() throws {
        let service = try store.put(.service, "prod/web", serviceDocument())
        _ = errors(SliceChanges(creates: [content]), service.uid)
        let slice = try stored()
        let changed = try #require(
            try store.change(.endpointSlice, "prod/\(slice.name)") { $0["endpoints"] = .array([]) })
        let conflict = ObjectStoreError.conflict(changed.key, expected: slice.version, stored: changed.version)
        let update = SliceChanges(updates: [.init(slice: slice, content: content)])
        #expect(errors(update, service.uid) == [conflict])
        #expect(errors(SliceChanges(deletes: [slice]), service.uid) == [conflict])
        try store.delete(.endpointSlice, "prod/\(slice.name)")
        #expect(errors(update, service.uid) == [.notFound(changed.key)])
        #expect(errors(SliceChanges(deletes: [slice]), service.uid).isEmpty)
    }

    @Test("What others wrote into a slice's metadata stays, its generation counts on")
    func metadata() throws {
        let service = try store.put(.service, "prod/web", serviceDocument())
        _ = errors(SliceChanges(creates: [content]), service.uid)
        let name = try stored().name
        try store.change(.endpointSlice, "prod/\(name)") { document in
            document["metadata"]?["finalizers"] = .array([.string("example.com/hold")])
            document["metadata"]?["annotations"] = .map(["note": "n"])
        }
        var content = content
        content.endpoints = []
        #expect(errors(SliceChanges(updates: [.init(slice: try stored(), content: content)]), service.uid).isEmpty)
        let metadata = try #require(try store.document(.endpointSlice, "prod/\(name)")?["metadata"])
        #expect(metadata.strings("finalizers") == ["example.com/hold"])
        #expect(metadata.textMap("annotations") == ["note": "n"])
        #expect(metadata.integer("generation") == 2)
        #expect(errors(SliceChanges(deletes: [try stored()]), service.uid).isEmpty)
        let marked = try store.document(.endpointSlice, "prod/\(name)")
        #expect(marked?.at("metadata", "deletionTimestamp") != nil, "held by its finalizer")
    }
}
