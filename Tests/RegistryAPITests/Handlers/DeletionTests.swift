import Registry
import Testing

@testable import RegistryAPI

@Suite("Deletions")
struct DeletionTests {
    @Test(
        "A collection of a namespaced kind is deleted in one Namespace, never in all",
        arguments: [ObjectKind.service, .endpoints, .endpointSlice, .pod, .event, .lease], ["", "?dryRun=All"])
    func collection(_ kind: ObjectKind, _ query: String) async throws {
        let api = try await TestAPI()
        let root = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
        let names = (0..<3).map { "n\($0)" }
        for name in names {
            let key = ObjectKey(kind, NamespacedName(namespace: "prod", name: name))
            _ = try await api.store.write(
                ObjectWrite(key, feeder: "test") { _, _ in
                    .put(.object(["addressType": .string("IPv4"), "spec": .object([:])]))
                })
        }
        let refusal = try await api.request("DELETE", "\(root)/\(kind.resource)\(query)")
        #expect(refusal.code == 405 && refusal.document["reason"] == .string("MethodNotAllowed"))
        let path = "\(root)/namespaces/prod/\(kind.resource)"
        #expect(try await api.request("GET", path).document["items"]?.elements.count == 3)
        #expect(try await api.request("DELETE", path + query).code == 200)
        let rest = try await api.request("GET", path).document["items"]?.elements.count
        #expect(rest == (query.isEmpty ? 0 : 3))
    }

    @Test("Of many and large objects each is told of once, in the order of the list")
    func largeCollection() async throws {
        let api = try await TestAPI()
        let padding = JSONValue.string(String(repeating: "x", count: 20_000))
        let names = (100..<380).map { "n\($0)" }
        let results = await api.store.write(
            names.enumerated().map { index, name in
                ObjectWrite(
                    ObjectKey(.lease, NamespacedName(namespace: "prod", name: name)), feeder: "test"
                ) { _, _ in .put(.object(["spec": .object(["holderIdentity": index < 100 ? padding : .string("x")])])) }
            })
        for result in results { _ = try result.get() }
        let path = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"
        func told(_ query: String) async throws -> (names: [String], token: String?) {
            let answer = try await api.request("DELETE", path + query)
            #expect(answer.code == 200 && answer.document["kind"] == .string("LeaseList"))
            let items = answer.document["items"]?.elements ?? []
            #expect(items.allSatisfy { $0["kind"] == nil && $0["spec"]?["holderIdentity"]?.string != nil })
            return (
                items.compactMap { $0["metadata"]?["name"]?.string },
                answer.document["metadata"]?["continue"]?.string
            )
        }
        let tried = try await told("?dryRun=All")
        #expect(tried.names == names && tried.token == nil)
        let first = try await told("?limit=270")
        #expect(first.names == Array(names.prefix(270)) && first.token != nil)
        let rest = try await told("")
        #expect(rest.names == Array(names.dropFirst(270)) && rest.token == nil)
        #expect(try await told("").names.isEmpty)
    }

    @Test("A collection whose answer would be long is deleted all the same", arguments: ["", "?limit=70"])
    func longAnswer(_ query: String) async throws {
        let api = try await TestAPI()
        let path = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"
        try await api.makeLeases(100, bytes: 100_000)
        // A dry run says as much, and deletes nothing.
        for (mode, left) in [("dryRun=All", 100), ("", query.isEmpty ? 0 : 30)] {
            let answer = try await api.request("DELETE", path + (query.isEmpty ? "?" : "\(query)&") + mode)
            #expect(answer.code == 200 && answer.document["kind"] == .string("Status"))
            #expect(answer.document["status"] == .string("Success"))
            #expect(try await api.request("GET", path).document["items"]?.elements.count == left)
        }
    }

    private static let pods = "/api/v1/namespaces/prod/pods"

    /// The API with a Pod `p`.
    private func apiWithPod(_ metadata: String = "") async throws -> TestAPI {
        let api = try await TestAPI()
        let made = try await api.request(
            "POST", Self.pods,
            #"{"metadata":{"name":"p"\#(metadata)},"spec":{"containers":[{"name":"a","image":"a:1"}]}}"#)
        #expect(made.code == 201, "\(made.message)")
        return api
    }

    @Test(
        "Options that cannot be read delete nothing",
        arguments: [
            ("", #"{"dryRun":"All"}"#, 400), ("", #"{"preconditions":"x"}"#, 400),
            ("", #"{"preconditions":{"uid":5}}"#, 400), ("", #"{"gracePeriodSeconds":"x"}"#, 400),
            ("", #"{"orphanDependents":"yes"}"#, 400), ("?gracePeriodSeconds=abc", "", 400), ("?dryRun=", "", 422),
            ("", #"{"dryRun":[""]}"#, 422), ("?propagationPolicy=Foo", "", 422),
            ("", #"{"orphanDependents":false,"propagationPolicy":"Background"}"#, 422),
        ])
    func unreadable(_ query: String, _ body: String, _ code: Int) async throws {
        let api = try await apiWithPod()
        for path in ["\(Self.pods)/p", Self.pods] {
            let refusal = try await api.request("DELETE", path + query, body)
            #expect(refusal.code == code, "\(refusal.message)")
        }
        #expect(try await api.request("GET", "\(Self.pods)/p").code == 200)
    }

    @Test("Dependents are orphaned by the older way to say so", arguments: [true, false])
    func orphans(_ isInQuery: Bool) async throws {
        let api = try await apiWithPod()
        let marked = try await api.request(
            "DELETE", "\(Self.pods)/p" + (isInQuery ? "?orphanDependents=true" : ""),
            isInQuery ? "" : #"{"orphanDependents":true}"#)
        #expect(marked.code == 200)
        #expect(marked.document["metadata"]?["finalizers"]?.elements == [.string("orphan")])
    }

    @Test("Both ways at once are refused")
    func bothWays() async throws {
        let api = try await apiWithPod()
        let refusal = try await api.request(
            "DELETE", "\(Self.pods)/p", #"{"orphanDependents":true,"propagationPolicy":"Orphan"}"#)
        #expect(
            refusal.message == #"DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": "#
                + "orphanDependents and deletionPropagation cannot be both set")
    }

    @Test(
        "A negative grace is one second",
        arguments: [("?gracePeriodSeconds=-5", ""), ("", #"{"gracePeriodSeconds":-5}"#)])
    func negativeGrace(_ query: String, _ body: String) async throws {
        let api = try await apiWithPod()
        let marked = try await api.request("DELETE", "\(Self.pods)/p\(query)", body)
        #expect(marked.document["metadata"]?["deletionGracePeriodSeconds"] == .integer(1))
    }

    @Test("A grace that is running is shortened, and never prolonged")
    func shorterGrace() async throws {
        let api = try await apiWithPod()
        func delete(_ seconds: Int) async throws -> (grace: JSONValue?, end: Timestamp) {
            let answer = try await api.request("DELETE", "\(Self.pods)/p?gracePeriodSeconds=\(seconds)")
            #expect(answer.code == 200, "\(answer.message)")
            let metadata = answer.document["metadata"]
            let end = try #require(Timestamp(rfc3339: metadata?["deletionTimestamp"]?.string ?? ""))
            return (metadata?["deletionGracePeriodSeconds"], end)
        }
        let first = try await delete(20)
        #expect(first.grace == .integer(20))
        let longer = try await delete(30)
        #expect(longer.grace == .integer(20) && longer.end == first.end)
        let shorter = try await delete(2)
        #expect(shorter.grace == .integer(2))
        #expect(shorter.end == first.end.advanced(byMilliseconds: -18_000))
        #expect(try await api.request("DELETE", "\(Self.pods)/p?gracePeriodSeconds=0").code == 200)
        #expect(try await api.request("GET", "\(Self.pods)/p").code == 404)
    }

    @Test("Whatever grace a stored object names, a shorter one is taken", arguments: [.max, 86_400 * 365, -1])
    func strangeGrace(_ seconds: Int64) throws {
        let document: JSONValue = .object([
            "metadata": .object([
                "name": .string("p"), "deletionTimestamp": .string("2030-01-01T00:00:00Z"),
                "deletionGracePeriodSeconds": .integer(seconds), "finalizers": .array([.string("x.y/z")]),
            ])
        ])
        let marked = try ObjectDeletion(
            of: document, key: ObjectKey(.pod, NamespacedName(namespace: "default", name: "p")), graceSeconds: 1,
            finalizer: nil, now: Timestamp(milliseconds: 0)
        ).marked()
        let left = marked?["metadata"]?["deletionGracePeriodSeconds"]
        #expect(left == .integer(seconds < 0 ? seconds : 1))
    }

    @Test(
        "Who takes the last finalizer sees the object without it",
        arguments: [
            (
                "json",
                #"[{"op":"remove","path":"/metadata/finalizers"},{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"#
            ),
            ("merge", #"{"metadata":{"finalizers":null,"labels":{"a":"b"}}}"#),
        ])
    func lastFinalizer(_ type: String, _ patch: String) async throws {
        let api = try await apiWithPod(#","finalizers":["example.com/a"]"#)
        try await api.request("DELETE", "\(Self.pods)/p")
        let ended = try await api.request("PATCH", "\(Self.pods)/p", type: type, patch)
        #expect(ended.code == 200, "\(ended.message)")
        #expect(ended.document["metadata"]?["finalizers"]?.elements ?? [] == [])
        #expect(ended.document["metadata"]?["labels"]?["a"] == .string("b"))
        #expect(ended.document["metadata"]?["deletionTimestamp"] != nil)
        #expect(try await api.request("GET", "\(Self.pods)/p").code == 404)
    }

    @Test("A Namespace that is finalized is answered without its finalizer")
    func finalizedNamespace() async throws {
        let api = try await TestAPI()
        let path = "/api/v1/namespaces/gone"
        try await api.request("POST", "/api/v1/namespaces", #"{"metadata":{"name":"gone"}}"#)
        #expect(try await api.request("DELETE", path).document["spec"]?["finalizers"]?.elements.count == 1)
        let ended = try await api.request("PUT", "\(path)/finalize", #"{"metadata":{"name":"gone"},"spec":{}}"#)
        #expect(ended.code == 200, "\(ended.message)")
        #expect(ended.document["spec"]?["finalizers"]?.elements ?? [] == [])
        #expect(try await api.request("GET", path).code == 404)
    }
}
