import Registry

/// The paths under which objects of a kind are served, and what can be done there.
struct OpenAPIPaths {
    let kind: ObjectKind
    /// `api/v1`, `apis/discovery.k8s.io/v1`.
    let root: String

    /// One way to use a path.
    private struct Operation {
        /// Of HTTP, in lower case.
        let method: String
        /// Kubernetes' word for it (`x-kubernetes-action`).
        let action: String
        var parameters: [OpenAPIParameter] = []
        var answersWithList = false
        var answersWithStatus = false
        /// The media types of the body, if there is one, and the schema of its content.
        var body: (mediaTypes: [String], schema: String)?
    }

    func paths(in schema: Schema) -> [String: JSONValue] {
        guard let type = schema.type(of: kind), let list = OpenAPISchemas.Name.list(of: kind, in: schema) else {
            return [:]
        }
        let scope = kind.isNamespaced ? "/\(root)/namespaces/{namespace}" : "/\(root)"
        let collection = "\(scope)/\(kind.resource)"
        let inNamespace: [OpenAPIParameter] = kind.isNamespaced ? [.namespace] : []
        let options = schema["DeleteOptions"]?.openAPIName ?? OpenAPISchemas.Name.fields
        let object = type.openAPIName
        var paths: [String: JSONValue] = [:]
        let lists = Operation(method: "get", action: "list", parameters: OpenAPIParameter.list, answersWithList: true)
        if kind.isNamespaced {
            paths["/\(root)/\(kind.resource)"] = path([lists], [], object: object, list: list)
        }
        paths[collection] = path(
            [
                lists,
                Operation(
                    method: "post", action: "post", parameters: OpenAPIParameter.write,
                    body: (Self.objectTypes, object)),
                Operation(
                    method: "delete", action: "deletecollection",
                    parameters: OpenAPIParameter.list + OpenAPIParameter.delete, answersWithStatus: true,
                    body: (Self.objectTypes, options)),
            ], inNamespace, object: object, list: list)
        paths["\(collection)/{name}"] = path(
            changes(object: object) + [
                Operation(
                    method: "delete", action: "delete", parameters: OpenAPIParameter.delete, answersWithStatus: true,
                    body: (Self.objectTypes, options))
            ], [.name] + inNamespace, object: object, list: list)
        if kind.hasStatus {
            paths["\(collection)/{name}/status"] = path(
                changes(object: object), [.name] + inNamespace, object: object, list: list)
        }
        return paths
    }

    private static let objectTypes = [
        "application/json", "application/yaml", "application/vnd.kubernetes.protobuf",
    ]
    private static let patchTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ]

    /// What can be done with one object, but for deleting it.
    private func changes(object: String) -> [Operation] {
        [
            Operation(method: "get", action: "get"),
            Operation(
                method: "put", action: "put", parameters: OpenAPIParameter.write, body: (Self.objectTypes, object)),
            Operation(
                method: "patch", action: "patch", parameters: OpenAPIParameter.write + [.force],
                body: (Self.patchTypes, OpenAPISchemas.Name.patch)),
        ]
    }

    private func path(
        _ operations: [Operation], _ parameters: [OpenAPIParameter], object: String, list: String
    ) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for operation in operations {
            members[operation.method] = form(operation, result: operation.answersWithList ? list : object)
        }
        if !parameters.isEmpty { members["parameters"] = .array(parameters.map(\.form)) }
        return .object(members)
    }

    private func form(_ operation: Operation, result: String) -> JSONValue {
        var answer: [String: JSONValue] = ["description": .string("OK")]
        if !operation.answersWithStatus { answer["content"] = content(["application/json"], result) }
        var members: [String: JSONValue] = [
            "responses": .object(["200": .object(answer)]),
            "x-kubernetes-action": .string(operation.action),
            "x-kubernetes-group-version-kind": OpenAPISchemas.identity(kind),
        ]
        if !operation.parameters.isEmpty { members["parameters"] = .array(operation.parameters.map(\.form)) }
        if let body = operation.body {
            var form: [String: JSONValue] = ["content": content(body.mediaTypes, body.schema)]
            // A delete may come without options.
            if operation.method != "delete" { form["required"] = .bool(true) }
            members["requestBody"] = .object(form)
        }
        return .object(members)
    }

    private func content(_ mediaTypes: [String], _ schema: String) -> JSONValue {
        let form = JSONValue.object(["schema": OpenAPISchemas.reference(schema)])
        return .object(Dictionary(mediaTypes.map { ($0, form) }) { first, _ in first })
    }
}
