/// A part of the endpoints of a Service or a ServiceImport, all of one address family and with the same ports.
package struct DiscoverySlice: Sendable {
    package static let importedServiceLabel = "multicluster.kubernetes.io/service-name"
    package static let sourceClusterLabel = "multicluster.kubernetes.io/source-cluster"
    package static let lastChangeTriggerAnnotation = "endpoints.kubernetes.io/last-change-trigger-time"

    package private(set) var id: NamespacedName
    /// The Service that the slice belongs to, in the slice's Namespace; empty for none.
    package private(set) var service: String
    /// The ServiceImport that the slice belongs to, in the slice's Namespace; empty for none.
    package let importedService: String
    /// The cluster that the endpoints of a ServiceImport are in; empty where unknown.
    package let sourceCluster: String
    package private(set) var ports: [DiscoveryPort]
    package let endpoints: PackedEndpoints
    /// When the change happened that made the slice what it is. No part of equality: names do not show it.
    package let lastChangeTrigger: Timestamp?

    init(
        _ id: NamespacedName, service: String, importedService: String = "", sourceCluster: String = "",
        ports: [DiscoveryPort], endpoints: PackedEndpoints, lastChangeTrigger: Timestamp?
    ) {
        self.id = id
        self.service = service
        self.importedService = importedService
        self.sourceCluster = importedService.isEmpty ? "" : sourceCluster
        self.ports = ports
        self.endpoints = endpoints
        self.lastChangeTrigger = lastChangeTrigger
    }

    /// The same slice with the memory of texts and ports shared that others hold already; they must be equal.
    package func sharing(_ owner: NamespacedName?, ports: [DiscoveryPort]) -> DiscoverySlice {
        var slice = self
        slice.ports = ports
        if let owner {
            slice.id = NamespacedName(namespace: owner.namespace, name: id.name)
            if service == owner.name { slice.service = owner.name }
        }
        return slice
    }

    package init(_ slice: EndpointSlice, _ selection: DiscoverySelection) {
        let labels = slice.metadata.labels
        var builder = Builder(selection)
        builder.id = slice.metadata.id
        builder.service = labels[EndpointSlice.serviceNameLabel] ?? ""
        builder.importedService = labels[Self.importedServiceLabel] ?? ""
        builder.sourceCluster = labels[Self.sourceClusterLabel] ?? ""
        builder.addressType = slice.addressType
        builder.ports = slice.ports.map { DiscoveryPort(name: $0.name, transport: $0.transport, number: $0.port) }
        builder.lastChangeTrigger = slice.metadata.annotations[Self.lastChangeTriggerAnnotation].flatMap {
            Timestamp(rfc3339: $0)
        }
        for endpoint in slice.endpoints {
            builder.append(
                addresses: endpoint.addresses, isReady: endpoint.isReady, hostname: endpoint.hostname,
                targetName: endpoint.targetName, zone: endpoint.zone)
        }
        self = builder.build()
    }
}

extension DiscoverySlice: Hashable {
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.id == rhs.id && lhs.service == rhs.service && lhs.importedService == rhs.importedService
            && lhs.sourceCluster == rhs.sourceCluster && lhs.ports == rhs.ports && lhs.endpoints == rhs.endpoints
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(service)
        hasher.combine(endpoints)
    }
}
