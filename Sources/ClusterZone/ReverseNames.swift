import DNS
import Registry

/// The names of addresses and which Services stand behind them, with the empty non-terminals above (RFC 8020).
struct ReverseNames {
    /// What one Service says about one address.
    struct Contribution {
        /// The Service itself, where the address is its virtual IP.
        var serviceName: DomainName?
        /// The ready endpoints of the Service that have the address.
        var endpointNames: [DomainName] = []
    }

    private let apexes: [DomainName]
    private let ttl: UInt32
    private var contributions: [IPAddress: [NamespacedName: Contribution]] = [:]
    private var addresses: [NamespacedName: [IPAddress]] = [:]
    /// The number of names right below each empty non-terminal.
    private var children: [DomainName: Int] = [:]

    init(apexes: [DomainName], ttl: UInt32) {
        self.apexes = apexes
        self.ttl = ttl
    }

    /// Replaces what a Service says; returns what becomes of the names.
    mutating func set(_ service: NamespacedName, _ new: [IPAddress: Contribution]) -> [ZoneChange] {
        let former = addresses[service] ?? []
        guard !former.isEmpty || !new.isEmpty else { return [] }
        var changes: [ZoneChange] = []
        addresses[service] = new.isEmpty ? nil : Array(new.keys)
        for address in former where new[address] == nil {
            contributions[address]?[service] = nil
            if contributions[address]?.isEmpty == true { contributions[address] = nil }
            changes += refresh(address, existed: true)
        }
        for (address, contribution) in new {
            let existed = contributions[address] != nil
            contributions[address, default: [:]][service] = contribution
            changes += refresh(address, existed: existed)
        }
        return changes
    }

    private mutating func refresh(_ address: IPAddress, existed: Bool) -> [ZoneChange] {
        guard let name = Self.name(of: address), let apex = apex(of: name), name != apex else { return [] }
        guard let parties = contributions[address] else {
            guard existed else { return [] }
            // A name may still have names below it only if an apex is that deep; addresses are leaves.
            return [.remove(name)] + leaveParent(of: name, apex: apex)
        }
        let records = targets(parties).map { Record(owner: name, ttl: ttl, data: .ptr($0)) }
        let answer = ZoneChange.set(name, zone: apex, answers: [TypedAnswer(type: .ptr, records: records)])
        return existed ? [answer] : enterParent(of: name, apex: apex) + [answer]
    }

    /// One virtual IP stands before all endpoints; of several Services the first by namespace and name.
    private func targets(_ parties: [NamespacedName: Contribution]) -> [DomainName] {
        let sorted = parties.count == 1 ? Array(parties) : parties.sorted { $0.key < $1.key }
        if let service = sorted.lazy.compactMap(\.value.serviceName).first { return [service] }
        var seen: Set<DomainName> = []
        return sorted.flatMap(\.value.endpointNames).filter { seen.insert($0).inserted }
    }

    private mutating func enterParent(of name: DomainName, apex: DomainName) -> [ZoneChange] {
        guard let parent = name.parent, parent != apex else { return [] }
        let count = children[parent, default: 0]
        children[parent] = count + 1
        guard count == 0 else { return [] }
        return enterParent(of: parent, apex: apex) + [.set(parent, zone: apex, answers: [])]
    }

    private mutating func leaveParent(of name: DomainName, apex: DomainName) -> [ZoneChange] {
        guard let parent = name.parent, parent != apex, let count = children[parent] else { return [] }
        children[parent] = count > 1 ? count - 1 : nil
        guard count == 1 else { return [] }
        return [.remove(parent)] + leaveParent(of: parent, apex: apex)
    }

    private func apex(of name: DomainName) -> DomainName? {
        apexes.filter { name.isWithin($0) }.max { $0.wire.count < $1.wire.count }
    }

    /// The name of an address: `d.c.b.a.in-addr.arpa` (RFC 1035 §3.5) or 32 nibbles under `ip6.arpa` (RFC 3596 §2.5).
    static func name(of address: IPAddress) -> DomainName? {
        switch address {
        case .v4:
            return DomainName(labels: address.bytes.reversed().map { String($0) } + ["in-addr", "arpa"])
        case .v6:
            let digits = Array("0123456789abcdef")
            let nibbles = address.bytes.reversed().flatMap {
                [String(digits[Int($0 & 15)]), String(digits[Int($0 >> 4)])]
            }
            return DomainName(labels: nibbles + ["ip6", "arpa"])
        }
    }
}
