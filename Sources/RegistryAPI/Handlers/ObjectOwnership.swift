import ObjectPatches
import ObjectRules
import ObjectSchema
import Registry

/// Field ownership for one kind: `managedFields` kept by the rules of its schema.
struct ObjectOwnership: Sendable {
    let kind: ObjectKind
    let type: SchemaType
    let schema: Schema

    /// The document with its owners after a write that is no apply.
    func updated(
        live: JSONValue?, new: JSONValue, manager: String, subresource: String?, now: Timestamp
    ) -> JSONValue {
        FieldOwnership.update(
            live: live, new: new, type: type, schema: schema, manager: manager, subresource: subresource,
            apiVersion: kind.apiVersion, now: now)
    }

    /// What a server-side apply makes of an object, owners included.
    func applied(
        _ configuration: JSONValue, live: JSONValue?, _ options: WriteOptions, subresource: String?, now: Timestamp
    ) throws -> JSONValue {
        do {
            return try FieldOwnership.apply(
                configuration: configuration, live: live, type: type, schema: schema, manager: options.manager,
                subresource: subresource, apiVersion: kind.apiVersion, force: options.force ?? false, now: now)
        } catch let conflict as ApplyConflict {
            throw APIStatus(conflict)
        } catch let error as PatchError {
            throw APIStatus(error)
        }
    }
}

extension BodyReader {
    func ownership(of kind: ObjectKind) -> ObjectOwnership {
        ObjectOwnership(
            kind: kind, type: schema.type(of: kind) ?? SchemaType(name: kind.rawValue, openAPIName: "", fields: []),
            schema: schema)
    }
}
