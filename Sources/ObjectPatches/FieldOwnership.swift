import ObjectSchema
import Registry

/// Field ownership: which manager has set which field (Kubernetes' server-side apply and `metadata.managedFields`).
package enum FieldOwnership {
    /// Whether two states of an object are the same but for the times of their owners and the version: what needs no
    /// write.
    package static func isEqual(_ one: JSONValue, _ other: JSONValue) -> Bool {
        guard case .object(let members) = one, case .object(let others) = other else { return one == other }
        return isEqual(members, others) { name, value, other in
            guard name == "metadata", case .object(let metadata)? = value, case .object(let otherMetadata)? = other
            else { return value == other }
            return isEqual(metadata, otherMetadata) { name, value, other in
                switch name {
                case "resourceVersion": true
                case "managedFields": isEqualButForTimes(value, other)
                default: value == other
                }
            }
        }
    }

    /// Compares two objects member by member, those that only one of them has included.
    private static func isEqual(
        _ members: [String: JSONValue], _ others: [String: JSONValue],
        _ isEqual: (String, JSONValue?, JSONValue?) -> Bool
    ) -> Bool {
        members.allSatisfy { isEqual($0.key, $0.value, others[$0.key]) }
            && others.allSatisfy { members[$0.key] != nil || isEqual($0.key, nil, $0.value) }
    }

    private static func isEqualButForTimes(_ one: JSONValue?, _ other: JSONValue?) -> Bool {
        guard case .array(let entries)? = one, case .array(let others)? = other else { return one == other }
        return entries.count == others.count
            && zip(entries, others).allSatisfy { entry, other in
                guard case .object(let members) = entry, case .object(let others) = other else { return entry == other }
                return isEqual(members, others) { name, value, other in name == "time" || value == other }
            }
    }
}

extension FieldOwnership {
    /// Fields that belong to the server, or name the object: nobody's.
    static let untracked: FieldSet = {
        let metadata = [
            "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "selfLink",
            "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "clusterName",
        ]
        let paths: [[FieldElement]] =
            [[.field("apiVersion")], [.field("kind")], [.field("metadata")]]
            + metadata.map { [.field("metadata"), .field($0)] }
        return paths.reduce(.empty) { $0.union(FieldSet(path: $1)) }
    }()

    /// A document as writes of a subresource own it: without the owners, and without the part that such writes do not
    /// change.
    static func content(of document: JSONValue, subresource: String?) -> JSONValue {
        guard case .object(var members) = document else { return document }
        switch subresource {
        case nil: members["status"] = nil
        case "status"?: members["spec"] = nil
        default: break
        }
        if case .object(var metadata)? = members["metadata"], metadata.removeValue(forKey: "managedFields") != nil {
            members["metadata"] = .object(metadata)
        }
        return .object(members)
    }

    static func setManagedFields(_ managed: JSONValue?, of document: JSONValue) -> JSONValue {
        guard case .object(var members) = document else { return document }
        var metadata: [String: JSONValue] = [:]
        if case .object(let existing)? = members.removeValue(forKey: "metadata") { metadata = existing }
        metadata["managedFields"] = managed
        members["metadata"] = .object(metadata)
        return .object(members)
    }
}
