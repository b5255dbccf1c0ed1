import Registry

/// JSON merge patches (RFC 7386).
package enum MergePatch {
    /// The document that `patch` makes of another: members merge, a null removes, everything else replaces.
    ///
    /// Recurses as deeply as the patch nests, which the readers of JSON and YAML bound.
    package static func apply(_ patch: JSONValue, to document: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = [:]
        if case .object(let existing) = document { members = existing }
        for (name, change) in changes {
            members[name] = change == .null ? nil : apply(change, to: members[name] ?? .null)
        }
        return .object(members)
    }
}
