/// The kinds of objects that the registry keeps. The raw value is the `kind` of a document.
package enum ObjectKind: String, Hashable, Sendable, CaseIterable {
    case namespace = "Namespace"
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case endpoints = "Endpoints"
    case pod = "Pod"
    case node = "Node"
    case event = "Event"
    case ipAddress = "IPAddress"
    case serviceCIDR = "ServiceCIDR"
    case lease = "Lease"

    /// The API group; empty for the core group.
    package var group: String {
        switch self {
        case .namespace, .service, .endpoints, .pod, .node, .event: ""
        case .endpointSlice: "discovery.k8s.io"
        case .ipAddress, .serviceCIDR: "networking.k8s.io"
        case .lease: "coordination.k8s.io"
        }
    }

    /// The version within the group that is served and stored; v1 for every kind so far.
    package var version: String { "v1" }

    /// The `apiVersion` a document of this kind carries.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The name in URLs: plural, lower case.
    package var resource: String {
        switch self {
        case .namespace: "namespaces"
        case .service: "services"
        case .endpointSlice: "endpointslices"
        case .endpoints: "endpoints"
        case .pod: "pods"
        case .node: "nodes"
        case .event: "events"
        case .ipAddress: "ipaddresses"
        case .serviceCIDR: "servicecidrs"
        case .lease: "leases"
        }
    }

    /// Whether objects of this kind live in a Namespace.
    package var isNamespaced: Bool {
        switch self {
        case .namespace, .node, .ipAddress, .serviceCIDR: false
        case .service, .endpointSlice, .endpoints, .pod, .event, .lease: true
        }
    }

    /// Whether the kind has a `status` that is written at `/status` only.
    package var hasStatus: Bool {
        switch self {
        case .namespace, .service, .pod, .node, .serviceCIDR: true
        case .endpointSlice, .endpoints, .event, .ipAddress, .lease: false
        }
    }

    /// Whether manifests in a folder may declare objects of this kind; the others come by the API only.
    package var isReadFromManifests: Bool {
        switch self {
        case .namespace, .service, .endpointSlice, .endpoints, .pod: true
        case .node, .event, .ipAddress, .serviceCIDR, .lease: false
        }
    }

    /// The kind a document names by `apiVersion` and `kind`; nil for kinds that are not kept.
    package init?(apiVersion: String, kind: String) {
        guard let known = Self(rawValue: kind), known.apiVersion == apiVersion else { return nil }
        self = known
    }
}
