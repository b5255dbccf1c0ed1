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

/// What the operator says about the cluster zone.
package struct ClusterZoneSettings: Sendable {
    /// The zone that Services are named in.
    package var apex: DomainName
    /// The zones that addresses are named in, below `in-addr.arpa` and `ip6.arpa`.
    package var reverseApexes: [DomainName]
    /// Seconds, 0 to 3600, for all records but those of the zone file.
    package var ttl: UInt32
    package var podNames: PodNameMode
    /// Endpoints without a hostname are named after their Pod instead of their address.
    package var namesEndpointsByPod: Bool
    /// The addresses of this host, for NS and its glue.
    package var localAddresses: [IPAddress]
    /// The zone's fixed records, apex SOA and NS included, as the zone file has them.
    package var apexRecords: [Record]

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
}
