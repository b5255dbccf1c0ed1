import Registry
import Testing

@testable import RegistryControllers

/// Reads a document of the tests; a broken one fails the test.
func json(_ text: String) throws -> JSONValue { try JSONText.value(of: text) }

func key(_ kind: ObjectKind, _ id: String) -> ObjectKey {
    let parts = id.split(separator: "/").map(String.init)
    return parts.count == 2
        ? ObjectKey(kind, NamespacedName(namespace: parts[0], name: parts[1]))
        : ObjectKey(kind, NamespacedName(namespace: "", name: id))
}

extension MemoryStore {
    /// Writes a document as a user would; its name and namespace come from `id`.
    @discardableResult
    func put(_ kind: ObjectKind, _ id: String, _ text: String = "{}") throws -> ObjectRecord {
        var document = try json(text)
        document["apiVersion"] = .string(kind.apiVersion)
        document["kind"] = .string(kind.rawValue)
        return try put(kind, id, document)
    }

    @discardableResult
    func put(_ kind: ObjectKind, _ id: String, _ document: JSONValue) throws -> ObjectRecord {
        let results = perform([ObjectWrite(key(kind, id), feeder: "test") { _, _ in .put(document) }])
        let result = try #require(results.first)
        return try #require(try result.get().record)
    }

    /// Changes a document that is there.
    @discardableResult
    func change(_ kind: ObjectKind, _ id: String, _ body: @escaping @Sendable (inout JSONValue) -> Void) throws
        -> ObjectRecord?
    {
        let results = perform([
            ObjectWrite(key(kind, id), feeder: "test") { stored, _ in
                guard var document = try stored?.document() else { throw ObjectStoreError.notFound(key(kind, id)) }
                body(&document)
                return .put(document)
            }
        ])
        let result = try #require(results.first)
        return try result.get().record
    }

    func delete(_ kind: ObjectKind, _ id: String) throws {
        let results = perform([ObjectWrite(key(kind, id), feeder: "test") { _, _ in .delete }])
        let result = try #require(results.first)
        _ = try result.get()
    }

    func document(_ kind: ObjectKind, _ id: String) throws -> JSONValue? { try record(key(kind, id))?.document() }

    /// The slices of a Service, in the order of their names.
    func slices(of service: String) throws -> [JSONValue] {
        let id = key(.service, service).id
        return try all(.endpointSlice, in: id.namespace).map { try $0.document() }.filter {
            $0["metadata"]?.textMap("labels")[EndpointSlice.serviceNameLabel] == id.name
        }
    }

    /// The addresses behind a Service with their conditions, as `10.0.0.1 TTF`, sorted.
    func endpoints(of service: String) throws -> [String] {
        try slices(of: service).flatMap { $0.list("endpoints").map(shown) }.sorted()
    }
}

/// An endpoint as `address ready serving terminating`, each of the three `T`, `F` or `-`.
func shown(_ endpoint: JSONValue) -> String {
    let conditions = endpoint["conditions"] ?? .null
    let letters = ["ready", "serving", "terminating"].map { name in
        conditions.flag(name).map { $0 ? "T" : "F" } ?? "-"
    }
    return "\(endpoint.strings("addresses").joined(separator: "+")) \(letters.joined())"
}

/// A Service's document of one port.
func serviceDocument(
    selector: String = #"{"app": "web"}"#, ports: String = #"[{"name": "http", "port": 80, "targetPort": 8080}]"#,
    extra: String = ""
) -> String {
    #"{"spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "ipFamilies": ["IPv4"], "#
        + #""selector": \#(selector), "ports": \#(ports)\#(extra.isEmpty ? "" : ", \(extra)")}}"#
}

/// A Pod's document.
func podDocument(
    _ ip: String, labels: String = #"{"app": "web"}"#, isReady: Bool = true, metadata: String = "", spec: String = "",
    phase: String = "Running"
) -> String {
    #"{"metadata": {"labels": \#(labels)\#(metadata.isEmpty ? "" : ", \(metadata)")}, "spec": {\#(spec)}, "#
        + #""status": {"phase": "\#(phase)", "podIP": "\#(ip)", "podIPs": [{"ip": "\#(ip)"}], "conditions": "#
        + #"[{"type": "Ready", "status": "\#(isReady ? "True" : "False")", "#
        + #""lastTransitionTime": "2026-07-01T12:00:00Z"}]}}"#
}

/// Makes a Pod ready, or not.
func setReady(_ isReady: Bool) -> @Sendable (inout JSONValue) -> Void {
    { document in
        document["status"]?["conditions"] = .array([
            .object(["type": .string("Ready"), "status": .string(isReady ? "True" : "False")])
        ])
    }
}
