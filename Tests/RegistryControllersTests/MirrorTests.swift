import Registry
import Testing

@testable import RegistryControllers

@Suite("Mirrors of hand-made Endpoints")
struct MirrorTests {
    private static let service = #"{"spec": {"ports": [{"port": 80}], "clusterIP": "None"}}"#

    private static func endpoints(labels: String = "{}", annotations: String = "{}", _ subsets: String? = nil) -> String
    {
        let usual =
            #"[{"addresses": [{"ip": "192.0.2.1", "hostname": "h"}, {"ip": "2001:db8::1"}], "#
            + #""notReadyAddresses": [{"ip": "192.0.2.2"}], "ports": [{"name": "http", "port": 8080}]}]"#
        return #"{"metadata": {"labels": \#(labels), "annotations": \#(annotations)}, "subsets": \#(subsets ?? usual)}"#
    }

    @Test("Labels and annotations of many bytes are not copied to each slice", arguments: [400, 600])
    func large(_ count: Int) async throws {
        let texts = (0..<count).map { number in
            #""k\#(number)\#(String(repeating: "x", count: 57 - "\(number)".count))": "\#(String(repeating: "v", count: 63))""#
        }.joined(separator: ",")
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/db", Self.service)
            try store.put(
                .endpoints, "prod/db", Self.endpoints(labels: "{\(texts)}", annotations: "{\(texts)}"))
            await running.settled()
            // 121 bytes each, of which 64 KiB are copied.
            let isCopied = count == 400
            for slice in try store.slices(of: "prod/db") {
                #expect(slice["metadata"]?.textMap("labels").count == (isCopied ? count + 2 : 2))
                #expect(slice["metadata"]?.textMap("annotations").count == (isCopied ? count : 0))
            }
        }
    }

    @Test("One slice for each family and set of ports, with the labels and annotations of the Endpoints")
    func mirrored() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/db", Self.service)
            let endpoints = try store.put(
                .endpoints, "prod/db",
                Self.endpoints(
                    labels: #"{"team": "x"}"#,
                    annotations: #"{"note": "n", "endpoints.kubernetes.io/last-change-trigger-time": "t", "#
                        + #""kubectl.kubernetes.io/last-applied-configuration": "{}"}"#))
            await running.settled()
            let slices = try store.slices(of: "prod/db").sorted { $0.text("addressType") < $1.text("addressType") }
            try #require(slices.count == 2)
            #expect(
                slices.map { $0.list("endpoints").map(shown) } == [
                    ["192.0.2.1 T--", "192.0.2.2 F--"], ["2001:db8::1 T--"],
                ])
            for slice in slices {
                let metadata = try #require(slice["metadata"])
                #expect(
                    metadata.textMap("labels") == [
                        "team": "x", "kubernetes.io/service-name": "db",
                        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
                    ])
                #expect(metadata.textMap("annotations") == ["note": "n"])
                #expect(metadata.text("generateName") == "db-")
                #expect(
                    metadata.list("ownerReferences") == [
                        OwnerReference.controller(kind: .endpoints, name: "db", uid: endpoints.uid)
                    ])
            }
            #expect(slices[0].list("endpoints").first?.text("hostname") == "h")
            let names = slices.map { $0["metadata"]?.text("name") ?? "" }
            try store.change(.endpoints, "prod/db") { $0["metadata"]?["annotations"] = .map(["note": "m"]) }
            await running.settled()
            for slice in try store.slices(of: "prod/db") {
                #expect(slice["metadata"]?.textMap("annotations") == ["note": "m"])
            }
            try store.change(.endpoints, "prod/db") { document in
                document["subsets"] = .array([
                    .object(["addresses": .array([.object(["ip": .string("192.0.2.9")])])])
                ])
            }
            await running.settled()
            let changed = try store.slices(of: "prod/db")
            #expect(changed.map { $0.list("endpoints").map(shown) } == [["192.0.2.9 T--"]])
            #expect(changed.first?["metadata"]?.text("name") == names[0], "a slice of its family keeps its name")
        }
    }

    @Test(
        "Not mirrored",
        arguments: [
            (labels: #"{"endpointslice.kubernetes.io/skip-mirror": "true"}"#, annotations: "{}", service: service),
            ("{}", #"{"control-plane.alpha.kubernetes.io/leader": ""}"#, service),
            ("{}", "{}", ""),
        ])
    func skipped(labels: String, annotations: String, service: String) async throws {
        try await RunningControllers.with { running in
            let store = running.store
            if !service.isEmpty { try store.put(.service, "prod/db", service) }
            try store.put(.endpoints, "prod/db", Self.endpoints(labels: labels, annotations: annotations))
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            #expect(store.all(.endpoints).count == 1)
        }
    }

    @Test("Mirrors come with the Service and go with it, with the Endpoints and with a selector")
    func lifeCycle() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.endpoints, "prod/db", Self.endpoints())
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            try store.put(.service, "prod/db", Self.service)
            await running.settled()
            #expect(store.all(.endpointSlice).count == 2)
            try store.delete(.endpoints, "prod/db")
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            try store.put(.endpoints, "prod/db", Self.endpoints())
            await running.settled()
            #expect(store.all(.endpointSlice).count == 2)
            try store.change(.service, "prod/db") { document in
                document["spec"]?["selector"] = .map(["app": "db"])
                document["spec"]?["ipFamilies"] = .array([.string("IPv4")])
            }
            await running.settled()
            #expect(try store.slices(of: "prod/db").map { $0.list("endpoints") } == [[]], "the placeholder")
        }
    }

    @Test("A thousand addresses of a subset are mirrored, those ready first")
    func capacity() throws {
        let addresses = (0..<1200).map { JSONValue.object(["ip": .string("10.1.\($0 / 250).\($0 % 250 + 1)")]) }
        let document: JSONValue = .object([
            "metadata": .object(["uid": .string("u")]),
            "subsets": .array([
                .object([
                    "addresses": .array(Array(addresses.prefix(900))),
                    "notReadyAddresses": .array(Array(addresses.dropFirst(900))),
                ])
            ]),
        ])
        let plan = try #require(MirrorPlan(document, id: NamespacedName(namespace: "prod", name: "db")))
        let changes = plan.changes(of: [])
        #expect(changes.creates.map(\.endpoints.count) == [1000])
        #expect(changes.creates.first?.endpoints.filter { $0.isReady == true }.count == 900)
    }
}
