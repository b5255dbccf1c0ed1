import ObjectPatches
import ObjectRules
import ObjectSchema
import Registry

/// A patch as it came, of one of the four kinds.
enum ObjectPatch: Sendable {
    case json(JSONValue)
    case merge(JSONValue)
    case strategicMerge(JSONValue)
    /// Server-side apply: the configuration.
    case apply(JSONValue)

    /// What bodies of patches may be.
    static let mediaTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        applyType,
    ]

    /// The media type of a server-side apply.
    static let applyType = "application/apply-patch+yaml"

    /// - Parameter strictErrors: Gets what stands twice in the patch, and what is unknown in the operations of one.
    init(_ request: APIRequest, _ bodies: BodyReader, strictErrors: inout [String]) async throws {
        switch request.contentType {
        case "application/json-patch+json":
            let patch = try await bodies.tree(of: request, strictErrors: &strictErrors)
            strictErrors = (strictErrors + JSONPatch.unknownMembers(in: patch)).map { "json patch \($0)" }
            self = .json(patch)
        case "application/merge-patch+json":
            self = .merge(try await bodies.tree(of: request, strictErrors: &strictErrors))
        case "application/strategic-merge-patch+json":
            self = .strategicMerge(try await bodies.tree(of: request, strictErrors: &strictErrors))
        case Self.applyType:
            self = .apply(try await bodies.tree(of: request, strictErrors: &strictErrors))
        default:
            throw APIStatus.unsupportedMediaType(accepted: ObjectPatch.mediaTypes)
        }
    }

    /// The document that the patch makes of another; not for applies, which need to know who owns what.
    func result(on live: JSONValue, type: SchemaType?, schema: Schema) throws -> JSONValue {
        do {
            switch self {
            case .json(let patch):
                return try JSONPatch.apply(patch, to: live)
            case .merge(let patch):
                guard case .object = patch else {
                    throw APIStatus.badRequest("a merge patch must be an object, not \(patch.kindName)")
                }
                return MergePatch.apply(patch, to: live)
            case .strategicMerge(let patch):
                guard let type else { throw APIStatus.unsupportedMediaType(accepted: ObjectPatch.mediaTypes) }
                return try StrategicMergePatch.apply(patch, to: live, type: type, schema: schema)
            case .apply:
                return live
            }
        } catch let error as PatchError {
            throw APIStatus(error)
        }
    }
}
