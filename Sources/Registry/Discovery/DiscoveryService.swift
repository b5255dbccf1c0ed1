/// A port of a Service or a slice, as names show it.
package struct DiscoveryPort: Hashable, Sendable {
    /// Empty for a port without a name.
    package let name: String
    /// nil for a slice's port that stands for all ports, and for numbers that are none.
    package let number: UInt16?
    package let transport: TransportProtocol

    package init(name: String = "", transport: TransportProtocol = .tcp, number: Int?) {
        self.name = name
        self.transport = transport
        self.number = number.flatMap { UInt16(exactly: $0) }
    }
}

/// A Service or a ServiceImport, reduced to what names show of it.
package struct DiscoveryService: Sendable {
    /// What the name of a Service stands for.
    package enum Target: Hashable, Sendable {
        /// Virtual IPs in the order of `clusterIPs`; none while none was given.
        case virtualIPs([IPAddress])
        /// Its ready endpoints.
        case endpoints
        /// Another name (ExternalName), as written.
        case alias(String)
    }

    package let id: NamespacedName
    package let target: Target
    /// Whether controllers fill its endpoints. No part of equality: names do not show it.
    package let hasSelector: Bool
    package let ports: [DiscoveryPort]

    package init(_ id: NamespacedName, target: Target, ports: [DiscoveryPort] = [], hasSelector: Bool = false) {
        self.id = id
        self.target = target
        // Nothing is answered for the ports of an alias.
        if case .alias = target { self.ports = [] } else { self.ports = ports }
        self.hasSelector = hasSelector
    }

    /// Reads `spec.type`, `spec.clusterIP` and its like as Kubernetes writes them; empty texts stand for absent fields.
    package init(
        _ id: NamespacedName, type: String, clusterIP: String, clusterIPs: [String], externalName: String,
        ports: [DiscoveryPort], hasSelector: Bool
    ) {
        let addresses = clusterIPs.isEmpty ? [clusterIP] : clusterIPs
        let target: Target =
            type == Service.Kind.externalName.rawValue
            ? .alias(externalName)
            : addresses.first == "None" ? .endpoints : .virtualIPs(addresses.compactMap { IPAddress($0) })
        self.init(id, target: target, ports: ports, hasSelector: hasSelector)
    }

    /// Reads the `spec` of a ServiceImport: `type` is `ClusterSetIP` or `Headless`.
    package init(importing id: NamespacedName, type: String, addresses: [String], ports: [DiscoveryPort]) {
        self.init(
            id, target: type == "Headless" ? .endpoints : .virtualIPs(addresses.compactMap { IPAddress($0) }),
            ports: ports, hasSelector: true)
    }

    package init(_ service: Service) {
        self.init(
            service.metadata.id, type: service.kind.rawValue, clusterIP: service.clusterIP,
            clusterIPs: service.clusterIPs, externalName: service.externalName,
            ports: service.ports.map { DiscoveryPort(name: $0.name, transport: $0.transport, number: $0.port) },
            hasSelector: !service.selector.isEmpty)
    }

    /// The same Service with the memory of ports shared that others hold already; they must be equal.
    package func sharing(ports: [DiscoveryPort]) -> DiscoveryService {
        DiscoveryService(id, target: target, ports: ports, hasSelector: hasSelector)
    }

    package var virtualIPs: [IPAddress] {
        if case .virtualIPs(let addresses) = target { addresses } else { [] }
    }
}

extension DiscoveryService: Hashable {
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.id == rhs.id && lhs.target == rhs.target && lhs.ports == rhs.ports
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(target)
        hasher.combine(ports)
    }
}
