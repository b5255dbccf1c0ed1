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
}
