import DNS
import Registry

/// Names of Pods that are worked out of the question itself (`pods insecure`): no table could hold them all.
package struct ComputedPodNames: Sendable {
    private let apexes: [DomainName]
    private let ttl: UInt32

    package init(settings: ClusterZoneSettings) {
        apexes = settings.forwardApexes
        ttl = settings.ttl
    }

    /// The address record that a name stands for, and the Namespace's name that must exist for it.
    ///
    /// nil for names that are none of a Pod; `name` may be of any spelling.
    package func record(of name: DomainName) -> (record: Record, namespace: DomainName)? {
        guard let namespace = name.parent, let pod = namespace.parent, let apex = pod.parent, apexes.contains(apex),
            pod == DomainName(labels: ["pod"], under: apex), let label = name.lowercased.labels.first,
            let address = PodNames.address(ofLabel: String(decoding: label, as: UTF8.self))
        else { return nil }
        return (Record(owner: name, ttl: ttl, data: .address(address.bytes)), namespace)
    }
}
