/// A Pod that holds an address.
package struct DiscoveryPod: Hashable, Sendable {
    package let id: NamespacedName
    /// The primary one.
    package let address: IPAddress
    /// The label that the Pod goes by; empty where the canonical text of its address gives it.
    package let label: String

    /// nil for a Pod that holds no address: none yet, or finished. Tell such a Pod as deleted.
    ///
    /// - Parameters:
    ///   - phase: `status.phase`, empty where absent.
    ///   - podIP: `status.podIP`, empty where absent.
    package init?(_ id: NamespacedName, phase: String, podIP: String) {
        let finished: [Pod.Phase] = [.succeeded, .failed, .unknown]
        guard !finished.contains(where: { $0.rawValue == phase }), let address = IPAddress(podIP) else { return nil }
        self.id = id
        self.address = address
        label = AddressLabel.own(of: podIP, address, isPod: true)
    }

    package init?(_ pod: Pod) {
        self.init(pod.metadata.id, phase: pod.phase?.rawValue ?? "", podIP: pod.podIP)
    }
}
