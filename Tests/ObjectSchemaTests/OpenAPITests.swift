import Registry
import Testing

@testable import ObjectSchema

/// The OpenAPI documents, as clients follow them.
@Suite struct OpenAPITests {
    private static let openAPI = OpenAPI(schema: .shared)

    private func document(of kind: ObjectKind) throws -> JSONValue {
        try #require(Self.openAPI.documents[kind.group.isEmpty ? "api/v1" : "apis/\(kind.apiVersion)"])
    }

    @Test func theIndexNamesEveryDocumentOnce() throws {
        guard case .object(let paths)? = Self.openAPI.index["paths"] else {
            Issue.record("no paths")
            return
        }
        #expect(Set(paths.keys) == Set(Self.openAPI.documents.keys))
        #expect(
            Set(paths.keys) == [
                "api/v1", "apis/discovery.k8s.io/v1", "apis/networking.k8s.io/v1", "apis/coordination.k8s.io/v1",
            ])
        for (path, entry) in paths {
            let url = try #require(entry["serverRelativeURL"]?.string)
            #expect(url.hasPrefix("/openapi/v3/\(path)?hash="))
        }
        #expect(Set(paths.values).count == paths.count)
    }

    @Test func hashesFollowFromTheContent() {
        #expect(OpenAPI(schema: .shared).index == Self.openAPI.index)
        let changed = Schema(
            Schema.shared.types.values.map { type in
                guard type.name == "ServicePort" else { return type }
                return SchemaType(name: type.name, openAPIName: type.openAPIName, fields: [])
            })
        let paths = OpenAPI(schema: changed).index["paths"]
        let former = Self.openAPI.index["paths"]
        #expect(paths?["api/v1"] != former?["api/v1"])
        #expect(paths?["apis/discovery.k8s.io/v1"] == former?["apis/discovery.k8s.io/v1"])
    }

    @Test func everyReferenceResolvesWithinItsDocument() {
        for (path, document) in Self.openAPI.documents {
            guard case .object(let schemas)? = document["components"]?["schemas"] else {
                Issue.record("\(path) has no schemas")
                continue
            }
            let references = Self.references(in: document)
            #expect(!references.isEmpty)
            for reference in references {
                #expect(reference.hasPrefix("#/components/schemas/"))
                #expect(schemas[String(reference.dropFirst("#/components/schemas/".count))] != nil, "\(reference)")
            }
            // Nothing is there that nothing leads to, but for the kinds themselves.
            let named = Set(references.map { String($0.dropFirst("#/components/schemas/".count)) })
            for (name, schema) in schemas
            where !named.contains(name) && schema["x-kubernetes-group-version-kind"] == nil {
                #expect(["Time", "MicroTime", "Quantity", "IntOrString", "FieldsV1"].contains { name.hasSuffix($0) })
            }
        }
    }

    private static func references(in value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.key == "$ref", let target = member.value.string { found.insert(target) }
                found.formUnion(references(in: member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: []
        }
    }

    @Test(arguments: ObjectKind.allCases)
    func everyKindCanBePatchedWithFieldValidation(_ kind: ObjectKind) throws {
        let document = try document(of: kind)
        let collection =
            (kind.group.isEmpty ? "/api/v1" : "/apis/\(kind.apiVersion)")
            + (kind.isNamespaced ? "/namespaces/{namespace}/\(kind.resource)" : "/\(kind.resource)")
        let identity = JSONValue.object([
            "group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.rawValue),
        ])
        let patch = try #require(document["paths"]?["\(collection)/{name}"]?["patch"])
        #expect(patch["x-kubernetes-group-version-kind"] == identity)
        #expect(patch["x-kubernetes-action"] == .string("patch"))
        #expect(patch["requestBody"]?["content"]?["application/strategic-merge-patch+json"] != nil)
        guard case .array(let parameters)? = patch["parameters"] else {
            Issue.record("no parameters")
            return
        }
        #expect(parameters.contains { $0["name"]?.string == "fieldValidation" && $0["in"]?.string == "query" })
        #expect(document["paths"]?[collection]?["post"] != nil)
        #expect((document["paths"]?["\(collection)/{name}/status"] != nil) == kind.hasStatus)
        let name = try #require(Schema.shared.type(of: kind)?.openAPIName)
        let type = try #require(document["components"]?["schemas"]?[name])
        #expect(type["x-kubernetes-group-version-kind"] == .array([identity]))
    }

    @Test func fieldsSayHowTheyArePatched() throws {
        let schemas = try document(of: .pod)["components"]?["schemas"]
        let ports = try #require(schemas?["io.k8s.api.core.v1.ServiceSpec"]?["properties"]?["ports"])
        #expect(ports["x-kubernetes-patch-strategy"] == .string("merge"))
        #expect(ports["x-kubernetes-patch-merge-key"] == .string("port"))
        #expect(ports["x-kubernetes-list-type"] == .string("map"))
        #expect(ports["x-kubernetes-list-map-keys"] == .strings(["port", "protocol"]))
        #expect(ports["type"] == .string("array"))
        let selector = try #require(schemas?["io.k8s.api.core.v1.ServiceSpec"]?["properties"]?["selector"])
        #expect(selector["x-kubernetes-map-type"] == .string("atomic"))
        let volumes = try #require(schemas?["io.k8s.api.core.v1.PodSpec"]?["properties"]?["volumes"])
        #expect(volumes["x-kubernetes-patch-strategy"] == .string("merge,retainKeys"))
        // What protobuf keeps apart stands among the other members.
        #expect(schemas?["io.k8s.api.core.v1.Volume"]?["properties"]?["emptyDir"] != nil)
        #expect(schemas?["io.k8s.api.core.v1.ObjectReference"]?["x-kubernetes-map-type"] == .string("atomic"))
        #expect(schemas?["io.k8s.api.core.v1.ServicePort"]?["required"] == .strings(["port"]))
    }

    @Test func documentsStaySmall() {
        for (path, document) in Self.openAPI.documents {
            #expect(JSONText.text(of: document).utf8.count < 512 << 10, "\(path)")
        }
    }
}
