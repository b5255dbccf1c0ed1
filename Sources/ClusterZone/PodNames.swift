import DNS
import Registry

/// The names of Pods by their address (Kubernetes DNS specification, names of Pods as CoreDNS answers them).
struct PodNames: Sendable {
    private let settings: ClusterZoneSettings
    private var pods: [NamespacedName: PodAddress] = [:]
    /// The number of Pods that hold a name: several share the address of their host.
    private var holders: [Name: UInt32] = [:]
    /// Pods as they were before the changes whose names have not been told yet.
    private var former: [NamespacedName: PodAddress?] = [:]

    /// The address of a Pod and the label it gives; small for IPv4.
    private enum PodAddress: Hashable {
        case v4(UInt32)
        indirect case v6(UInt128, label: String)
    }

    private struct Name: Hashable {
        let namespace: String
        let address: PodAddress
    }

    init(settings: ClusterZoneSettings) {
        self.settings = settings
    }

    /// The Pods that are known.
    var ids: some Collection<NamespacedName> { pods.keys }

    /// - Parameter namespace: the text of the Pod's Namespace in memory that others hold already.
    mutating func set(_ pod: DiscoveryPod, namespace: String) {
        let address: PodAddress =
            switch pod.address {
            case .v4(let value): .v4(value)
            case .v6(let value): .v6(value, label: pod.label)
            }
        guard pods[pod.id] != address else { return }
        remember(pod.id)
        pods[NamespacedName(namespace: namespace, name: pod.id.name)] = address
    }

    mutating func remove(_ id: NamespacedName) {
        guard pods[id] != nil else { return }
        remember(id)
        pods[id] = nil
    }

    private mutating func remember(_ id: NamespacedName) {
        if former[id] == nil { former[id] = .some(pods[id]) }
    }

    /// Makes the names of the Pods that have changed, and of all Pods of Namespaces that came or went.
    mutating func update(
        exposed: (_ namespace: String) -> Bool, formerlyExposed: (_ namespace: String) -> Bool,
        toggled namespaces: Set<String>, into sink: inout ChangeSink
    ) {
        var fresh: Set<Name> = []
        for (id, former) in former {
            let current = pods[id]
            if let former, former != current {
                let name = Name(namespace: id.namespace, address: former)
                let count = holders[name] ?? 0
                holders[name] = count > 1 ? count - 1 : nil
                if count <= 1, formerlyExposed(id.namespace) { tell(name, exists: false, into: &sink) }
            }
            if let current, former != current {
                let name = Name(namespace: id.namespace, address: current)
                let count = holders[name] ?? 0
                holders[name] = count + 1
                if count == 0, !namespaces.isEmpty { fresh.insert(name) }
                if count == 0, exposed(id.namespace) { tell(name, exists: true, into: &sink) }
            }
        }
        former = [:]
        guard !namespaces.isEmpty else { return }
        for name in holders.keys where namespaces.contains(name.namespace) && !fresh.contains(name) {
            tell(name, exists: exposed(name.namespace), into: &sink)
        }
    }

    private func tell(_ name: Name, exists: Bool, into sink: inout ChangeSink) {
        let (address, label) = Self.parts(name.address)
        for apex in settings.forwardApexes {
            guard let owner = DomainName(labels: [label, name.namespace, "pod"], under: apex) else { continue }
            guard exists else {
                sink.remove(owner)
                continue
            }
            let record = Record(owner: owner, ttl: settings.ttl, data: .address(address.bytes))
            sink.set(
                owner, zone: apex, answers: [TypedAnswer(type: record.type, records: [record])], isFixedByName: true)
        }
    }

    private static func parts(_ address: PodAddress) -> (IPAddress, label: String) {
        switch address {
        case .v4(let value): (.v4(value), AddressLabel.podText(of: IPAddress.v4(value).description))
        case .v6(let value, ""): (.v6(value), AddressLabel.podText(of: IPAddress.v6(value).description))
        case .v6(let value, let label): (.v6(value), label)
        }
    }

    /// The address that a label spells: three dashes and no two together an IPv4 one, else an IPv6 one.
    static func address(ofLabel label: String) -> IPAddress? {
        // What stands for a dot or a colon is a dash; the real ones are no part of such a label.
        guard !label.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else { return nil }
        let dashes = label.utf8.count { $0 == UInt8(ascii: "-") }
        let isIPv4 = dashes == 3 && !label.contains("--")
        return IPAddress(String(label.map { $0 == "-" ? (isIPv4 ? "." : ":") : $0 }))
    }
}
