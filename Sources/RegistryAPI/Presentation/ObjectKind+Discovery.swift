import Registry

/// What discovery says of a kind beyond its names in URLs.
extension ObjectKind {
    /// By which a person names one object: `kubectl get service web`.
    var singularName: String { rawValue.lowercased() }

    var shortNames: [String] {
        switch self {
        case .namespace: ["ns"]
        case .service: ["svc"]
        case .endpoints: ["ep"]
        case .pod: ["po"]
        case .node: ["no"]
        case .event: ["ev"]
        case .ipAddress: ["ip"]
        case .endpointSlice, .serviceCIDR, .lease: []
        }
    }

    /// The names that stand for several kinds at once: `kubectl get all`.
    var categories: [String] {
        switch self {
        case .service, .pod: ["all"]
        case .namespace, .endpointSlice, .endpoints, .node, .event, .ipAddress, .serviceCIDR, .lease: []
        }
    }

    /// Namespaces go one at a time.
    var verbs: [String] {
        let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        return self == .namespace ? verbs.filter { $0 != "deletecollection" } : verbs
    }

    /// A part of an object that is read or written at a path of its own.
    struct Subresource: Hashable, Sendable {
        let name: String
        let verbs: [String]
    }

    var subresources: [Subresource] {
        (self == .namespace ? [Subresource(name: "finalize", verbs: ["update"])] : [])
            + (hasStatus ? [Subresource(name: "status", verbs: ["get", "patch", "update"])] : [])
    }
}
