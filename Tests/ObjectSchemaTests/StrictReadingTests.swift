import Registry
import Testing

@testable import ObjectSchema

/// How documents are read by their types, in the words of Kubernetes.
@Suite struct StrictReadingTests {
    struct Case: CustomTestStringConvertible {
        let kind: ObjectKind
        let text: String
        let outcome: String

        init(_ kind: ObjectKind, _ text: String, _ outcome: String) {
            self.kind = kind
            self.text = text
            self.outcome = outcome
        }

        var testDescription: String { "\(kind.rawValue) \(text)" }
    }

    private func read(_ text: String, _ kind: ObjectKind) throws -> ReadDocument {
        try Schema.shared.read(JSONText.value(of: text), as: #require(Schema.shared.type(of: kind)))
    }

    @Test func unknownMembersAreNotedByTheBeginningOfTheirPath() throws {
        let name = String(repeating: "x", count: 100_000)
        let document = try read("{\"spec\":{\"\(name)\":1}}", .service)
        #expect(document.strictErrors == ["unknown field \"spec.\(name.prefix(120))…\""])
    }

    private static let mismatches = [
        Case(.service, #"[]"#, "json: cannot unmarshal array into Go value of type v1.Service"),
        Case(.service, #""x""#, "json: cannot unmarshal string into Go value of type v1.Service"),
        Case(
            .service, #"{"spec":7}"#,
            "json: cannot unmarshal number into Go struct field Service.spec of type v1.ServiceSpec"),
        Case(
            .service, #"{"spec":{"ports":"80"}}"#,
            "json: cannot unmarshal string into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort"),
        Case(
            .service, #"{"spec":{"ports":[{"port":"80"}]}}"#,
            "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32"),
        Case(
            .service, #"{"spec":{"ports":[{"port":80.5}]}}"#,
            "json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32"),
        Case(
            .service, #"{"spec":{"ports":[{"port":2147483648}]}}"#,
            "json: cannot unmarshal number 2147483648 into Go struct field ServicePort.spec.ports.port of type int32"),
        Case(
            .service, #"{"spec":{"ports":[{"targetPort":true}]}}"#,
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32"),
        Case(
            .service, #"{"spec":{"ports":[80]}}"#,
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort"),
        Case(
            .service, #"{"spec":{"type":1}}"#,
            "json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType"),
        Case(
            .service, #"{"spec":{"ipFamilies":"IPv4"}}"#,
            "json: cannot unmarshal string into Go struct field ServiceSpec.spec.ipFamilies of type []v1.IPFamily"),
        Case(
            .service, #"{"spec":{"publishNotReadyAddresses":"true"}}"#,
            "json: cannot unmarshal string into Go struct field ServiceSpec.spec.publishNotReadyAddresses of type bool"
        ),
        Case(
            .namespace, #"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
        Case(
            .namespace, #"{"metadata":{"labels":["a"]}}"#,
            "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string"),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":7}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"today"}}"#,
            #"parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006""#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-02-29T00:00:00Z"}}"#,
            #"parsing time "2026-02-29T00:00:00Z": day out of range"#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-01-01T00:00:00Zz"}}"#,
            #"parsing time "2026-01-01T00:00:00Zz": extra text: "z""#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-01-01T24:00:00Z"}}"#,
            #"parsing time "2026-01-01T24:00:00Z": hour out of range"#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-01-01T00:00:00.5\u0301Z"}}"#,
            #"parsing time "2026-01-01T00:00:00.5\#u{301}Z" as "2006-01-02T15:04:05Z07:00": "#
                + #"cannot parse ".5\#u{301}Z" as "Z07:00""#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-01-01T00:00:00+5:00"}}"#,
            #"parsing time "2026-01-01T00:00:00+5:00" as "2006-01-02T15:04:05Z07:00": cannot parse "+5:00" as "Z07:00""#
        ),
        Case(
            .lease, #"{"spec":{"renewTime":"2026-01-01T00:00:00Z"}}"#,
            #"parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#
        ),
        Case(
            .pod, #"{"spec":{"containers":[{"env":[{"name":"A","value":1}]}]}}"#,
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string"),
        Case(
            .pod, #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        Case(
            .pod, #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1Kk"}}}]}}"#,
            "unable to parse quantity's suffix"),
        Case(
            .pod, #"{"spec":{"containers":[{"resources":{"limits":7}}]}}"#,
            "json: cannot unmarshal number into Go struct field "
                + "ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"),
        Case(
            .endpointSlice, #"{"ports":[{"port":"x"}]}"#,
            "json: cannot unmarshal string into Go struct field EndpointPort.ports.port of type int32"),
    ]

    @Test(arguments: mismatches)
    func aWrongTypeIsNamedAsUpstreamNamesIt(_ given: Case) {
        let error = #expect(throws: SchemaReadError.self) { try read(given.text, given.kind) }
        #expect(error?.description == given.outcome)
    }

    @Test(arguments: [
        (#"{"foo":1}"#, [#"unknown field "foo""#]),
        (#"{"spec":{"foo":1,"type":"ClusterIP"}}"#, [#"unknown field "spec.foo""#]),
        (#"{"spec":{"ports":[{"port":1},{"port":2,"bar":{}}]}}"#, [#"unknown field "spec.ports[1].bar""#]),
        (#"{"Spec":{},"spec":{"Type":"x"}}"#, [#"unknown field "Spec""#, #"unknown field "spec.Type""#]),
        (#"{"metadata":{"labels":{"anything.goes/here":"x"},"annotations":{}}}"#, []),
    ])
    func unknownMembersAreDroppedAndNoted(_ text: String, _ errors: [String]) throws {
        let read = try read(text, .service)
        #expect(read.strictErrors == errors)
        #expect(!JSONText.text(of: read.document).lowercased().contains("foo"))
        #expect(try self.read(JSONText.text(of: read.document), .service).strictErrors.isEmpty)
    }

    @Test func noMoreThanAHundredUnknownMembersAreNoted() throws {
        let members = (0..<500).map { "\"x\($0)\":1" }.joined(separator: ",")
        #expect(try read("{\(members)}", .service).strictErrors.count == 100)
    }

    /// The same document as it is kept.
    private static let settled = [
        // Null is nothing at all; among elements it is the value that nothing was said about.
        Case(
            .service, #"{"spec":null,"metadata":{"labels":{"a":null},"name":null}}"#,
            #"{"metadata":{"labels":{"a":""}}}"#),
        Case(
            .service, #"{"spec":{"clusterIPs":[null],"ports":[null]}}"#, #"{"spec":{"clusterIPs":[""],"ports":[{}]}}"#),
        // Zero values that mean absence; those of pointers do not.
        Case(
            .service,
            #"{"spec":{"clusterIP":"","ports":[],"selector":{},"publishNotReadyAddresses":false,"healthCheckNodePort":0}}"#,
            #"{"spec":{}}"#),
        Case(
            .service, #"{"spec":{"allocateLoadBalancerNodePorts":false,"loadBalancerClass":""}}"#,
            #"{"spec":{"allocateLoadBalancerNodePorts":false,"loadBalancerClass":""}}"#),
        Case(
            .pod, #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[]}}"#,
            #"{"spec":{"containers":[],"volumes":[{"emptyDir":{},"name":"v"}]}}"#),
        Case(
            .pod, #"{"status":{"containerStatuses":[{"name":"c","ready":false,"restartCount":0}]}}"#,
            #"{"status":{"containerStatuses":[{"name":"c","ready":false,"restartCount":0}]}}"#),
        // Amounts are texts, times are in UTC.
        Case(
            .pod, #"{"spec":{"overhead":{"cpu":1,"memory":1.5,"a":"1Gi","b":"-1e3","c":".5m"}}}"#,
            #"{"spec":{"overhead":{"a":"1Gi","b":"-1e3","c":".5m","cpu":"1","memory":"1.5"}}}"#),
        Case(
            .namespace, #"{"metadata":{"creationTimestamp":"2026-03-01T01:30:00.25+02:00"}}"#,
            #"{"metadata":{"creationTimestamp":"2026-02-28T23:30:00Z"}}"#),
        Case(
            .lease, #"{"spec":{"renewTime":"2024-02-29T12:00:00.000120-05:30"}}"#,
            #"{"spec":{"renewTime":"2024-02-29T17:30:00.000120Z"}}"#),
        Case(
            .service, #"{"spec":{"ports":[{"targetPort":"http"},{"targetPort":80}]}}"#,
            #"{"spec":{"ports":[{"targetPort":"http"},{"targetPort":80}]}}"#),
        // Owned fields are whatever JSON they are.
        Case(
            .namespace, #"{"metadata":{"managedFields":[{"fieldsV1":{"f:spec":{".":{}}}}]}}"#,
            #"{"metadata":{"managedFields":[{"fieldsV1":{"f:spec":{".":{}}}}]}}"#),
    ]

    @Test(arguments: settled)
    func aDocumentIsKeptInOneForm(_ given: Case) throws {
        let read = try read(given.text, given.kind)
        #expect(JSONText.text(of: read.document) == given.outcome)
        #expect(read.strictErrors.isEmpty)
    }

    /// Any value may stand anywhere; the answer is a document or an error.
    @Test func documentsOfAnyShapeDoNotTrap() throws {
        var samples = SampleDocuments(generator: .announced())
        var refused = 0
        for kind in ObjectKind.allCases {
            let type = try #require(Schema.shared.type(of: kind))
            for _ in 0..<200 {
                let document = samples.distorted(samples.document(of: type, depth: 1))
                do {
                    let read = try Schema.shared.read(document, as: type)
                    // What has been read says the same when it is read again.
                    #expect(try Schema.shared.read(read.document, as: type).document == read.document)
                } catch {
                    #expect(!error.description.isEmpty)
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
    }
}

extension SampleDocuments {
    /// The document with some of its values replaced by others, and with members that nobody knows.
    fileprivate mutating func distorted(_ value: JSONValue, chance: Int = 40) -> JSONValue {
        guard Int.random(in: 0..<chance, using: &generator) > 0 else {
            let strangers: [JSONValue] = [
                .null, .bool(true), .integer(.min), .integer(0), .number(1e300), .string(""), .string("-"),
                .string("9999-12-31T23:59:59-23:59"), .string("0000-01-01T00:00:00Z"), .string("1e99999999999"),
                .array([.null]), .array([.array([])]), .object(["": .null]),
            ]
            return strangers.randomElement(using: &generator) ?? .null
        }
        switch value {
        case .array(let elements): return .array(elements.map { distorted($0) })
        case .object(let members):
            var changed = members.mapValues { distorted($0) }
            if Int.random(in: 0..<10, using: &generator) == 0 { changed["stranger\n.[0]"] = .object([:]) }
            return .object(changed)
        default: return value
        }
    }
}
