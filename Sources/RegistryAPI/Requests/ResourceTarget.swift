import Registry

/// What a path under `/api` or `/apis` names: a kind, and as far as given a namespace, an object and a part of it.
struct ResourceTarget: Hashable, Sendable {
    let kind: ObjectKind
    /// nil for kinds of the cluster's scope, and for all namespaces.
    let namespace: String?
    /// nil stands for the collection.
    let name: String?
    let subresource: String?

    /// nil where the path names nothing that is served.
    init?(path: [String]) {
        var rest = path[...]
        let group: String
        switch rest.popFirst() {
        case "api": group = ""
        case "apis":
            guard let name = rest.popFirst() else { return nil }
            group = name
        default: return nil
        }
        guard let version = rest.popFirst() else { return nil }
        func kind(_ resource: String) -> ObjectKind? {
            ObjectKind.allCases.first { $0.resource == resource && $0.group == group && $0.version == version }
        }
        guard let first = rest.popFirst() else { return nil }
        // `namespaces/NS/RESOURCE…`, unless what follows NS is a part of the Namespace itself.
        if first == "namespaces", rest.count >= 2 {
            let namespace = rest[rest.startIndex]
            let second = rest[rest.startIndex + 1]
            if let found = kind(second), found.isNamespaced {
                guard rest.count <= 4 else { return nil }
                let tail = Array(rest.dropFirst(2))
                self.init(
                    found, namespace: namespace, name: tail.first, subresource: tail.dropFirst().first)
                return
            }
        }
        guard let found = kind(first), rest.count <= 2 else { return nil }
        let tail = Array(rest)
        // An object of a namespaced kind has its namespace in the path.
        guard !found.isNamespaced || tail.isEmpty else { return nil }
        self.init(found, namespace: nil, name: tail.first, subresource: tail.dropFirst().first)
    }

    private init(_ kind: ObjectKind, namespace: String?, name: String?, subresource: String?) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
    }

    /// The key of the object; nil for a collection.
    var key: ObjectKey? { name.map { key(of: $0) } }

    func key(of name: String) -> ObjectKey {
        ObjectKey(kind, NamespacedName(namespace: namespace ?? "", name: name))
    }

    var scope: ObjectScope { ObjectScope(kind, namespace: namespace) }
}
