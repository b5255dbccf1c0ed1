/// An object of a kind that the registry keeps, read into the fields that service discovery needs.
package enum RegistryObject: Hashable, Sendable {
    case namespace(Namespace)
    case service(Service)
    case endpointSlice(EndpointSlice)
    case endpoints(Endpoints)
    case pod(Pod)
    /// A kind of which service discovery reads nothing but its metadata.
    case other(ObjectKind, ObjectMetadata)

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
        case .node, .event, .ipAddress, .serviceCIDR, .lease:
            self = .other(kind, ObjectMetadata(reader.member("metadata")))
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
        case .other(let kind, _): kind
        }
    }

    package var metadata: ObjectMetadata {
        switch self {
        case .namespace(let namespace): namespace.metadata
        case .service(let service): service.metadata
        case .endpointSlice(let slice): slice.metadata
        case .endpoints(let endpoints): endpoints.metadata
        case .pod(let pod): pod.metadata
        case .other(_, let metadata): metadata
        }
    }

    package var key: ObjectKey { ObjectKey(kind, metadata.id) }

    /// The object without the annotations that nothing is made of: most of a document may be annotations.
    package var lean: RegistryObject {
        func lean(_ metadata: ObjectMetadata) -> ObjectMetadata {
            var metadata = metadata
            metadata.annotations = metadata.annotations.filter { name, value in
                // No time has so long a text.
                name == DiscoverySlice.lastChangeTriggerAnnotation && value.utf8.count <= 64
            }
            return metadata
        }
        switch self {
        case .namespace(var namespace):
            namespace.metadata = lean(namespace.metadata)
            return .namespace(namespace)
        case .service(var service):
            service.metadata = lean(service.metadata)
            return .service(service)
        case .endpointSlice(var slice):
            slice.metadata = lean(slice.metadata)
            return .endpointSlice(slice)
        case .endpoints(var endpoints):
            endpoints.metadata = lean(endpoints.metadata)
            return .endpoints(endpoints)
        case .pod(var pod):
            pod.metadata = lean(pod.metadata)
            return .pod(pod)
        case .other(let kind, let metadata): return .other(kind, lean(metadata))
        }
    }
}
