import Registry
import Testing

@testable import RegistryAPI

@Suite("Discovery")
struct DiscoveryTests {
    private let discovery = Discovery(version: "1.36.0")

    private func document(_ path: String, accept: String = "application/json, */*") throws -> JSONValue {
        let answer = try #require(discovery.answer(path: path.split(separator: "/").map(String.init), accept: accept))
        #expect(answer.contentType == "application/json")
        return answer.document
    }

    @Test("The version is that of the API, with the name of the server")
    func version() throws {
        let version = try document("version")
        #expect(version["major"] == .string("1"))
        #expect(version["minor"] == .string("36"))
        #expect(version["gitVersion"] == .string("v1.36.0+swiftlet"))
        for field in ["gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"] {
            #expect(version[field]?.string != nil, "\(field)")
        }
    }

    @Test("The root names what is served, sorted, and all of it is there")
    func root() throws {
        let paths = (try document("")["paths"]?.elements ?? []).compactMap(\.string)
        #expect(
            paths == [
                "/api", "/api/v1", "/apis", "/apis/coordination.k8s.io", "/apis/coordination.k8s.io/v1",
                "/apis/discovery.k8s.io", "/apis/discovery.k8s.io/v1", "/apis/networking.k8s.io",
                "/apis/networking.k8s.io/v1", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz",
                "/swiftlet/v1/server", "/version",
            ])
    }

    @Test("Legacy clients find versions and groups")
    func groups() throws {
        #expect(
            try document("api")
                == jsonTree(#"{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}"#))
        let list = try document("apis")
        #expect(list["kind"] == .string("APIGroupList"))
        let groups = list["groups"]?.elements ?? []
        #expect(
            Set(groups.compactMap { $0["name"]?.string })
                == ["discovery.k8s.io", "networking.k8s.io", "coordination.k8s.io"])
        for group in groups {
            let name = try #require(group["name"]?.string)
            #expect(
                try group["preferredVersion"] == jsonTree(#"{"groupVersion":"\#(name)/v1","version":"v1"}"#))
            let single = try document("apis/\(name)")
            #expect(single["kind"] == .string("APIGroup"))
            #expect(single["apiVersion"] == .string("v1"))
            #expect(single["versions"] == group["versions"])
            #expect(single["preferredVersion"] == group["preferredVersion"])
        }
    }

    @Test("Every kind is listed in its group with its parts", arguments: ObjectKind.allCases)
    func resources(_ kind: ObjectKind) throws {
        let list = try document(kind.group.isEmpty ? "api/v1" : "apis/\(kind.apiVersion)")
        #expect(list["kind"] == .string("APIResourceList"))
        #expect(list["groupVersion"] == .string(kind.apiVersion))
        let resources = list["resources"]?.elements ?? []
        let resource = try #require(resources.first { $0["name"]?.string == kind.resource })
        #expect(resource["kind"] == .string(kind.rawValue))
        #expect(resource["namespaced"] == .bool(kind.isNamespaced))
        #expect(resource["singularName"] == .string(kind.rawValue.lowercased()))
        let verbs = Set((resource["verbs"]?.elements ?? []).compactMap(\.string))
        #expect(verbs.isSuperset(of: ["create", "delete", "get", "list", "patch", "update", "watch"]))
        #expect(verbs.contains("deletecollection") == (kind != .namespace))
        #expect(resources.contains { $0["name"]?.string == "\(kind.resource)/status" } == kind.hasStatus)
    }

    @Test("Short names, categories and parts are Kubernetes'")
    func names() throws {
        let core = try document("api/v1")["resources"]?.elements ?? []
        let network = try document("apis/networking.k8s.io/v1")["resources"]?.elements ?? []
        var shortNames: [String: JSONValue] = [:]
        var all: [String] = []
        for resource in core + network {
            let name = try #require(resource["name"]?.string)
            if let names = resource["shortNames"] { shortNames[name] = names }
            if resource["categories"] == .strings(["all"]) { all.append(name) }
        }
        #expect(
            shortNames == [
                "services": .strings(["svc"]), "endpoints": .strings(["ep"]), "namespaces": .strings(["ns"]),
                "pods": .strings(["po"]), "nodes": .strings(["no"]), "events": .strings(["ev"]),
                "ipaddresses": .strings(["ip"]),
            ])
        #expect(all == ["pods", "services"])
        #expect(core.first { $0["name"] == .string("namespaces/finalize") }?["verbs"] == .strings(["update"]))
        #expect(
            core.first { $0["name"] == .string("services/status") }?["verbs"] == .strings(["get", "patch", "update"]))
    }

    @Test(
        "Other paths have no document", arguments: ["api/v2", "apis/x", "apis/discovery.k8s.io/v2", "apis//v1/a"])
    func absent(_ path: String) {
        #expect(discovery.answer(path: path.split(separator: "/").map(String.init), accept: "") == nil)
        #expect(discovery.answer(path: ["apis", ""], accept: "") == nil)
        #expect(discovery.answer(path: ["apis", "", "v1"], accept: "") == nil)
    }

    fileprivate static func aggregated(_ version: String) -> String {
        "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
    }

    enum Headers {
        /// What is asked for, and the version of the aggregated form that is answered, if any.
        static let all: [(String, String?)] = [
            (DiscoveryTests.kubectl, "v2"), (DiscoveryTests.aggregated("v2beta1"), "v2beta1"),
            (DiscoveryTests.aggregated("v3") + "," + DiscoveryTests.aggregated("v2beta1"), "v2beta1"),
            ("application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io;profile=nopeer", "v2"),
            ("application/json", nil), ("", nil), ("*/*", nil), (DiscoveryTests.aggregated("v1"), nil),
            ("application/json,\(DiscoveryTests.aggregated("v2"))", nil),
            (DiscoveryTests.aggregated("v2") + ";q=0.1,application/json", nil), ("text/html", nil),
        ]
    }

    fileprivate static let kubectl = "\(aggregated("v2")),\(aggregated("v2beta1")),application/json"

    @Test("The aggregated form is answered to those who know it, by its media type", arguments: Headers.all)
    func negotiation(_ accept: String, _ version: String?) throws {
        for path in ["api", "apis"] {
            let answer = try #require(discovery.answer(path: [path], accept: accept))
            #expect(answer.contentType == version.map(Self.aggregated) ?? "application/json")
            #expect(
                answer.document["apiVersion"]
                    == (version.map { .string("apidiscovery.k8s.io/\($0)") }
                        ?? (path == "api" ? nil : .string("v1"))))
        }
        let list = try #require(discovery.answer(path: ["api", "v1"], accept: accept))
        #expect(list.contentType == "application/json")
    }

    @Test("Aggregated documents say of each kind what the lists say", arguments: ObjectKind.allCases)
    func aggregatedResources(_ kind: ObjectKind) throws {
        let answer = try #require(
            discovery.answer(path: [kind.group.isEmpty ? "api" : "apis"], accept: Self.kubectl))
        #expect(answer.document["kind"] == .string("APIGroupDiscoveryList"))
        let groups = answer.document["items"]?.elements ?? []
        let group = try #require(groups.first { ($0.value(at: "metadata.name")?.string ?? "") == kind.group })
        #expect(group.value(at: "metadata.name") == (kind.group.isEmpty ? nil : .string(kind.group)))
        #expect(group.value(at: "versions.0.version") == .string("v1"))
        #expect(group.value(at: "versions.0.freshness") == .string("Current"))
        let resource = try #require(
            group.value(at: "versions.0.resources")?.elements.first { $0["resource"]?.string == kind.resource })
        #expect(
            try resource["responseKind"]
                == jsonTree(#"{"group":"\#(kind.group)","version":"v1","kind":"\#(kind.rawValue)"}"#))
        #expect(resource["scope"] == .string(kind.isNamespaced ? "Namespaced" : "Cluster"))

        let list = try document(kind.group.isEmpty ? "api/v1" : "apis/\(kind.apiVersion)")
        let legacy = list["resources"]?.elements ?? []
        let same = try #require(legacy.first { $0["name"]?.string == kind.resource })
        #expect(resource["verbs"] == same["verbs"])
        #expect(resource["shortNames"] == same["shortNames"])
        #expect(resource["categories"] == same["categories"])
        #expect(resource["singularResource"] == same["singularName"])
        let parts = resource["subresources"]?.elements ?? []
        #expect(
            parts.compactMap { $0["subresource"]?.string }.map { "\(kind.resource)/\($0)" }
                == legacy.compactMap { $0["name"]?.string }.filter { $0.hasPrefix("\(kind.resource)/") })
    }
}
