import Registry

/// What the registry serves as OpenAPI v3 documents: one for each group and version, and an index of them.
///
/// `kubectl explain` reads the schemas, `kubectl apply` builds its strategic merge patches from them, and
/// `--validate` looks at the operations for the parameter `fieldValidation`.
package struct OpenAPI: Sendable {
    /// `{"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=…"}}}`; the hash follows from the document,
    /// so that clients may keep it.
    package let index: JSONValue
    /// By path: `api/v1`, `apis/discovery.k8s.io/v1`.
    package let documents: [String: JSONValue]

    package init(schema: Schema) {
        var documents: [String: JSONValue] = [:]
        for (version, kinds) in Dictionary(grouping: ObjectKind.allCases, by: \.apiVersion) {
            let sorted = kinds.sorted { $0.rawValue < $1.rawValue }
            guard let first = sorted.first else { continue }
            let path = first.group.isEmpty ? "api/\(version)" : "apis/\(version)"
            documents[path] = Self.document(of: sorted, root: path, schema: schema)
        }
        self.documents = documents
        index = .object([
            "paths": .object(
                Dictionary(
                    uniqueKeysWithValues: documents.map { path, document in
                        let url = "/openapi/v3/\(path)?hash=\(Self.hash(of: document))"
                        return (path, .object(["serverRelativeURL": .string(url)]))
                    }))
        ])
    }

    private static func document(of kinds: [ObjectKind], root: String, schema: Schema) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for kind in kinds {
            paths.merge(OpenAPIPaths(kind: kind, root: root).paths(in: schema)) { first, _ in first }
        }
        return .object([
            "openapi": .string("3.0.0"),
            "info": .object(["title": .string("Swiftlet"), "version": .string(kinds.first?.version ?? "v1")]),
            "paths": .object(paths),
            "components": .object(["schemas": .object(OpenAPISchemas(schema: schema, kinds: kinds).schemas)]),
        ])
    }

    /// Sixteen hexadecimal digits (FNV-1a): equal for equal documents, in every process.
    private static func hash(of document: JSONValue) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in JSONText.text(of: document).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension JSONValue {
    static func strings(_ texts: some Sequence<String>) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
