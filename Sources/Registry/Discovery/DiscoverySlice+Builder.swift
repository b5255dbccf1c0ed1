extension DiscoverySlice {
    /// Gathers what a decoder reads of a slice, in any order, and makes it compact.
    package struct Builder {
        private let namesEndpointsByPod: Bool
        private let keepsZones: Bool
        private let keepsImports: Bool
        private var elements = PackedEndpoints.Elements()
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

        /// UTF-8 of one text.
        package typealias Text = UnsafeBufferPointer<UInt8>

        package init(_ selection: DiscoverySelection) {
            namesEndpointsByPod = selection.namesEndpointsByPod
            keepsZones = selection.keepsZones
            keepsImports = selection.includesImports
        }

        /// Takes a ready endpoint as a slice told it before (`PackedEndpoints`): its label is empty where the address
        /// gives it.
        package mutating func append(address: IPAddress, label: String, zone: String = "") {
            var (label, zone) = (label, zone)
            label.withUTF8 { label in
                guard label.count <= 63, label.first != UInt8(ascii: "_") else { return }
                zone.withUTF8 {
                    elements.append(address, label: label, zone: keepsZones ? $0 : Text(rebasing: $0[..<0]))
                }
            }
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
            guard isReady else { return }
            var (hostname, targetName, zone) = (hostname, targetName, zone)
            for var text in addresses {
                text.withUTF8 { text in
                    hostname.withUTF8 { hostname in
                        targetName.withUTF8 { targetName in
                            zone.withUTF8 { append(text, hostname: hostname, targetName: targetName, zone: $0) }
                        }
                    }
                }
            }
        }

        /// Takes one address of a ready endpoint; the texts as above.
        package mutating func append(_ text: Text, hostname: Text, targetName: Text, zone: Text) {
            // Underscores begin the labels of ports and protocols.
            guard hostname.count <= 63, hostname.first != UInt8(ascii: "_"), let address = IPAddress(utf8: text) else {
                return
            }
            let zone = keepsZones ? zone : Text(rebasing: zone[..<0])
            if !hostname.isEmpty { return elements.append(address, label: hostname, zone: zone) }
            // The name of a Pod may have dots, which no label of a name that is asked for has.
            if namesEndpointsByPod, targetName.count <= 63, !targetName.contains(UInt8(ascii: ".")) {
                guard targetName.first != UInt8(ascii: "_") else { return }
                if !targetName.isEmpty { return elements.append(address, label: targetName, zone: zone) }
            }
            // Dotted decimal has one form only.
            guard address.family == .ipv6 else { return elements.append(address, label: hostname, zone: zone) }
            var own = AddressLabel.own(of: String(decoding: text, as: UTF8.self), address, isPod: false)
            own.withUTF8 { elements.append(address, label: $0, zone: zone) }
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
                sourceCluster: sourceCluster.lowercasedASCII, ports: ports,
                endpoints: family.map { PackedEndpoints(elements, family: $0) } ?? .none,
                lastChangeTrigger: lastChangeTrigger)
        }
    }
}

extension String {
    /// Names are compared without the case of ASCII letters (RFC 4343), and of no others.
    fileprivate var lowercasedASCII: String {
        guard utf8.contains(where: { $0 &- 0x41 < 26 }) else { return self }
        return String(decoding: utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
