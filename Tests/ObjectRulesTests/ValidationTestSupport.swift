import ObjectRules
import Registry
import Testing

/// A sound document, what is changed in it, and the violations that follow.
struct Breach: CustomTestStringConvertible, Sendable {
    let kind: ObjectKind
    let changes: [String: String]
    let expected: [String]
    var testDescription: String { "\(kind.rawValue) \(changes)" }

    /// - Parameter changes: JSON by path (`spec.ports.0.port`); an empty text takes the field away.
    init(_ kind: ObjectKind, _ changes: [String: String], _ expected: String...) {
        (self.kind, self.changes, self.expected) = (kind, changes, expected)
    }

    /// The sound document of the kind with the changes.
    func document() throws -> JSONValue {
        var document = try Sound.document(kind)
        for (path, text) in changes {
            document = try document.replacing(path.split(separator: ".")[...], by: text.isEmpty ? nil : json(text))
        }
        return document
    }
}

enum Sound {
    /// A document of each kind that breaks no rule, with its defaults.
    static func document(_ kind: ObjectKind) throws -> JSONValue {
        ObjectDefaults.apply(to: try json(texts[kind] ?? "{}"), kind: kind)
    }

    private static let metadata = #""metadata": {"name": "web", "namespace": "prod", "uid": "u"}"#

    private static let texts: [ObjectKind: String] = [
        .namespace: #"{"metadata": {"name": "prod"}, "spec": {"finalizers": ["kubernetes"]}}"#,
        .service: #"{\#(metadata), "spec": {"ports": [{"port": 80}]}, "status": {"loadBalancer": {}}}"#,
        .endpointSlice: """
        {\(metadata), "addressType": "IPv4", "ports": [{"port": 80}], "endpoints": [{"addresses": ["192.0.2.1"]}]}
        """,
        .endpoints: #"{\#(metadata), "subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}]}"#,
        .pod: """
        {\(metadata), "spec": {"containers": [{"name": "a", "image": "a:1", "ports": [{"containerPort": 80}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], "volumes": [{"name": "v"}],
        "tolerations": [{"key": "a", "operator": "Exists"}]},
        "status": {"phase": "Pending", "qosClass": "BestEffort"}}
        """,
        .node: #"{"metadata": {"name": "n"}, "spec": {"podCIDR": "10.1.0.0/24"}}"#,
        .event: #"{\#(metadata), "involvedObject": {"namespace": "prod", "name": "web"}}"#,
        .ipAddress: """
        {"metadata": {"name": "2001:db8::1"}, "spec": {"parentRef": {"group": "", "resource": "services",
        "namespace": "prod", "name": "web"}}}
        """,
        .serviceCIDR: #"{"metadata": {"name": "more"}, "spec": {"cidrs": ["10.1.0.0/24"]}}"#,
        .lease: #"{\#(metadata), "spec": {"leaseDurationSeconds": 5}}"#,
    ]
}

extension JSONValue {
    /// The document with another value at a path of member names and places in lists.
    func replacing(_ path: ArraySlice<Substring>, by value: JSONValue?) throws -> JSONValue {
        guard let first = path.first else { return value ?? .null }
        if case .array(var elements) = self, let index = Int(first), elements.indices.contains(index) {
            elements[index] = try elements[index].replacing(path.dropFirst(), by: value)
            return .array(elements)
        }
        var changed = self
        changed[String(first)] =
            path.count == 1 ? value : try (self[String(first)] ?? .object([:])).replacing(path.dropFirst(), by: value)
        return changed
    }
}

/// Texts of upstream's that are too long to repeat.
enum Text {
    static let label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    static let subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    static let searchDomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
        + "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
    static let name =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    static let address = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    static let range = "must be between 1 and 65535, inclusive"
    static let network = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
}
