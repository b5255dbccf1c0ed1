/// The version of the registry's content; grows with every write.
package struct ResourceVersion: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (lhs: ResourceVersion, rhs: ResourceVersion) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One object written or removed.
package enum ObjectChange: Hashable, Sendable {
    case put(RegistryObject)
    case delete(ObjectKey)
}

/// What a source of objects tells its reader: everything once, then what changes.
package enum RegistryEvent: Hashable, Sendable {
    /// All objects there are at a version; replaces whatever was known before.
    case snapshot([RegistryObject], at: ResourceVersion)
    /// Changes of one transaction, or of some that follow each other, in their order, that lead to a version.
    case changes([ObjectChange], to: ResourceVersion)
}

/// Where objects come from: the embedded registry, a Kubernetes API server, etcd.
package protocol RegistrySource: Sendable {
    /// A snapshot first, then every change after it, in order, until the caller stops reading.
    func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error>
}
