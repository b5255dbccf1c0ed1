import Registry

/// The addresses by which pods reach the cluster's DNS, as far as a registry and its server tell.
package struct ClusterNameservers: Hashable, Sendable {
    /// The Service whose cluster IPs are the nameservers of a cluster, by custom of all its installers.
    package static let service = NamespacedName(namespace: "kube-system", name: "kube-dns")

    package let addresses: [IPAddress]
    /// What a resolv.conf cannot say of them; one line each.
    package let warnings: [String]

    /// The cluster IPs of `kube-system/kube-dns`, else the addresses that a server listens on.
    ///
    /// - Parameter listeners: Wildcard binds spelled out.
    package init(services: [Service], listeners: [ServerRecord.Listener]) {
        let virtualIPs = services.first { $0.metadata.id == Self.service }?.virtualIPs ?? []
        guard virtualIPs.isEmpty else {
            (addresses, warnings) = (virtualIPs, [])
            return
        }
        addresses = listeners.reduce(into: []) { list, listener in
            if !list.contains(listener.address) { list.append(listener.address) }
        }
        let others = Set(listeners.map(\.port)).subtracting([53]).sorted()
        warnings =
            others.isEmpty
            ? []
            : [
                "the server listens on port \(others.map { "\($0)" }.joined(separator: ", ")); a resolv.conf names no "
                    + "port and resolvers ask port 53"
            ]
    }
}
