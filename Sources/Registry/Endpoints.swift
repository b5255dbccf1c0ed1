/// The endpoints of the Service of the same name, in the older form (Kubernetes core/v1 Endpoints).
package struct Endpoints: Hashable, Sendable {
    /// The label that keeps an Endpoints object from being mirrored into slices.
    package static let skipMirrorLabel = "endpointslice.kubernetes.io/skip-mirror"

    package struct Address: Hashable, Sendable {
        package var ip: String
        package var hostname: String
        package var nodeName: String
        package var targetName: String

        package init(ip: String, hostname: String = "", nodeName: String = "", targetName: String = "") {
            self.ip = ip
            self.hostname = hostname
            self.nodeName = nodeName
            self.targetName = targetName
        }
    }

    /// Addresses that all have the same ports.
    package struct Subset: Hashable, Sendable {
        package var addresses: [Address]
        package var notReadyAddresses: [Address]
        package var ports: [EndpointSlice.Port]

        package init(
            addresses: [Address], notReadyAddresses: [Address] = [], ports: [EndpointSlice.Port] = []
        ) {
            self.addresses = addresses
            self.notReadyAddresses = notReadyAddresses
            self.ports = ports
        }
    }

    package var metadata: ObjectMetadata
    package var subsets: [Subset]

    package init(metadata: ObjectMetadata, subsets: [Subset] = []) {
        self.metadata = metadata
        self.subsets = subsets
    }

    init(_ reader: FieldReader) {
        metadata = ObjectMetadata(reader.member("metadata"))
        func addresses(_ list: FieldReader) -> [Address] {
            list.elements().map { address in
                address.expectObject()
                return Address(
                    ip: address.member("ip").string() ?? "",
                    hostname: address.member("hostname").string() ?? "",
                    nodeName: address.member("nodeName").string() ?? "",
                    targetName: address.object("targetRef").member("name").string() ?? ""
                )
            }
        }
        subsets = reader.member("subsets").elements().map { subset in
            subset.expectObject()
            return Subset(
                addresses: addresses(subset.member("addresses")),
                notReadyAddresses: addresses(subset.member("notReadyAddresses")),
                ports: subset.member("ports").elements().map { port in
                    port.expectObject()
                    return EndpointSlice.Port(
                        name: port.member("name").string() ?? "",
                        transport: port.member("protocol").choice(of: TransportProtocol.self) ?? .tcp,
                        port: port.member("port").integer()
                    )
                }
            )
        }
    }

    /// The slices that say the same: one for each subset and address family.
    ///
    /// Empty with the skip-mirror label. Names are unique among the slices of one object and no others.
    package func mirrored() -> [EndpointSlice] {
        guard metadata.labels[Self.skipMirrorLabel] != "true" else { return [] }
        // One dictionary for all: an object may have as many subsets as labels, and each change of one makes a copy.
        var labels = metadata.labels
        labels[EndpointSlice.serviceNameLabel] = metadata.name
        var slices: [EndpointSlice] = []
        for (index, subset) in subsets.enumerated() {
            for type in [EndpointSlice.AddressType.ipv4, .ipv6] {
                let endpoints = [(subset.addresses, true), (subset.notReadyAddresses, false)].flatMap { list, isReady in
                    list.filter { IPAddress($0.ip)?.family.rawValue == type.rawValue }.map {
                        EndpointSlice.Endpoint(
                            addresses: [$0.ip], isReady: isReady, hostname: $0.hostname, targetName: $0.targetName,
                            nodeName: $0.nodeName)
                    }
                }
                guard !endpoints.isEmpty else { continue }
                slices.append(
                    EndpointSlice(
                        metadata: ObjectMetadata(
                            name: "\(metadata.name)-\(index)-\(type.rawValue.lowercased())",
                            namespace: metadata.namespace, labels: labels),
                        addressType: type, ports: subset.ports, endpoints: endpoints))
            }
        }
        return slices
    }
}
