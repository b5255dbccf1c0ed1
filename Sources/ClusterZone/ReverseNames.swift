import DNS
import Registry

/// The names of addresses and which Services stand behind them, with the empty non-terminals above (RFC 8020).
struct ReverseNames: Sendable {
    typealias Holder = ServiceTable.Number

    private let zones: [ReverseZone]
    private let ttl: UInt32
    /// A Service that has the address, as its virtual IP or at an endpoint; nearly always the only one.
    private var v4: [UInt32: Holder] = [:]
    private var v6: [UInt128: Holder] = [:]
    /// The others, in no order.
    private var others: [IPAddress: [Holder]] = [:]
    /// The number of names right below each empty non-terminal.
    private var children: [Prefix: UInt32] = [:]

    /// The leading bits that names below an empty non-terminal have in common.
    private struct Prefix: Hashable {
        let bits: UInt128
        /// Labels below `in-addr.arpa` or `ip6.arpa`; the sign tells the families apart.
        let depth: Int8
    }

    init(apexes: [DomainName], ttl: UInt32) {
        zones = apexes.compactMap { ReverseZone($0) }
        self.ttl = ttl
    }

    /// The Services that have an address.
    func holders(of address: IPAddress) -> [Holder] {
        guard let first = first(of: address) else { return [] }
        return [first] + (others[address] ?? [])
    }

    /// Notes that a Service has an address now, or has it no more, and makes the names above it.
    ///
    /// - Returns: the name of the address and its zone; nil where no zone holds it.
    mutating func set(
        _ address: IPAddress, heldBy holder: Holder, _ isHeld: Bool, into sink: inout ChangeSink
    ) -> (name: DomainName, apex: DomainName)? {
        guard let zone = zone(of: address) else { return nil }
        note(address, holder, isHeld, below: zone, into: &sink)
        return (ReverseZone.name(of: address), zone.apex)
    }

    /// As `set`, without making the address's name.
    ///
    /// - Returns: the zone of the name; nil where no zone holds it.
    mutating func note(
        _ address: IPAddress, heldBy holder: Holder, _ isHeld: Bool, into sink: inout ChangeSink
    ) -> DomainName? {
        guard let zone = zone(of: address) else { return nil }
        note(address, holder, isHeld, below: zone, into: &sink)
        return zone.apex
    }

    private mutating func note(
        _ address: IPAddress, _ holder: Holder, _ isHeld: Bool, below zone: ReverseZone, into sink: inout ChangeSink
    ) {
        let existed = first(of: address) != nil
        if isHeld {
            guard !existed else { return add(holder, to: address) }
            setFirst(of: address, holder)
            return enterParent(of: address, below: zone, into: &sink)
        }
        remove(holder, from: address)
        if existed, first(of: address) == nil { leaveParent(of: address, below: zone, into: &sink) }
    }

    /// Whether several Services have an address.
    func isShared(_ address: IPAddress) -> Bool { !others.isEmpty && others[address] != nil }

    /// Whether a Service has an address that no other one has.
    func isAlone(_ holder: Holder, at address: IPAddress) -> Bool {
        first(of: address) == holder && (others.isEmpty || others[address] == nil)
    }

    /// The answer that leads from an address to names.
    func answer(_ name: DomainName, _ targets: [DomainName]) -> TypedAnswer {
        TypedAnswer(type: .ptr, records: targets.map { Record(owner: name, ttl: ttl, data: .ptr($0)) })
    }

    // MARK: Holders

    private func first(of address: IPAddress) -> Holder? {
        switch address {
        case .v4(let value): v4[value]
        case .v6(let value): v6[value]
        }
    }

    private mutating func setFirst(of address: IPAddress, _ holder: Holder?) {
        switch address {
        case .v4(let value): v4[value] = holder
        case .v6(let value): v6[value] = holder
        }
    }

    private mutating func add(_ holder: Holder, to address: IPAddress) {
        guard let first = first(of: address) else { return setFirst(of: address, holder) }
        guard first != holder, others[address]?.contains(holder) != true else { return }
        others[address, default: []].append(holder)
    }

    private mutating func remove(_ holder: Holder, from address: IPAddress) {
        if first(of: address) == holder {
            setFirst(of: address, others[address]?.popLast())
        } else {
            others[address]?.removeAll { $0 == holder }
        }
        if others[address]?.isEmpty == true { others[address] = nil }
    }

    // MARK: Names above

    private func zone(of address: IPAddress) -> ReverseZone? {
        var best: ReverseZone?
        for zone in zones where zone.contains(address) {
            // The later one of two that are alike, as they come.
            if best.map({ $0.depth <= zone.depth }) ?? true { best = zone }
        }
        return best
    }

    private mutating func enterParent(of address: IPAddress, below zone: ReverseZone, into sink: inout ChangeSink) {
        for depth in stride(from: zone.leafDepth - 1, to: zone.depth, by: -1) {
            let isFirst = Self.increment(&children[prefix(of: address, depth), default: 0])
            guard isFirst else { return }
            sink.set(ReverseZone.name(of: address, depth: depth), zone: zone.apex, answers: [], isFixedByName: true)
        }
    }

    /// Counts one more; whether it is the first.
    private static func increment(_ count: inout UInt32) -> Bool {
        count += 1
        return count == 1
    }

    private mutating func leaveParent(of address: IPAddress, below zone: ReverseZone, into sink: inout ChangeSink) {
        for depth in stride(from: zone.leafDepth - 1, to: zone.depth, by: -1) {
            guard let count = children[prefix(of: address, depth)] else { return }
            children[prefix(of: address, depth)] = count > 1 ? count - 1 : nil
            guard count == 1 else { return }
            sink.remove(ReverseZone.name(of: address, depth: depth))
        }
    }

    private func prefix(of address: IPAddress, _ depth: Int) -> Prefix {
        switch address {
        case .v4(let value): Prefix(bits: UInt128(value >> UInt32(32 - 8 * depth)), depth: Int8(depth))
        case .v6(let value): Prefix(bits: value >> UInt128(128 - 4 * depth), depth: Int8(-depth))
        }
    }
}

/// A zone of addresses: `in-addr.arpa` (RFC 1035 §3.5), `ip6.arpa` (RFC 3596 §2.5), or a part of them at a label.
struct ReverseZone: Sendable {
    let apex: DomainName
    private let family: IPFamily
    private let bits: UInt128
    /// The number of labels below `in-addr.arpa` or `ip6.arpa`, one for 8 or 4 bits.
    let depth: Int

    /// nil for a name that no address lies below.
    init?(_ apex: DomainName) {
        self.apex = apex
        var labels = apex.labels.map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard labels.popLast() == "arpa", let tree = labels.popLast(), ["in-addr", "ip6"].contains(tree) else {
            return nil
        }
        family = tree == "ip6" ? .ipv6 : .ipv4
        let (width, radix) = family == .ipv6 ? (4, 16) : (8, 10)
        guard labels.count < family.bitWidth / width else { return nil }
        var bits: UInt128 = 0
        for label in labels.reversed() {
            guard let number = UInt8(label, radix: radix), number < 1 << width || width == 8,
                String(number, radix: radix) == label
            else { return nil }
            bits = bits << UInt128(width) | UInt128(number)
        }
        self.bits = bits
        depth = labels.count
    }

    /// The number of labels that a whole address takes.
    var leafDepth: Int { family == .ipv6 ? 32 : 4 }

    func contains(_ address: IPAddress) -> Bool {
        guard address.family == family else { return false }
        guard depth > 0 else { return true }
        return address.value >> UInt128(family.bitWidth - depth * (family.bitWidth / leafDepth)) == bits
    }

    /// The name of an address, or of the empty non-terminal above it that has so many labels below its tree.
    static func name(of address: IPAddress, depth: Int? = nil) -> DomainName {
        var wire: [UInt8] = []
        switch address {
        case .v4(let value):
            wire.reserveCapacity(30)
            for shift in (4 - (depth ?? 4))..<4 {
                let octet = UInt8(truncatingIfNeeded: value >> UInt32(8 * shift))
                wire.append(octet >= 100 ? 3 : octet >= 10 ? 2 : 1)
                if octet >= 100 { wire.append(0x30 + octet / 100) }
                if octet >= 10 { wire.append(0x30 + octet / 10 % 10) }
                wire.append(0x30 + octet % 10)
            }
            wire.append(contentsOf: inAddrArpa)
        case .v6(let value):
            wire.reserveCapacity(74)
            for shift in (32 - (depth ?? 32))..<32 {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt128(4 * shift)) & 15
                wire.append(1)
                wire.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
            }
            wire.append(contentsOf: ip6Arpa)
        }
        // At most 74 bytes of legal labels, so there is no name only if this is wrong; the root has no PTR.
        return DomainName(wire: wire) ?? .root
    }

    private static let inAddrArpa: [UInt8] = [7] + Array("in-addr".utf8) + [4] + Array("arpa".utf8) + [0]
    private static let ip6Arpa: [UInt8] = [3] + Array("ip6".utf8) + [4] + Array("arpa".utf8) + [0]
}
