/// What tells an object apart from all others.
package struct ObjectKey: Hashable, Sendable, Comparable {
    package let kind: ObjectKind
    package let id: NamespacedName

    package init(_ kind: ObjectKind, _ id: NamespacedName) {
        self.kind = kind
        self.id = id
    }

    package static func < (lhs: ObjectKey, rhs: ObjectKey) -> Bool {
        (lhs.kind.rawValue, lhs.id) < (rhs.kind.rawValue, rhs.id)
    }
}

extension ObjectKey: CustomStringConvertible {
    package var description: String { "\(kind.rawValue) \(id)" }
}
