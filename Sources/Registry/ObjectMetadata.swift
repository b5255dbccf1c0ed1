/// What every object says of itself (`metadata`); the fields that service discovery reads.
package struct ObjectMetadata: Hashable, Sendable {
    package var name: String
    /// Empty for objects of the cluster's scope.
    package var namespace: String
    package var uid: String
    package var labels: [String: String]
    package var annotations: [String: String]

    package init(
        name: String, namespace: String = "", uid: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.labels = labels
        self.annotations = annotations
    }

    init(_ reader: FieldReader) {
        reader.expectObject()
        name = reader.member("name").string() ?? ""
        namespace = reader.member("namespace").string() ?? ""
        uid = reader.member("uid").string() ?? ""
        labels = reader.member("labels").stringMap()
        annotations = reader.member("annotations").stringMap()
    }
}

/// A namespace and a name: what tells objects of one kind apart.
package struct NamespacedName: Hashable, Sendable, Comparable {
    /// Empty for objects of the cluster's scope.
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (lhs: NamespacedName, rhs: NamespacedName) -> Bool {
        (lhs.namespace, lhs.name) < (rhs.namespace, rhs.name)
    }
}

extension NamespacedName: CustomStringConvertible {
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}

extension ObjectMetadata {
    package var id: NamespacedName { NamespacedName(namespace: namespace, name: name) }
}
