import Registry

/// The `metadata` of a list (Kubernetes `ListMeta`).
struct ListMetadata: Hashable, Sendable {
    /// The version of the registry that the list shows.
    var version: ResourceVersion
    /// Where the next page begins; nil on the last one.
    var continueToken: String?
    /// How many objects the pages behind this one hold; nil where nobody counted.
    var remaining: Int?

    var document: JSONValue {
        var members: [String: JSONValue] = ["resourceVersion": .string("\(version.rawValue)")]
        if let continueToken, !continueToken.isEmpty {
            members["continue"] = .string(continueToken)
            if let remaining, remaining > 0 { members["remainingItemCount"] = .integer(Int64(remaining)) }
        }
        return .object(members)
    }
}
