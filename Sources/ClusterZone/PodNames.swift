import DNS
import Registry

/// The names of Pods by their address (Kubernetes DNS specification, names of Pods as CoreDNS answers them).
struct PodNames {
    private let settings: ClusterZoneSettings
    /// The Pods that hold an address; several may share one (host network).
    private var holders: [DomainName: Set<NamespacedName>] = [:]
    private var names: [NamespacedName: DomainName] = [:]

    init(settings: ClusterZoneSettings) {
        self.settings = settings
    }

    /// Notes a Pod as it is now, nil for one that is gone; returns what becomes of names.
    mutating func set(_ id: NamespacedName, _ pod: Pod?) -> [ZoneChange] {
        guard settings.podNames == .verified else { return [] }
        var changes: [ZoneChange] = []
        let name = pod.flatMap { $0.holdsAddress ? Self.name(of: $0, apex: settings.apex) : nil }
        if let former = names[id], former != name {
            names[id] = nil
            holders[former]?.remove(id)
            if holders[former]?.isEmpty == true {
                holders[former] = nil
                changes.append(.remove(former))
            }
        }
        guard let name, let address = pod.flatMap({ IPAddress($0.podIP) }) else { return changes }
        names[id] = name
        if holders[name, default: []].insert(id).inserted, holders[name]?.count == 1 {
            changes.append(
                .set(name, zone: settings.apex, answers: [Self.answer(name, address, ttl: settings.ttl)]))
        }
        return changes
    }

    private static func answer(_ name: DomainName, _ address: IPAddress, ttl: UInt32) -> TypedAnswer {
        TypedAnswer(
            type: address.family == .ipv4 ? .a : .aaaa,
            records: [Record(owner: name, ttl: ttl, data: .address(address.bytes))])
    }

    /// `a-b-c-d.namespace.pod.zone`; the text of the address counts, as the Pod's status has it.
    private static func name(of pod: Pod, apex: DomainName) -> DomainName? {
        guard IPAddress(pod.podIP) != nil else { return nil }
        let label = String(pod.podIP.map { $0 == "." || $0 == ":" ? "-" : $0 })
        return DomainName(labels: [label, pod.metadata.namespace, "pod"], under: apex)?.lowercased
    }

    /// The address that a label spells: three dashes and no two together an IPv4 one, else an IPv6 one.
    package static func address(ofLabel label: String) -> IPAddress? {
        // What stands for a dot or a colon is a dash; the real ones are no part of such a label.
        guard !label.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else { return nil }
        let dashes = label.utf8.count { $0 == UInt8(ascii: "-") }
        let isIPv4 = dashes == 3 && !label.contains("--")
        return IPAddress(String(label.map { $0 == "-" ? (isIPv4 ? "." : ":") : $0 }))
    }
}
