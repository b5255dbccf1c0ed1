import Registry

/// A group of the API as discovery describes it; all kinds of a group are of one version so far.
struct APIGroupDescription: Sendable {
    /// Empty for the core group.
    let name: String
    let version: String
    let kinds: [ObjectKind]

    /// The groups in the order in which their first kinds are declared.
    static let all: [APIGroupDescription] = {
        var names: [String] = []
        for kind in ObjectKind.allCases where !names.contains(kind.group) { names.append(kind.group) }
        return names.map { name in
            let kinds = ObjectKind.allCases.filter { $0.group == name }.sorted { $0.resource < $1.resource }
            return APIGroupDescription(name: name, version: kinds.first?.version ?? "", kinds: kinds)
        }
    }()

    /// What stands before the kind in documents: `v1`, `discovery.k8s.io/v1`.
    var groupVersion: String { name.isEmpty ? version : "\(name)/\(version)" }

    /// The entry of an APIGroupList.
    var document: JSONValue {
        let version = JSONValue.object(["groupVersion": .string(groupVersion), "version": .string(version)])
        return .object(["name": .string(name), "versions": .array([version]), "preferredVersion": version])
    }

    /// The APIResourceList of a version; nil where the group has no such version.
    func resourceList(version: String) -> JSONValue? {
        guard version == self.version else { return nil }
        return .object([
            "kind": .string("APIResourceList"), "apiVersion": .string("v1"), "groupVersion": .string(groupVersion),
            "resources": .array(kinds.flatMap(resources)),
        ])
    }

    /// A kind and its parts, one after the other as a legacy client reads them.
    private func resources(_ kind: ObjectKind) -> [JSONValue] {
        var members: [String: JSONValue] = [
            "name": .string(kind.resource), "singularName": .string(kind.singularName),
            "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.rawValue), "verbs": .strings(kind.verbs),
        ]
        if !kind.shortNames.isEmpty { members["shortNames"] = .strings(kind.shortNames) }
        if !kind.categories.isEmpty { members["categories"] = .strings(kind.categories) }
        return [.object(members)]
            + kind.subresources.map { part in
                .object([
                    "name": .string("\(kind.resource)/\(part.name)"), "singularName": .string(""),
                    "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.rawValue),
                    "verbs": .strings(part.verbs),
                ])
            }
    }
}

extension JSONValue {
    /// An array of texts.
    static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// An object with more members.
    func merging(_ more: [String: JSONValue]) -> JSONValue {
        var merged = self
        for (name, value) in more { merged[name] = value }
        return merged
    }
}
