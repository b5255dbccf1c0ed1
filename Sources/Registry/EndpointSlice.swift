/// A part of the endpoints of a Service, all of one address family (Kubernetes discovery.k8s.io/v1 EndpointSlice).
package struct EndpointSlice: Hashable, Sendable {
    /// The label that names the Service a slice belongs to.
    package static let serviceNameLabel = "kubernetes.io/service-name"
    /// The label that names who keeps a slice.
    package static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
    /// On the slice of a registration the name of the Lease that keeps it alive, on that Lease `true`.
    package static let leaseLabel = "swiftlet.dev/lease"

    package enum AddressType: String, Hashable, Sendable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
        /// Addresses are names; DNS does not answer from them.
        case fqdn = "FQDN"
    }

    package struct Port: Hashable, Sendable {
        /// Empty for a port without a name.
        package var name: String
        package var transport: TransportProtocol
        /// nil stands for all ports.
        package var port: Int?

        package init(name: String = "", transport: TransportProtocol = .tcp, port: Int?) {
            self.name = name
            self.transport = transport
            self.port = port
        }
    }

    package struct Endpoint: Hashable, Sendable {
        package var addresses: [String]
        /// Takes part in answers; an absent condition counts as ready (Kubernetes API, EndpointConditions).
        package var isReady: Bool
        /// Empty where the endpoint has none.
        package var hostname: String
        /// The name of the Pod behind the endpoint; empty where unknown.
        package var targetName: String
        package var nodeName: String
        package var zone: String

        package init(
            addresses: [String], isReady: Bool = true, hostname: String = "", targetName: String = "",
            nodeName: String = "", zone: String = ""
        ) {
            self.addresses = addresses
            self.isReady = isReady
            self.hostname = hostname
            self.targetName = targetName
            self.nodeName = nodeName
            self.zone = zone
        }
    }

    package var metadata: ObjectMetadata
    package var addressType: AddressType
    package var ports: [Port]
    package var endpoints: [Endpoint]

    package init(
        metadata: ObjectMetadata, addressType: AddressType, ports: [Port] = [], endpoints: [Endpoint] = []
    ) {
        self.metadata = metadata
        self.addressType = addressType
        self.ports = ports
        self.endpoints = endpoints
    }

    init(_ reader: FieldReader) {
        metadata = ObjectMetadata(reader.member("metadata"))
        let type = reader.member("addressType")
        if let choice = type.choice(of: AddressType.self) {
            addressType = choice
        } else {
            addressType = .fqdn
            if (type.string() ?? "").isEmpty { type.note(.required, "") }
        }
        ports = reader.member("ports").elements().map { port in
            port.expectObject()
            return Port(
                name: port.member("name").string() ?? "",
                transport: port.member("protocol").choice(of: TransportProtocol.self) ?? .tcp,
                port: port.member("port").integer()
            )
        }
        endpoints = reader.member("endpoints").elements().map { endpoint in
            endpoint.expectObject()
            return Endpoint(
                addresses: endpoint.member("addresses").strings(),
                isReady: endpoint.object("conditions").member("ready").bool() ?? true,
                hostname: endpoint.member("hostname").string() ?? "",
                targetName: endpoint.object("targetRef").member("name").string() ?? "",
                nodeName: endpoint.member("nodeName").string() ?? "",
                zone: endpoint.member("zone").string() ?? ""
            )
        }
    }

    /// The Service the slice belongs to; nil without the label, and then the slice takes part in nothing.
    package var service: NamespacedName? {
        guard let name = metadata.labels[Self.serviceNameLabel], !name.isEmpty else { return nil }
        return NamespacedName(namespace: metadata.namespace, name: name)
    }
}
