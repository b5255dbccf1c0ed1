import Registry
import Testing

@testable import RegistryAPI

@Suite("Updates")
struct UpdateTests {
    private static let services = "/api/v1/namespaces/prod/services"

    @Test(
        "A Service becomes an ExternalName where the single address is taken back and the list left as it was",
        arguments: [
            #""clusterIP":"None""#, #""clusterIP":"10.96.7.7""#, #""clusterIP":"10.96.7.7","type":"NodePort""#, "",
        ],
        [
            ("merge", #""clusterIP":null"#), ("merge", #""clusterIP":"""#), ("strategic", #""clusterIP":null"#),
            ("merge", #""clusterIPs":null"#), ("merge", #""clusterIP":"","clusterIPs":null"#),
            ("merge", #""sessionAffinity":"None""#),
        ])
    func externalName(_ fields: String, _ change: (type: String, fields: String)) async throws {
        let api = try await TestAPI()
        let made = try await api.request(
            "POST", Self.services,
            #"{"metadata":{"name":"x"},"spec":{\#(fields)\#(fields.isEmpty ? "" : ",")"ports":[{"port":80}]}}"#)
        #expect(made.code == 201, "\(made.message)")
        let changed = try await api.request(
            "PATCH", "\(Self.services)/x", type: change.type,
            #"{"spec":{"type":"ExternalName","externalName":"db.example.com",\#(change.fields)}}"#)
        #expect(changed.code == 200, "\(changed.message)")
        let spec = changed.document["spec"]
        #expect(spec?["type"] == .string("ExternalName") && spec?["clusterIP"] == nil && spec?["clusterIPs"] == nil)
        let addresses = try await api.request("GET", "/apis/networking.k8s.io/v1/ipaddresses")
        #expect(addresses.document["items"]?.elements == [])
    }

    @Test("Applied on the server, a headless Service becomes an ExternalName as well")
    func appliedExternalName() async throws {
        let api = try await TestAPI()
        func apply(_ spec: String) async throws -> TestAPI.Answer {
            try await api.request(
                "PATCH", "\(Self.services)/x?fieldManager=kubectl", type: "apply",
                #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":\#(spec)}"#)
        }
        #expect(try await apply(#"{"clusterIP":"None","ports":[{"port":80}]}"#).code == 201)
        let changed = try await apply(#"{"type":"ExternalName","externalName":"db.example.com"}"#)
        #expect(changed.code == 200, "\(changed.message)")
        #expect(changed.document["spec"]?["clusterIPs"] == nil)
    }

    @Test("An address that is set anew with the type is still refused")
    func wrongExternalName() async throws {
        let api = try await TestAPI()
        try await api.request(
            "POST", Self.services, #"{"metadata":{"name":"x"},"spec":{"clusterIP":"None","ports":[{"port":80}]}}"#)
        for fields in [#""clusterIP":"10.96.1.1""#, #""clusterIP":"","clusterIPs":["10.96.1.1"]"#] {
            let refusal = try await api.request(
                "PATCH", "\(Self.services)/x", type: "merge",
                #"{"spec":{"type":"ExternalName","externalName":"a.b",\#(fields)}}"#)
            #expect(refusal.code == 422)
            #expect(refusal.message.contains("spec.clusterIPs: Forbidden: may not be set for ExternalName services"))
        }
    }

    @Test(
        "An address that only the server could store is left alone; no other such comes in",
        arguments: [
            (
                ObjectKind.endpointSlice, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
                #"{"addressType":"IPv4","ports":[],"endpoints":[{"addresses":["127.0.0.1"]}]}"#,
                #"{"endpoints":[{"addresses":["127.0.0.1"]},{"addresses":["127.0.0.2"]}]}"#, "endpoints[1].addresses[0]"
            ),
            (
                .endpoints, "/api/v1/namespaces/default/endpoints/kubernetes",
                #"{"subsets":[{"addresses":[{"ip":"127.0.0.1"}]}]}"#,
                #"{"subsets":[{"addresses":[{"ip":"127.0.0.1"}],"notReadyAddresses":[{"ip":"::1"}]}]}"#,
                "subsets[0].notReadyAddresses[0].ip"
            ),
        ])
    func ownAddresses(
        _ sample: (kind: ObjectKind, path: String, document: String, wrong: String, field: String)
    ) async throws {
        let api = try await TestAPI()
        let document = try jsonTree(sample.document)
        let key = ObjectKey(sample.kind, NamespacedName(namespace: "default", name: "kubernetes"))
        _ = try await api.store.write(ObjectWrite(key, feeder: "test") { _, _ in .put(document) })
        let labelled = try await api.request(
            "PATCH", sample.path, type: "merge", #"{"metadata":{"labels":{"a":"b"}}}"#)
        #expect(labelled.code == 200, "\(labelled.message)")
        let refusal = try await api.request("PATCH", sample.path, type: "merge", sample.wrong)
        #expect(refusal.code == 422)
        #expect(refusal.message.contains("\(sample.field): Invalid value"))
        #expect(!refusal.message.contains(#""127.0.0.1""#), "\(refusal.message)")
    }

    @Test("The mode of a load balancer's address is one of two, and only an address has one")
    func addressMode() async throws {
        let api = try await TestAPI()
        try await api.request(
            "POST", Self.services, #"{"metadata":{"name":"x"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}"#)
        func set(_ ingress: String) async throws -> TestAPI.Answer {
            try await api.request(
                "PATCH", "\(Self.services)/x/status", type: "merge",
                #"{"status":{"loadBalancer":{"ingress":\#(ingress)}}}"#)
        }
        let refusal = try await set(#"[{"ip":"5.6.7.8","ipMode":"Foo"},{"hostname":"a.b","ipMode":"VIP"}]"#)
        #expect(refusal.code == 422)
        #expect(
            refusal.message.contains(
                #"status.loadBalancer.ingress[0].ipMode: Unsupported value: "Foo": supported values: "Proxy", "VIP""#))
        #expect(
            refusal.message.contains(
                "status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set"))
        let sound = try await set(
            #"[{"ip":"5.6.7.8","ipMode":"Proxy"},{"ip":"5.6.7.9","ipMode":"VIP"},{"ip":"5.6.7.1"},{"hostname":"a.b"}]"#
        )
        #expect(sound.code == 200, "\(sound.message)")
    }

    private static let service = #""spec":{"ports":[{"port":80}]}"#

    /// The API with a Service `x`.
    private func apiWithService() async throws -> TestAPI {
        let api = try await TestAPI()
        let made = try await api.request("POST", Self.services, #"{"metadata":{"name":"x"},\#(Self.service)}"#)
        #expect(made.code == 201, "\(made.message)")
        return api
    }

    @Test(
        "A PUT for an object of a certain uid makes no other one",
        arguments: ["\(services)/y", "/api/v1/namespaces/prod/pods/y", "\(services)/y/status"])
    func missingUID(_ path: String) async throws {
        let refusal = try await TestAPI().request("PUT", path, #"{"metadata":{"name":"y","uid":"u"},\#(Self.service)}"#)
        #expect(refusal.code == 409, "\(refusal.message)")
        #expect(refusal.message.hasSuffix("Precondition failed: UID in precondition: u, UID in object meta: "))
    }

    static let identities: [(type: String, metadata: String, code: Int, message: String)] = [
        (
            "merge", #""uid":"zz""#, 422,
            #"Service "x" is invalid: metadata.uid: Invalid value: "zz": field is immutable"#
        ),
        ("apply", #""name":"x","uid":"zz""#, 422, #"metadata.uid: Invalid value: "zz": field is immutable"#),
        ("merge", #""name":"zz""#, 400, "the name of the object (zz) does not match the name on the URL (x)"),
        ("apply", #""name":"zz""#, 400, "the name of the object (zz) does not match the name on the URL (x)"),
        (
            "merge", #""namespace":"zz""#, 400,
            "the namespace of the provided object does not match the namespace sent on the request"
        ),
        (
            "apply", #""name":"x","namespace":"zz""#, 400,
            "the namespace of the provided object does not match the namespace sent on the request"
        ),
        ("merge", #""resourceVersion":"1""#, 409, "please apply your changes to the latest version and try again"),
        ("merge", #""namespace":null,"uid":null"#, 200, ""), ("merge", #""namespace":"prod""#, 200, ""),
        ("apply", #""name":"x""#, 200, ""), ("apply", #""name":"x","namespace":"prod""#, 200, ""),
    ]

    @Test("A patch leaves an object where and what it is", arguments: identities)
    func identity(_ type: String, _ metadata: String, _ code: Int, _ message: String) async throws {
        let api = try await apiWithService()
        let answer = try await api.request(
            "PATCH", "\(Self.services)/x?fieldManager=m", type: type,
            #"{"apiVersion":"v1","kind":"Service","metadata":{\#(metadata)}}"#)
        #expect(answer.code == code && answer.message.hasSuffix(message), "\(answer.message)")
        if code == 200 { #expect(answer.document["metadata"]?["namespace"] == .string("prod")) }
    }

    @Test(
        "The namespace of an object of the cluster's scope is cleared",
        arguments: [
            ("/api/v1/nodes", #""apiVersion":"v1","kind":"Node""#, "{}"),
            ("/api/v1/namespaces", #""apiVersion":"v1","kind":"Namespace""#, "{}"),
            (
                "/apis/networking.k8s.io/v1/servicecidrs", #""apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR""#,
                #"{"cidrs":["10.99.0.0/24"]}"#
            ),
        ])
    func clusterScope(_ path: String, _ type: String, _ spec: String) async throws {
        let api = try await TestAPI()
        let document = #"{\#(type),"metadata":{"name":"x","namespace":"prod","labels":{"a":"b"}},"spec":\#(spec)}"#
        let patch = #"{\#(type),"metadata":{"name":"x","namespace":"prod","annotations":{"a":"b"}}}"#
        let answers = [
            try await api.request("POST", path, document), try await api.request("PUT", "\(path)/x", document),
            try await api.request("PATCH", "\(path)/x", type: "merge", patch),
            try await api.request("PATCH", "\(path)/x?fieldManager=m&force=1", type: "apply", patch),
        ]
        for answer in answers {
            #expect(answer.code == 200 || answer.code == 201, "\(answer.message)")
            #expect(answer.document["metadata"]?["name"] == .string("x"))
            #expect(answer.document["metadata"]?["namespace"] == nil)
        }
    }

    @Test(
        "A Service has a status whatever a write of it leaves out",
        arguments: [("PUT", #"{"metadata":{"name":"x"},"spec":{}}"#), ("PATCH", #"{"status":null}"#)])
    func leftOutStatus(_ method: String, _ body: String) async throws {
        let api = try await apiWithService()
        let answer = try await api.request(
            method, "\(Self.services)/x/status", type: method == "PATCH" ? "merge" : "application/json", body)
        #expect(answer.code == 200, "\(answer.message)")
        #expect(try answer.document["status"] == jsonTree(#"{"loadBalancer":{}}"#))
    }

    @Test("Each write says what it tries by a value there is", arguments: ["POST", "PUT", "PATCH"])
    func emptyTrial(_ method: String) async throws {
        let api = try await apiWithService()
        let answer = try await api.request(
            method, method == "POST" ? "\(Self.services)?dryRun=" : "\(Self.services)/x?dryRun=",
            type: method == "PATCH" ? "merge" : "application/json", #"{"metadata":{"name":"x"},\#(Self.service)}"#)
        #expect(answer.code == 422)
        #expect(answer.message.hasSuffix(#"dryRun: Unsupported value: [""]: supported values: "All""#))
    }

    @Test(
        "What no operation of a JSON patch has is refused, told or ignored",
        arguments: [("Strict", 422, []), ("Warn", 200, ["a"]), ("", 200, ["a"]), ("Ignore", 200, [])])
    func unknownPatchMember(_ mode: String, _ code: Int, _ warned: [String]) async throws {
        let api = try await apiWithService()
        let answer = try await api.request(
            "PATCH", "\(Self.services)/x?fieldValidation=\(mode)", type: "json",
            #"[{"op":"add","path":"/metadata/labels","value":{},"a":1,"op":"add"}]"#)
        #expect(answer.code == code, "\(answer.message)")
        let notes = [#"json patch duplicate field "[0].op""#, #"json patch unknown field "[0].a""#]
        if code == 422 {
            #expect(answer.message.hasSuffix("strict decoding error: \(notes.joined(separator: ", "))"))
        } else {
            #expect(answer.warnings == (warned.isEmpty ? [] : notes))
        }
    }

    @Test(
        "A JSON patch that can be read and not be carried out is 422",
        arguments: [
            (#"[{"op":"jump","path":"/a"}]"#, 422), (#"[{"op":"remove","path":"a"}]"#, 422), (#"[{"op":"add"}]"#, 422),
            (#"{}"#, 400), (#"[1]"#, 400), (#"[{"op":1,"path":"/a"}]"#, 400),
        ])
    func unreadablePatch(_ patch: String, _ code: Int) async throws {
        let answer = try await apiWithService().request("PATCH", "\(Self.services)/x", type: "json", patch)
        #expect(answer.code == code, "\(answer.message)")
    }
}
