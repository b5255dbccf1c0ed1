/// The kinds of objects that the registry keeps.
package enum ObjectKind: String, Hashable, Sendable, CaseIterable {
    case namespace = "Namespace"
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case endpoints = "Endpoints"
    case pod = "Pod"

    /// The `apiVersion` a document of this kind carries.
    package var apiVersion: String { self == .endpointSlice ? "discovery.k8s.io/v1" : "v1" }

    /// Whether objects of this kind live in a Namespace.
    package var isNamespaced: Bool { self != .namespace }

    /// The kind a document names by `apiVersion` and `kind`; nil for kinds that are not kept.
    package init?(apiVersion: String, kind: String) {
        guard let known = Self(rawValue: kind), known.apiVersion == apiVersion else { return nil }
        self = known
    }
}

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

/// An object of a kind that the registry keeps, read into the fields that service discovery needs.
package enum RegistryObject: Hashable, Sendable {
    case namespace(Namespace)
    case service(Service)
    case endpointSlice(EndpointSlice)
    case endpoints(Endpoints)
    case pod(Pod)

    /// Reads a document of kind `kind`; fields of the wrong type are named, all of them, in the error.
    ///
    /// Says nothing of the rules between fields: `validate()` does.
    package init(_ document: JSONValue, kind: ObjectKind) throws(InvalidObject) {
        let findings = FieldReader.Findings()
        let reader = FieldReader(document, findings: findings)
        reader.expectObject()
        switch kind {
        case .namespace: self = .namespace(Namespace(reader))
        case .service: self = .service(Service(reader))
        case .endpointSlice: self = .endpointSlice(EndpointSlice(reader))
        case .endpoints: self = .endpoints(Endpoints(reader))
        case .pod: self = .pod(Pod(reader))
        }
        guard findings.violations.isEmpty else { throw InvalidObject(findings.violations) }
    }

    package var kind: ObjectKind {
        switch self {
        case .namespace: .namespace
        case .service: .service
        case .endpointSlice: .endpointSlice
        case .endpoints: .endpoints
        case .pod: .pod
        }
    }

    package var metadata: ObjectMetadata {
        switch self {
        case .namespace(let namespace): namespace.metadata
        case .service(let service): service.metadata
        case .endpointSlice(let slice): slice.metadata
        case .endpoints(let endpoints): endpoints.metadata
        case .pod(let pod): pod.metadata
        }
    }

    package var key: ObjectKey { ObjectKey(kind, metadata.id) }
}
