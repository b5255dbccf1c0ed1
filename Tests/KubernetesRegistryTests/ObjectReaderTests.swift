@testable import KubernetesRegistry
import Registry
import Testing

/// Documents with fields that no API server writes.
private enum HostileDocuments {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: DiscoveryKind
        let text: String
        let cause: SkipCause
        var hasName = true
        var testDescription: String { name }
    }

    private static let long = String(repeating: "a", count: 100_000)

    static let skipped: [Case] = [
        Case(name: "no metadata", kind: .service, text: "{}", cause: .unnamed, hasName: false),
        Case(name: "null metadata", kind: .service, text: #"{"metadata":null}"#, cause: .unnamed, hasName: false),
        Case(
            name: "metadata of another type", kind: .service, text: #"{"metadata":[1]}"#, cause: .wrongType,
            hasName: false),
        Case(name: "an object that is none", kind: .service, text: "[7]", cause: .wrongType, hasName: false),
        Case(
            name: "no namespace", kind: .service, text: #"{"metadata":{"name":"a"}}"#, cause: .unnamed, hasName: false),
        Case(
            name: "a name of 100 kB", kind: .service,
            text: #"{"metadata":{"name":"\#(long)","namespace":"prod"}}"#, cause: .tooLong, hasName: false),
        Case(
            name: "a cluster IP of 100 kB", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"clusterIP":"\#(long)"}}"#, cause: .tooLong),
        Case(
            name: "a spec of another type", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":"x"}"#, cause: .wrongType),
        Case(
            name: "ports of another type", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"ports":{"a":1}}}"#, cause: .wrongType),
        Case(
            name: "a port number that is none", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"ports":[{"port":1.5}]}}"#, cause: .wrongType),
        Case(
            name: "a port number beyond all bounds", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"ports":[{"port":99999999999999999999}]}}"#,
            cause: .wrongType),
        Case(
            name: "an unknown type", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"type":"Other"}}"#, cause: .unknownValue),
        Case(
            name: "an unknown protocol", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"spec":{"ports":[{"protocol":"QUIC"}]}}"#,
            cause: .unknownValue),
        Case(
            name: "an unknown address type", kind: .endpointSlice,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"addressType":"IPv5"}"#, cause: .unknownValue),
        Case(
            name: "addresses of another type", kind: .endpointSlice,
            text:
                #"{"metadata":{"name":"a","namespace":"prod"},"addressType":"IPv4","endpoints":[{"addresses":"10.0.0.1"}]}"#,
            cause: .wrongType),
        Case(
            name: "readiness of another type", kind: .endpointSlice,
            text:
                #"{"metadata":{"name":"a","namespace":"prod"},"addressType":"IPv4","endpoints":[{"conditions":{"ready":"yes"}}]}"#,
            cause: .wrongType),
        Case(
            name: "an unknown phase", kind: .pod,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"status":{"phase":"Dreaming","podIP":"10.0.0.1"}}"#,
            cause: .unknownValue),
        Case(
            name: "Endpoints of another type", kind: .endpoints,
            text: #"{"metadata":{"name":"a","namespace":"prod"},"subsets":"none"}"#, cause: .wrongType),
        Case(
            name: "a name with a dot", kind: .service, text: #"{"metadata":{"name":"a.b","namespace":"prod"}}"#,
            cause: .badName),
        Case(
            name: "a name of other letters", kind: .endpointSlice,
            text: #"{"metadata":{"name":"\u00c4\u0000 b","namespace":"prod"},"addressType":"IPv4"}"#, cause: .badName),
        Case(
            name: "a namespace with a slash", kind: .service,
            text: #"{"metadata":{"name":"a","namespace":"../x"}}"#, cause: .badName),
        Case(
            name: "a broken escape", kind: .service, text: #"{"metadata":{"name":"a\ud800","namespace":"prod"}}"#,
            cause: .badText, hasName: false),
    ]
}

struct ObjectReaderTests {
    @Test("An odd object is marked as one to skip, and reading goes on behind it", arguments: HostileDocuments.skipped)
    private func skipped(_ document: HostileDocuments.Case) throws {
        let decoded = try Samples.decode(document.text, kind: document.kind)
        #expect(decoded.content == .skipped(document.cause))
        #expect((decoded.id != nil) == document.hasName)
    }

    @Test("Bytes that are no UTF-8 are no name")
    func badUTF8() throws {
        var bytes = Array(#"{"metadata":{"name":"a?b","namespace":"prod"}}"#.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "?") { bytes[index] = 0xff }
        let decoded = try Samples.decode(bytes)
        #expect(decoded.content == .skipped(.badText))
    }

    @Test("A Service is what names show of it")
    func service() throws {
        let decoded = try Samples.decode(Samples.service("web", ip: "10.96.0.7", version: 42))
        #expect(decoded.id == Samples.id("web"))
        #expect(decoded.version == ObjectVersion("42"))
        #expect(decoded.content == .object(Samples.discovered("web", ip: "10.96.0.7")))
    }

    private static let podNames = DiscoverySelection(namesEndpointsByPod: true, keepsZones: true)

    /// The slice of a text, where names show Pods and zones.
    private static func sliceOfPods(_ text: String) throws -> DiscoverySlice {
        let decoded = try Samples.decode(text, kind: .endpointSlice, selection: podNames)
        let slice: DiscoverySlice? = if case .object(.endpointSlice(let slice)) = decoded.content { slice } else { nil }
        return try #require(slice, "no slice: \(decoded)")
    }

    /// The slice db-x of the Service db, without endpoints.
    private static func expectedSlice() -> DiscoverySlice.Builder {
        var builder = DiscoverySlice.Builder(podNames)
        builder.id = Samples.id("db-x")
        builder.service = "db"
        return builder
    }

    @Test("A slice is what names show of it; endpoints without addresses or readiness take no part")
    func slice() throws {
        let text = """
            {"endpoints":[{"addresses":["10.0.0.2"],"hostname":"db-0","zone":"a","targetRef":{"name":"pod-2"}},\
            {"addresses":[]},{"addresses":[""]},{"addresses":["10.0.0.9"],"conditions":{"ready":false}},\
            {"addresses":["10.0.0.1"],"conditions":{"ready":null},"targetRef":{"name":"pod-1"}},{"addresses":["::1"]},null,\
            {"addresses":["10.0.0.3"],"targetRef":{"name":"etcd-node1.example.com"}}],\
            "addressType":"IPv4","metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":\
            "2026-07-01T12:00:00Z"},"labels":{"kubernetes.io/service-name":"db"},"namespace":"prod","name":"db-x"}}
            """
        let slice = try Self.sliceOfPods(text)
        var expected = Self.expectedSlice()
        expected.append(addresses: ["10.0.0.2"], isReady: true, hostname: "db-0", zone: "a")
        expected.append(addresses: ["10.0.0.1"], isReady: true, hostname: "pod-1")
        // Dots are the ends of labels: the address stands for such a Pod.
        expected.append(addresses: ["10.0.0.3"], isReady: true)
        #expect(slice == expected.build())
        #expect(slice.lastChangeTrigger == Timestamp(rfc3339: "2026-07-01T12:00:00Z"))
    }

    @Test("Texts of endpoints are the same however they are written: with escapes, in any case, beyond ASCII")
    func endpointTexts() throws {
        let text = #"""
            {"metadata":{"namespace":"prod","name":"db-x","labels":{"kubernetes.io/service-name":"db"}},
            "addressType":"IPv4","endpoints":[
            {"addresses":["10.0.0\u002e1"],"hostname":"DB\u002d1","zone":"North-\u00e9"},
            {"hostname":"db-é","addresses":["10.0.0.2","10.0.0.3"],"zone":"North-é"},
            {"addresses":["10.0.0.9"],"addresses":["10.0.0.4"],"hostname":null,"zone":"\u0041"},
            {"addresses":[null,"10.0.0.5"],"targetRef":{"name":"po\u0064"},"zone":""}]}
            """#
        let slice = try Self.sliceOfPods(text)
        var expected = Self.expectedSlice()
        for (address, label, zone) in [
            ("10.0.0.5", "pod", ""), ("10.0.0.4", "", "a"), ("10.0.0.3", "db-é", "north-é"),
            ("10.0.0.2", "db-é", "north-é"), ("10.0.0.1", "db-1", "north-é"),
        ] {
            expected.append(address: try #require(IPAddress(address)), label: label, zone: zone)
        }
        #expect(slice == expected.build())
    }

    @Test(
        "A text of an endpoint that is none, or too long, is a fault of its slice",
        arguments: [
            (#""hostname":"\ud800""#, SkipCause.badText), (#""hostname":5"#, .wrongType),
            (#""zone":["a"]"#, .wrongType),
            (#""addresses":"10.0.0.1""#, .wrongType), (#""addresses":[1]"#, .wrongType),
            (#""hostname":"\#(String(repeating: "x", count: 300))""#, .tooLong),
        ])
    func endpointFaults(_ member: String, _ cause: SkipCause) throws {
        let text = #"{"metadata":{"namespace":"prod","name":"db-x"},"addressType":"IPv4","endpoints":[{\#(member)}]}"#
        let decoded = try Samples.decode(
            text, kind: .endpointSlice, selection: DiscoverySelection(keepsZones: true))
        #expect(decoded.content == .skipped(cause))
    }

    @Test("What the reader and the registry's own types make of a document is the same")
    func sameAsRegistry() throws {
        let documents: [(DiscoveryKind, ObjectKind, String)] = [
            (.service, .service, Samples.service("web")), (.namespace, .namespace, Samples.namespace("prod")),
            (.endpointSlice, .endpointSlice, Samples.slice("s", service: "web", addresses: ["10.0.0.1", "10.0.0.2"])),
            (
                .service, .service,
                #"{"metadata":{"name":"a","namespace":"p"},"spec":{"type":"ExternalName","externalName":"x.example"}}"#
            ),
            (
                .service, .service,
                #"{"metadata":{"name":"a","namespace":"p"},"spec":{"clusterIP":"None","ports":[{"port":53,"protocol":"UDP"}]}}"#
            ),
            (
                .pod, .pod,
                #"{"metadata":{"name":"a","namespace":"p"},"status":{"phase":"Running","podIP":"10.1.2.3"}}"#
            ),
            (
                .endpoints, .endpoints,
                #"{"metadata":{"name":"a","namespace":"p"},"subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]}"#
            ),
        ]
        let selection = DiscoverySelection()
        for (kind, objectKind, text) in documents {
            let object = try RegistryObject(try JSONText.value(of: text), kind: objectKind)
            guard case .put(let expected)? = DiscoveryChange(.put(object), selection) else {
                Issue.record("nothing made of \(text)")
                continue
            }
            #expect(try Samples.decode(text, kind: kind, selection: selection).content == .object(expected))
        }
    }

    @Test("A ServiceImport is read as its own API writes it")
    func serviceImport() throws {
        let text =
            #"{"metadata":{"name":"a","namespace":"p"},"spec":{"type":"ClusterSetIP","ips":["10.9.0.1"],"ports":[{"port":80,"name":"http"}]}}"#
        let expected = DiscoveryService(
            importing: Samples.id("a", "p"), type: "ClusterSetIP", addresses: ["10.9.0.1"],
            ports: [DiscoveryPort(name: "http", number: 80)])
        #expect(try Samples.decode(text, kind: .serviceImport).content == .object(.serviceImport(expected)))
    }

    @Test("Objects of Namespaces that are not wanted, and finished Pods, are there and take no part")
    func unwanted() throws {
        let selection = DiscoverySelection(namespaces: ["other"])
        let decoded = try Samples.decode(Samples.service("web"), selection: selection)
        #expect(decoded.content == .nothing && decoded.id == Samples.id("web"))
        let pod = #"{"metadata":{"name":"a","namespace":"p"},"status":{"phase":"Failed","podIP":"10.1.2.3"}}"#
        #expect(try Samples.decode(pod, kind: .pod).content == .nothing)
    }

    private static func line(_ text: String) throws(JSONPull.Stop) -> WatchLine {
        let result: Result<WatchLine, JSONPull.Stop> = Array(text.utf8).withUnsafeBufferPointer { buffer in
            Result { () throws(JSONPull.Stop) in
                try WatchLine(buffer, kind: .service, selection: DiscoverySelection())
            }
        }
        return try result.get()
    }

    @Test("Events are read whichever member comes first")
    func events() throws {
        let object = Samples.service("web")
        let expected = WatchLine.modified(try Samples.decode(object))
        #expect(try Self.line(#"{"type":"MODIFIED","object":\#(object)}"#) == expected)
        #expect(try Self.line(#"{"object":\#(object),"odd":[],"type":"MODIFIED"}"#) == expected)
        #expect(try Self.line(#"{"type":"REPLACED","object":{}}"#) == .unknown)
        #expect(
            try Self.line(Samples.bookmark(9, endsInitialEvents: true))
                == .bookmark(ObjectVersion("9"), endsInitialEvents: true))
        #expect(
            try Self.line(Samples.event("ERROR", Samples.status(410, "Expired")))
                == .failure(WatchFailure(code: 410, message: "no")))
    }

    @Test(
        "A line that is no event is malformed",
        arguments: ["[]", "{}", #"{"type":"ADDED"}"#, #"{"type":7,"object":{}}"#])
    func noEvent(_ text: String) {
        #expect(throws: JSONPull.Stop.self) { try Self.line(text) }
    }
}
