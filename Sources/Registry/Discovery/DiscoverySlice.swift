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

    /// Gathers what a decoder reads of a slice, in any order, and makes it compact.
    package struct Builder {
        private let namesEndpointsByPod: Bool
        private let keepsZones: Bool
        private let keepsImports: Bool
        private var elements: [PackedEndpoints.Element] = []
        /// `metadata.name` and `metadata.namespace`.
        package var id = NamespacedName(namespace: "", name: "")
        /// The values of the labels that matter; empty where absent.
        package var service = ""
        package var importedService = ""
        package var sourceCluster = ""
        /// `addressType`; addresses of another form take no part.
        package var addressType = EndpointSlice.AddressType.ipv4
        package var ports: [DiscoveryPort] = []
        /// The annotation's value; nil where absent or no time.
        package var lastChangeTrigger: Timestamp?

        package init(_ selection: DiscoverySelection) {
            namesEndpointsByPod = selection.namesEndpointsByPod
            keepsZones = selection.keepsZones
            keepsImports = selection.includesImports
        }

        /// Takes a ready endpoint as a slice told it before (`PackedEndpoints`): its label is empty where the address
        /// gives it.
        package mutating func append(address: IPAddress, label: String, zone: String = "") {
            guard label.utf8.count <= 63, !label.utf8.starts(with: "_".utf8) else { return }
            elements.append(.init(address: address, label: label, zone: keepsZones ? zone : ""))
        }

        /// Takes one endpoint; one that is not ready takes no part in names.
        ///
        /// - Parameters:
        ///   - isReady: `conditions.ready`; absent stands for true (Kubernetes API, EndpointConditions).
        ///   - hostname: empty where absent; an endpoint with one that is no label takes no part.
        ///   - targetName: `targetRef.name`, empty where absent.
        ///   - zone: empty where absent.
        package mutating func append(
            addresses: [String], isReady: Bool, hostname: String = "", targetName: String = "", zone: String = ""
        ) {
            // Underscores begin the labels of ports and protocols.
            guard isReady, hostname.utf8.count <= 63, !hostname.utf8.starts(with: "_".utf8) else { return }
            for text in addresses {
                guard let address = IPAddress(text) else { continue }
                var label = hostname
                if label.isEmpty, namesEndpointsByPod, targetName.utf8.count <= 63 {
                    guard !targetName.utf8.starts(with: "_".utf8) else { continue }
                    label = targetName
                }
                if label.isEmpty { label = AddressLabel.own(of: text, address, isPod: false) }
                elements.append(
                    .init(
                        address: address, label: Self.lowercased(label), zone: keepsZones ? Self.lowercased(zone) : ""))
            }
        }

        /// Names are compared without the case of ASCII letters (RFC 4343), and of no others.
        private static func lowercased(_ label: String) -> String {
            guard label.utf8.contains(where: { $0 &- 0x41 < 26 }) else { return label }
            return String(decoding: label.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
        }

        /// The slice of what has been gathered. The builder may be used on, or a new one made.
        package func build() -> DiscoverySlice {
            let family: IPFamily? =
                switch addressType {
                case .ipv4: .ipv4
                case .ipv6: .ipv6
                case .fqdn: nil
                }
            return DiscoverySlice(
                id, service: service, importedService: keepsImports ? importedService : "",
                sourceCluster: Self.lowercased(sourceCluster), ports: ports,
                endpoints: family.map { PackedEndpoints(elements, family: $0) } ?? .none,
                lastChangeTrigger: lastChangeTrigger)
        }
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
