import DNS
import Registry

/// How names of Pods (`a-b-c-d.ns.pod.zone`) are answered.
package enum PodNameMode: String, Sendable, CaseIterable {
    case disabled
    /// Any address, if the Namespace exists.
    case insecure
    /// Addresses that a Pod of the Namespace has.
    case verified
}

/// What the operator says about the cluster's zones.
package struct ClusterZoneSettings: Sendable {
    /// The first zone that names lie in: what the zone file's records are written for.
    package var apex: DomainName
    /// More zones with the same names.
    package var furtherApexes: [DomainName] = []
    /// Those of the zones that answer for ServiceImports instead of Services (KEP-1645).
    package var multiclusterApexes: [DomainName] = []
    /// The zones that addresses are named in, below `in-addr.arpa` and `ip6.arpa`.
    package var reverseApexes: [DomainName]
    /// Seconds, 0 to 3600, for all records but those of the zone file.
    package var ttl: UInt32
    package var podNames: PodNameMode
    /// Endpoints without a hostname are named after their Pod instead of their address.
    package var namesEndpointsByPod: Bool
    /// The addresses of this host, for NS and its glue.
    package var localAddresses: [IPAddress]
    /// The first zone's fixed records, apex SOA and NS included, as the zone file has them.
    package var apexRecords: [Record]
    /// The only Namespaces that exist in DNS; nil for all.
    package var namespaces: Set<String>?
    /// Only Namespaces that match exist in DNS.
    package var namespaceLabels = LabelSelector()
    /// Only Services, slices, Pods and ServiceImports that match exist in DNS.
    package var labels = LabelSelector()
    /// Endpoints have names and stand behind headless Services.
    package var answersEndpoints = true
    /// A Service with a virtual IP and no ready endpoint does not exist.
    package var ignoresEmptyServices = false
    /// Endpoints of headless Services are found by zone: `ZONE.pin._zone.service` and `ZONE.prefer._zone.service`.
    package var answersByZone = false

    package init(
        apex: DomainName, reverseApexes: [DomainName], ttl: UInt32 = 5, podNames: PodNameMode = .verified,
        namesEndpointsByPod: Bool = false, localAddresses: [IPAddress] = [], apexRecords: [Record]
    ) {
        self.apex = apex.lowercased
        self.reverseApexes = reverseApexes.map(\.lowercased)
        self.ttl = ttl
        self.podNames = podNames
        self.namesEndpointsByPod = namesEndpointsByPod
        self.localAddresses = localAddresses
        self.apexRecords = apexRecords
    }

    /// All zones that names lie in.
    package var forwardApexes: [DomainName] { [apex] + furtherApexes.map(\.lowercased) }

    /// The zones of Services; reverse names point into the first of them.
    package var serviceApexes: [DomainName] { forwardApexes.filter { !multiclusterApexes.contains($0) } }

    /// The zones of ServiceImports.
    package var importApexes: [DomainName] { forwardApexes.filter { multiclusterApexes.contains($0) } }

    /// What the zone wants to be told of a cluster.
    package var selection: DiscoverySelection {
        DiscoverySelection(
            namespaces: namespaces, namespaceLabels: namespaceLabels, labels: labels,
            includesEndpoints: answersEndpoints, includesPods: podNames == .verified,
            includesImports: !importApexes.isEmpty, namesEndpointsByPod: namesEndpointsByPod,
            keepsZones: answersByZone)
    }
}
