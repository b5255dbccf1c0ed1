import Foundation
import Testing

@testable import Registry

@Suite("Reading objects")
struct ObjectReadingTests {
    /// A document with every field that is read.
    struct Document: CustomTestStringConvertible, Sendable {
        let kind: ObjectKind
        let text: String
        var testDescription: String { kind.rawValue }

        func value() throws -> JSONValue { try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }
    }

    private static let metadata = """
        {"name": "web", "namespace": "prod", "uid": "u", "labels": {"a": "b"}, "annotations": {"c": "d"}}
        """

    static let documents: [Document] = [
        Document(kind: .namespace, text: "{\"metadata\": {\"name\": \"prod\", \"labels\": {\"a\": \"b\"}}}"),
        Document(
            kind: .service,
            text: """
                {"metadata": \(metadata), "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.1",
                "clusterIPs": ["10.96.0.1"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080, "nodePort": 30000}],
                "selector": {"app": "web"}, "externalName": "x", "externalIPs": ["192.0.2.1"],
                "sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}},
                "internalTrafficPolicy": "Local", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30001,
                "allocateLoadBalancerNodePorts": true, "publishNotReadyAddresses": true,
                "trafficDistribution": "PreferClose"}}
                """),
        Document(
            kind: .endpointSlice,
            text: """
                {"metadata": \(metadata), "addressType": "IPv4",
                "ports": [{"name": "http", "protocol": "UDP", "port": 80}],
                "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": true}, "hostname": "h",
                "targetRef": {"name": "p"}, "nodeName": "n", "zone": "z"}]}
                """),
        Document(
            kind: .endpoints,
            text: """
                {"metadata": \(metadata), "subsets": [{"addresses": [{"ip": "192.0.2.1", "hostname": "h",
                "nodeName": "n", "targetRef": {"name": "p"}}], "notReadyAddresses": [{"ip": "192.0.2.2"}],
                "ports": [{"name": "http", "protocol": "TCP", "port": 80}]}]}
                """),
        Document(
            kind: .pod,
            text: """
                {"metadata": \(metadata), "spec": {"hostname": "h", "subdomain": "s"},
                "status": {"phase": "Running", "podIP": "192.0.2.1"}}
                """),
    ]

    @Test("Sound documents are read", arguments: documents)
    func sound(_ document: Document) throws {
        #expect(try RegistryObject(document.value(), kind: document.kind).kind == document.kind)
    }

    private static let kinds: [JSONValue] = [
        .null, .bool(true), .integer(7), .number(1.5), .string("x"), .array([]), .object([:]), .array([.null]),
        .array([.array([])]), .integer(.max), .integer(.min),
    ]

    @Test("A field of any other kind never traps; the error names the field", arguments: documents)
    func wrongKinds(_ document: Document) throws {
        let whole = try document.value()
        var unread: Set<FieldPath> = []
        for (path, original) in Self.fields(of: whole, at: FieldPath()) {
            for kind in Self.kinds {
                let changed = Self.replacing(whole, path.components[...], kind)
                do {
                    let object = try RegistryObject(changed, kind: document.kind)
                    _ = object.validate()
                    if Self.isWrong(kind, for: original, at: path) { unread.insert(path) }
                } catch {
                    let isNamed = error.violations.contains { $0.path.components.starts(with: path.components) }
                    #expect(isNamed, "\(path): \(error)")
                }
            }
        }
        #expect(unread == [])
    }

    /// Whether a value is of a kind that the field can never take.
    private static func isWrong(_ value: JSONValue, for original: JSONValue, at path: FieldPath) -> Bool {
        if value == .null || path.description.hasSuffix("targetPort") { return false }
        return switch (original, value) {
        case (.bool, .bool), (.integer, .integer), (.string, .string), (.object, .object), (.array, .array): false
        default: true
        }
    }

    private static func fields(of value: JSONValue, at path: FieldPath) -> [(FieldPath, JSONValue)] {
        let here = path.components.isEmpty ? [] : [(path, value)]
        return switch value {
        case .object(let members): here + members.flatMap { fields(of: $0.value, at: path / $0.key) }
        case .array(let elements): here + elements.enumerated().flatMap { fields(of: $0.element, at: path[$0.offset]) }
        default: here
        }
    }

    private static func replacing(
        _ value: JSONValue, _ path: ArraySlice<FieldPath.Component>, _ new: JSONValue
    ) -> JSONValue {
        guard let first = path.first else { return new }
        switch (first, value) {
        case (.member(let name), .object(var members)):
            members[name] = replacing(members[name] ?? .null, path.dropFirst(), new)
            return .object(members)
        case (.element(let index), .array(var elements)):
            elements[index] = replacing(elements[index], path.dropFirst(), new)
            return .array(elements)
        default: return new
        }
    }

    @Test("Documents that are no objects are refused", arguments: ObjectKind.allCases)
    func noObject(_ kind: ObjectKind) {
        for value in [JSONValue.string("x"), .array([]), .integer(1), .bool(false)] {
            #expect(throws: InvalidObject.self) { try RegistryObject(value, kind: kind) }
        }
    }

    @Test("Messages of wrong kinds")
    func messages() throws {
        let text = """
            {"metadata": {"name": 5}, "spec": {"type": "Cluster", "clusterIPs": [null, 1.5], "ports": {},
            "selector": {"a": true}, "publishNotReadyAddresses": "yes"}}
            """
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        let error = #expect(throws: InvalidObject.self) { try RegistryObject(document, kind: .service) }
        let expected: Set = [
            "metadata.name: Invalid value: must be a string, not a number",
            "spec.type: Unsupported value: \"Cluster\": supported values: "
                + "\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
            "spec.clusterIPs[0]: Invalid value: must not be null",
            "spec.clusterIPs[1]: Invalid value: must be a string, not a number",
            "spec.ports: Invalid value: must be an array, not an object",
            "spec.selector.a: Invalid value: must be a string, not a boolean",
            "spec.publishNotReadyAddresses: Invalid value: must be a boolean, not a string",
        ]
        #expect(Set(error?.violations.map(\.description) ?? []) == expected)
    }

    @Test("Long values are quoted by their beginning")
    func longValues() {
        let violation = FieldViolation("a.b", .invalid, value: String(repeating: "é", count: 5000), "must be short")
        #expect(violation.message.utf8.count < 400)
        #expect(violation.description.hasPrefix("a.b: Invalid value: \"é"))
        #expect(violation.description.hasSuffix("…\": must be short"))
    }
}
