import ObjectSchema
import Registry

/// Strategic merge patches: merge patches that know which lists are merged, and by what (Kubernetes API conventions).
package enum StrategicMergePatch {
    /// The document that `patch` makes of another of a type.
    ///
    /// Directives of the patch: `$patch` (delete, replace, merge), `$retainKeys`, `$setElementOrder/<field>`,
    /// `$deleteFromPrimitiveList/<field>`. Recurses as deeply as the patch nests, which its readers bound.
    package static func apply(
        _ patch: JSONValue, to document: JSONValue, type: SchemaType, schema: Schema
    ) throws(PatchError) -> JSONValue {
        guard case .object(let changes) = patch else {
            throw .malformed("a strategic merge patch must be an object, not \(patch.kindName)")
        }
        var members: [String: JSONValue] = [:]
        if case .object(let existing) = document { members = existing }
        return .object(try StrategicMerger(schema: schema).merged(members, with: changes, as: .type(type)))
    }
}

/// Merges parts of patches into parts of documents.
struct StrategicMerger {
    /// What the members of an object are.
    enum Members {
        case type(SchemaType)
        case map(SchemaShape)
        /// Objects merge, lists are replaced.
        case unknown
    }

    static let directive = "$patch"
    static let retainKeys = "$retainKeys"
    static let elementOrder = "$setElementOrder"
    static let deletions = "$deleteFromPrimitiveList"

    let schema: Schema

    /// An object with the members of a patch merged into it.
    func merged(
        _ original: [String: JSONValue], with patch: [String: JSONValue], as kind: Members
    ) throws(PatchError) -> [String: JSONValue] {
        var original = original
        var patch = patch
        if let directive = patch.removeValue(forKey: Self.directive) {
            switch directive {
            case .string("replace"): original = [:]
            case .string("delete"): return [:]
            case .string("merge"): break
            default: throw Self.unknownDirective(directive, in: patch)
            }
        }
        if let kept = patch.removeValue(forKey: Self.retainKeys) { try retain(kept, of: &original, patch) }

        var orders: [String: [JSONValue]] = [:]
        var deletions: [String: [JSONValue]] = [:]
        var changes: [String: JSONValue] = [:]
        for (name, value) in patch {
            if name.hasPrefix(Self.elementOrder) {
                let (field, list) = try Self.directiveList(
                    name, value, Self.elementOrder, "invalid patch format of setElementOrder list")
                orders[field] = list
            } else if name.hasPrefix(Self.deletions) {
                let (field, list) = try Self.directiveList(
                    name, value, Self.deletions, "invalid patch format of primitive list")
                deletions[field] = list
            } else {
                changes[name] = value
            }
        }
        // An order alone rearranges the list that is there.
        for (field, order) in orders where changes[field] == nil {
            guard case .array(let elements)? = original[field] else { continue }
            let list = StrategicList(self, shape(of: field, in: kind), of: field)
            original[field] = .array(try list.ordered(elements, by: order, formerly: elements))
        }
        for (field, change) in changes {
            original[field] = try merged(
                original[field], with: change, shape(of: field, in: kind), of: field, order: orders[field])
        }
        for (field, removed) in deletions {
            guard case .array(let elements)? = original[field] else { continue }
            let removed = Set(removed)
            original[field] = .array(elements.filter { !removed.contains($0) })
        }
        return original
    }

    /// A value with a change merged into it; nil where the change is a null.
    private func merged(
        _ original: JSONValue?, with change: JSONValue, _ shape: FieldShape, of field: String, order: [JSONValue]?
    ) throws(PatchError) -> JSONValue? {
        switch change {
        case .null:
            return nil
        case .object(let changes):
            var members: [String: JSONValue] = [:]
            if shape.strategy != .replace, case .object(let existing)? = original { members = existing }
            if members.isEmpty, original == nil, changes[Self.directive] == .string("delete") { return nil }
            return .object(try merged(members, with: changes, as: self.members(of: shape.shape)))
        case .array(let elements):
            var existing: [JSONValue]?
            if case .array(let list)? = original { existing = list }
            return .array(
                try StrategicList(self, shape, of: field).merged(existing, with: elements, order: order))
        default:
            return change
        }
    }

    /// What a field holds, as far as patches need to know.
    struct FieldShape {
        var shape: SchemaShape?
        var strategy: SchemaField.PatchStrategy?
    }

    private func shape(of field: String, in kind: Members) -> FieldShape {
        switch kind {
        case .type(let type):
            let field = type.field(field)
            return FieldShape(shape: field?.shape, strategy: field?.patchStrategy)
        case .map(let shape):
            return FieldShape(shape: shape)
        case .unknown:
            return FieldShape()
        }
    }

    func members(of shape: SchemaShape?) -> Members {
        switch shape {
        case .object(let name): schema[name].map { .type($0) } ?? .unknown
        case .map(let value): .map(value)
        default: .unknown
        }
    }

    /// Drops the members that `$retainKeys` does not name; all that the patch sets must be named.
    private func retain(
        _ kept: JSONValue, of original: inout [String: JSONValue], _ patch: [String: JSONValue]
    ) throws(PatchError) {
        let malformed = PatchError.malformed("invalid patch format of retainKeys")
        guard case .array(let elements) = kept else { throw malformed }
        let names = Set(elements.compactMap(\.string))
        for (name, value) in patch where value != .null {
            guard names.contains(name) || name.hasPrefix(Self.elementOrder) || name.hasPrefix(Self.deletions) else {
                throw malformed
            }
        }
        original = original.filter { names.contains($0.key) }
    }

    /// The field and the list of a directive such as `$setElementOrder/ports`.
    private static func directiveList(
        _ name: String, _ value: JSONValue, _ prefix: String, _ complaint: String
    ) throws(PatchError) -> (field: String, list: [JSONValue]) {
        let rest = name.dropFirst(prefix.count)
        guard rest.first == "/", case .array(let list) = value else { throw .malformed(complaint) }
        return (String(rest.dropFirst()), list)
    }

    static func unknownDirective(_ directive: JSONValue, in patch: [String: JSONValue]) -> PatchError {
        .malformed("unknown patch type: \(GoText.text(of: directive)) in map: \(GoText.text(of: .object(patch)))")
    }
}
