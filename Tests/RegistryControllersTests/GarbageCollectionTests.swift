import Registry
import Testing

@testable import RegistryControllers

@Suite("Garbage collection by owners")
struct GarbageCollectionTests {
    private static func owned(by owners: (kind: ObjectKind, name: String, uid: String)..., blocks: Bool = true)
        -> String
    {
        let references = owners.map {
            #"{"apiVersion": "\#($0.kind.apiVersion)", "kind": "\#($0.kind.rawValue)", "name": "\#($0.name)", "#
                + #""uid": "\#($0.uid)", "blockOwnerDeletion": \#(blocks)}"#
        }
        return #"{"metadata": {"ownerReferences": [\#(references.joined(separator: ", "))]}}"#
    }

    /// Marks an object as the API does where a policy asks for a finalizer.
    private static func mark(_ kind: ObjectKind, _ id: String, _ finalizer: String, in running: RunningControllers)
        throws
    {
        let now = running.manual.now.text
        try running.store.change(kind, id) { document in
            document["metadata"]?["deletionTimestamp"] = .string(now)
            document["metadata"]?["deletionGracePeriodSeconds"] = .integer(0)
            document["metadata"]?["finalizers"] = .array([.string(finalizer)])
        }
    }

    @Test("Background: dependents go behind their owner, and theirs behind them")
    func background() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let owner = try store.put(.lease, "prod/top", "{}")
            let middle = try store.put(.pod, "prod/middle", Self.owned(by: (.lease, "top", owner.uid)))
            try store.put(.endpoints, "prod/low", Self.owned(by: (.pod, "middle", middle.uid)))
            try store.put(.pod, "prod/free", "{}")
            await running.settled()
            #expect(store.all(.pod).count == 2)
            try store.delete(.lease, "prod/top")
            await running.settled()
            #expect(store.all(.pod).map(\.key.id.name) == ["free"])
            #expect(store.all(.endpoints).isEmpty)
        }
    }

    @Test("An object with another owner loses the reference to the one that is gone")
    func twoOwners() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let first = try store.put(.lease, "prod/first", "{}")
            let second = try store.put(.lease, "prod/second", "{}")
            try store.put(
                .pod, "prod/a", Self.owned(by: (.lease, "first", first.uid), (.lease, "second", second.uid)))
            await running.settled()
            try store.delete(.lease, "prod/first")
            await running.settled()
            let owners = try store.document(.pod, "prod/a")?["metadata"]?.list("ownerReferences") ?? []
            #expect(owners.map { $0.text("name") } == ["second"])
            try store.delete(.lease, "prod/second")
            await running.settled()
            #expect(store.all(.pod).isEmpty)
        }
    }

    @Test("What was made for an owner that is not there goes; owners of unknown kinds count as there")
    func absentOwners() async throws {
        try await RunningControllers.with(prepare: { store in
            try store.put(.pod, "prod/early", Self.owned(by: (.lease, "gone", "uid-x")))
        }) { running in
            let store = running.store
            #expect(store.all(.pod).isEmpty)
            let lease = try store.put(.lease, "prod/lease", "{}")
            try store.put(.pod, "prod/lost", Self.owned(by: (.lease, "lease", "uid-of-a-former-one")))
            try store.put(.pod, "prod/kept", Self.owned(by: (.lease, "lease", lease.uid)))
            try store.put(
                .pod, "prod/replica",
                #"{"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "#
                    + #""uid": "1"}]}}"#)
            await running.settled()
            #expect(store.all(.pod).map(\.key.id.name) == ["kept", "replica"])
        }
    }

    @Test(
        "Foreground: the owner goes behind those dependents that block it, which wait for theirs",
        arguments: [true, false])
    func foreground(blocks: Bool) async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let owner = try store.put(.lease, "prod/top", "{}")
            let middle = try store.put(
                .pod, "prod/middle", Self.owned(by: (.lease, "top", owner.uid), blocks: blocks))
            var low = try json(Self.owned(by: (.pod, "middle", middle.uid)))
            low["metadata"]?["finalizers"] = .array([.string("example.com/hold")])
            try store.put(.endpoints, "prod/low", low)
            await running.settled()
            try Self.mark(.lease, "prod/top", "foregroundDeletion", in: running)
            await running.settled()
            let finalizers = try store.document(.pod, "prod/middle")?["metadata"]?.strings("finalizers")
            #expect(finalizers == (blocks ? ["foregroundDeletion"] : nil))
            #expect((store.record(key(.lease, "prod/top")) != nil) == blocks)
            #expect(try store.document(.endpoints, "prod/low")?.at("metadata", "deletionTimestamp") != nil)
            try store.delete(.endpoints, "prod/low")
            await running.settled()
            #expect(store.all(.pod).isEmpty)
            #expect(store.all(.lease).isEmpty)
        }
    }

    @Test("A circle of owners does not wait for itself")
    func circle() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let first = try store.put(.pod, "prod/first", "{}")
            let second = try store.put(.pod, "prod/second", Self.owned(by: (.pod, "first", first.uid)))
            try store.put(.pod, "prod/first", Self.owned(by: (.pod, "second", second.uid)))
            await running.settled()
            #expect(store.all(.pod).count == 2)
            try Self.mark(.pod, "prod/first", "foregroundDeletion", in: running)
            await running.settled()
            #expect(store.all(.pod).isEmpty)
        }
    }

    @Test("Orphan: dependents lose the reference and live on")
    func orphan() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let owner = try store.put(.lease, "prod/top", "{}")
            for number in 0..<3 {
                try store.put(.pod, "prod/p\(number)", Self.owned(by: (.lease, "top", owner.uid)))
            }
            await running.settled()
            try Self.mark(.lease, "prod/top", "orphan", in: running)
            await running.settled()
            #expect(store.all(.lease).isEmpty)
            #expect(store.all(.pod).count == 3)
            for record in store.all(.pod) {
                #expect(try record.document()["metadata"]?["ownerReferences"] == nil)
            }
        }
    }
}
