import Registry
import Testing

@testable import RegistryAPI

extension TestAPI {
    static let leases = "/apis/coordination.k8s.io/v1/namespaces/prod/leases"

    /// Makes Leases of so many bytes each, `n100` and so on; every other one has the label `a=b`.
    func makeLeases(_ count: Int, bytes: Int) async throws {
        let padding = JSONValue.string(String(repeating: "x", count: bytes))
        let results = await store.write(
            (100..<100 + count).map { number in
                ObjectWrite(
                    ObjectKey(.lease, NamespacedName(namespace: "prod", name: "n\(number)")), feeder: "test"
                ) { _, _ in
                    let labels: [String: JSONValue] = number % 2 == 0 ? ["a": .string("b")] : [:]
                    return .put(
                        .object([
                            "metadata": .object(["labels": .object(labels)]),
                            "spec": .object(["holderIdentity": padding]),
                        ]))
                }
            })
        for result in results { _ = try result.get() }
    }
}

@Suite("Lists")
struct ListingTests {
    private static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    private static let metadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

    /// The names of the objects that a list shows, in whatever form.
    private static func names(_ list: JSONValue) -> [String] {
        (list["rows"] ?? list["items"])?.elements.compactMap {
            ($0["object"] ?? $0)["metadata"]?["name"]?.string
        } ?? []
    }

    @Test(
        "A page of large objects ends early; all pages have each object once",
        arguments: [("", ""), ("", "&labelSelector=a%3Db"), (table, "&includeObject=Object"), (metadata, "")])
    func pages(_ accept: String, _ query: String) async throws {
        let api = try await TestAPI()
        try await api.makeLeases(100, bytes: 100_000)
        let step = query.contains("Selector") ? 2 : 1
        let wanted = stride(from: 100, to: 200, by: step).map { "n\($0)" }
        var (names, token, sizes) = ([String](), "", [Int]())
        repeat {
            let page = try await api.request("GET", "\(TestAPI.leases)?limit=90\(query)\(token)", accept: accept)
            try #require(page.code == 200)
            let metadata = page.document["metadata"]
            names += Self.names(page.document)
            sizes.append(Self.names(page.document).count)
            // Of a Lease its row says as much as itself.
            #expect(page.text.utf8.count < (accept == Self.table ? 10 << 20 : 5 << 20))
            // Nobody has counted what is behind the read that ended a page.
            #expect(metadata?["remainingItemCount"] == nil)
            token = (metadata?["continue"]?.string).map { "&continue=\($0)" } ?? ""
        } while !token.isEmpty && sizes.count < 10
        #expect(names == wanted)
        #expect(
            sizes.count == (step == 1 ? 3 : 2) && sizes.dropLast().allSatisfy { (40..<60).contains($0) }, "\(sizes)")
    }

    @Test(
        "A page that its limit ends says how much there is behind it",
        arguments: [(30, 10), (4, 300_000), (1, 1_100_000)])
    func counted(_ limit: Int, _ bytes: Int) async throws {
        let api = try await TestAPI()
        let count = bytes > 1_000_000 ? 5 : bytes > 1000 ? 12 : 100
        try await api.makeLeases(count, bytes: bytes)
        let page = try await api.request("GET", "\(TestAPI.leases)?limit=\(limit)")
        #expect(page.document["metadata"]?["remainingItemCount"] == .integer(Int64(count - limit)))
        #expect(Self.names(page.document) == (100..<100 + limit).map { "n\($0)" })
    }

    @Test(
        "A whole list is read while it is sent, in any form",
        arguments: [
            ("", ""), ("", "?labelSelector=a"), (table, "?includeObject=Object"), (table, ""), (metadata, ""),
            (table, "?labelSelector=a&includeObject=None"),
        ])
    func whole(_ accept: String, _ query: String) async throws {
        let api = try await TestAPI()
        try await api.makeLeases(40, bytes: 60_000)
        let list = try await api.request("GET", TestAPI.leases + query, accept: accept)
        let step = query.contains("Selector") ? 2 : 1
        #expect(list.code == 200 && list.document["metadata"]?["continue"] == nil)
        if query.contains("None") {
            #expect(list.document["rows"]?.elements.count == 20)
        } else {
            #expect(Self.names(list.document) == stride(from: 100, to: 140, by: step).map { "n\($0)" })
        }
    }

    @Test("A list of one name is that object, or none, in any form", arguments: ["", table, metadata])
    func oneName(_ accept: String) async throws {
        let api = try await TestAPI()
        try await api.makeLeases(3, bytes: 10)
        for (name, count) in [("n101", 1), ("n999", 0)] {
            for scope in [TestAPI.leases, "/apis/coordination.k8s.io/v1/leases"] {
                let list = try await api.request(
                    "GET", "\(scope)?fieldSelector=metadata.name%3D\(name)", accept: accept)
                #expect(list.code == 200 && Self.names(list.document).count == count)
            }
        }
    }
}
