import Registry
import Testing

@testable import RegistryControllers

@Suite("Removal of Namespaces")
struct NamespaceRemovalTests {
    private static let active =
        #"{"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}"#

    /// Marks a Namespace as the API does.
    private static func mark(_ name: String, in running: RunningControllers) throws {
        let now = running.manual.now.text
        try running.store.change(.namespace, name) { document in
            document["metadata"]?["deletionTimestamp"] = .string(now)
            document["status"]?["phase"] = .string("Terminating")
        }
    }

    @Test("The content goes, then the Namespace; nothing of others")
    func removal() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            for name in ["prod", "other"] {
                try store.put(.namespace, name, Self.active)
                try store.put(.service, "\(name)/web", serviceDocument())
                try store.put(.pod, "\(name)/a", podDocument("10.0.0.1"))
                try store.put(.event, "\(name)/e", "{}")
                try store.put(.lease, "\(name)/l", "{}")
                for number in 0..<600 { try store.put(.endpoints, "\(name)/x\(number)", "{}") }
            }
            await running.settled()
            try Self.mark("prod", in: running)
            await running.settled()
            #expect(store.record(key(.namespace, "prod")) == nil)
            for kind in ObjectKind.allCases where kind.isNamespaced {
                #expect(store.all(kind, in: "prod").isEmpty, "\(kind)")
            }
            #expect(store.record(key(.namespace, "other")) != nil)
            #expect(store.all(.endpoints, in: "other").count == 601)
            #expect(try store.endpoints(of: "other/web") == ["10.0.0.1 TTF"])
        }
    }

    @Test("What finalizers hold is marked and waited for, and the Namespace says so")
    func finalizers() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.namespace, "prod", Self.active)
            try store.put(
                .pod, "prod/held", podDocument("10.0.0.1", metadata: #""finalizers": ["example.com/hold"]"#))
            try store.put(.pod, "prod/free", podDocument("10.0.0.2"))
            await running.settled()
            try Self.mark("prod", in: running)
            await running.settled()
            #expect(store.all(.pod, in: "prod").map(\.key.id.name) == ["held"])
            #expect(try store.document(.pod, "prod/held")?.at("metadata", "deletionTimestamp") != nil)
            let namespace = try #require(try store.document(.namespace, "prod"))
            let conditions = namespace["status"]?.list("conditions") ?? []
            let messages = Dictionary(
                uniqueKeysWithValues: conditions.filter { $0.text("status") == "True" }.map {
                    ($0.text("type"), $0.text("message"))
                })
            #expect(
                messages == [
                    "NamespaceContentRemaining": "Some resources are remaining: pods. has 1 resource instances",
                    "NamespaceFinalizersRemaining":
                        "Some content in the namespace has finalizers remaining: "
                        + "example.com/hold in 1 resource instances",
                ])
            // As the API does with the last finalizer of an object that is being removed.
            try store.delete(.pod, "prod/held")
            await running.settled()
            #expect(store.record(key(.namespace, "prod")) == nil)
        }
    }

    @Test("A finalizer of the Namespace's own keeps it once its content is gone")
    func ownFinalizer() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(
                .namespace, "prod",
                #"{"metadata": {"finalizers": ["example.com/hold"]}, "spec": {"finalizers": ["kubernetes"]}}"#)
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            try Self.mark("prod", in: running)
            await running.settled()
            #expect(store.all(.pod, in: "prod").isEmpty)
            let namespace = try #require(try store.document(.namespace, "prod"))
            #expect(namespace["spec"]?.list("finalizers") == [])
            #expect(namespace["metadata"]?.strings("finalizers") == ["example.com/hold"])
        }
    }

    @Test("Controllers write nothing into a Namespace that is being removed")
    func nothingComes() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.namespace, "prod", Self.active)
            try store.put(
                .pod, "prod/held", podDocument("10.0.0.1", metadata: #""finalizers": ["example.com/hold"]"#))
            try store.put(
                .service, "prod/web",
                #"{"metadata": {"finalizers": ["example.com/hold"]}, "spec": {"selector": {"app": "web"}, "#
                    + #""ports": [{"port": 80}], "ipFamilies": ["IPv4"]}}"#)
            await running.settled()
            #expect(store.all(.endpointSlice, in: "prod").count == 1)
            try Self.mark("prod", in: running)
            await running.settled()
            await running.advance(seconds: 5)
            #expect(store.all(.endpointSlice, in: "prod").isEmpty)
            #expect(store.all(.endpoints, in: "prod").isEmpty)
        }
    }

    @Test("A Namespace is not read anew for each of the many objects that finalizers have held")
    func manyHeld() async throws {
        let count = 100
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.namespace, "prod", Self.active)
            for number in 0..<count {
                try store.put(.lease, "prod/l\(number)", #"{"metadata": {"finalizers": ["example.com/hold"]}}"#)
            }
            await running.settled()
            try Self.mark("prod", in: running)
            await running.settled()
            #expect(store.all(.lease, in: "prod").count == count)
            store.resetCounts()
            for number in 1..<count {
                try store.delete(.lease, "prod/l\(number)")
                await running.settled()
            }
            #expect(store.lists < count)
            await running.advance(seconds: 1)
            let namespace = try store.document(.namespace, "prod")
            let messages = namespace?["status"]?.list("conditions").map { $0.text("message") } ?? []
            #expect(messages.contains { $0.hasSuffix("leases.coordination.k8s.io has 1 resource instances") })
            try store.delete(.lease, "prod/l0")
            await running.settled()
            #expect(store.record(key(.namespace, "prod")) == nil)
        }
    }
}
