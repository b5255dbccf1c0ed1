import DNS
import Registry

/// `acl`: who may ask for what.
package struct AclSettings: DirectiveSettings {
    package static let directive = "acl"

    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// No further rule is looked at.
        case allow
        /// REFUSED.
        case block
        /// NOERROR without records.
        case filter
        /// No answer at all.
        case drop
    }

    /// Addresses that share their leading bits.
    package struct Network: Hashable, Sendable {
        package var family: IPFamily
        /// The first and the last address as numbers.
        package var range: ClosedRange<UInt128>

        /// Reads an address or a network in CIDR form, whose host bits do not matter (Go's `net.ParseCIDR`).
        package init?(_ text: String) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
            var length = address.family.bitWidth
            if parts.count > 1 {
                guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]),
                    number <= length
                else { return nil }
                length = number
            }
            let hostBits = address.family.bitWidth - length
            let mask: UInt128 = hostBits == 128 ? .max : (1 << UInt128(hostBits)) &- 1
            let base = address.value & ~mask
            // `::ffff:10.0.0.0/104` means IPv4 addresses.
            if address.isIPv4Mapped, length >= 96 {
                family = .ipv4
                range = (base & 0xffff_ffff)...((base | mask) & 0xffff_ffff)
            } else {
                family = address.family
                range = base...(base | mask)
            }
        }
    }

    /// One line of a rule.
    package struct Policy: Hashable, Sendable {
        package var action: Action
        /// nil for all.
        package var types: Set<RecordType>?
        /// nil for all clients.
        package var networks: [Network]?
    }

    package struct Rule: Hashable, Sendable {
        package var zones: [DomainName]
        /// The first that fits decides.
        package var policies: [Policy]
    }

    package var rules: [Rule] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            var rule = Rule(zones: try line.zones(in: block), policies: [])
            for option in line.options { rule.policies.append(try Self.policy(option)) }
            rules.append(rule)
        }
    }

    private static func policy(_ option: CorefileLine) throws(CorefileError) -> Policy {
        guard let action = Action(rawValue: option.name.lowercased()) else {
            throw option.unknown(in: directive, known: Action.allCases.map(\.rawValue))
        }
        try option.expectNoBlock()
        var policy = Policy(action: action)
        var words = option.arguments
        while let section = words.popFirst() {
            let kind = section.text.lowercased()
            guard kind == "type" || kind == "net" else {
                throw section.error("is unknown in \(directive)", wanted: "write type or net")
            }
            let values = words.prefix { !["type", "net"].contains($0.text.lowercased()) }
            words = words.dropFirst(values.count)
            guard !values.isEmpty else { throw section.error("needs at least 1 argument") }
            if kind == "type" {
                policy.types = try types(values, before: policy.types)
            } else {
                policy.networks = try networks(values, before: policy.networks)
            }
        }
        // `*` among others means all.
        if policy.types?.isEmpty == true { policy.types = nil }
        if policy.networks?.isEmpty == true { policy.networks = nil }
        return policy
    }

    private static func types(
        _ words: some Collection<Token>, before: Set<RecordType>?
    ) throws(CorefileError) -> Set<RecordType> {
        var types = before ?? []
        var isAll = before?.isEmpty ?? false
        for word in words {
            if word.text == "*" {
                isAll = true
                continue
            }
            guard let type = Mnemonic.type(word.text) else {
                throw word.error("is no record type", wanted: "write one as AAAA, TYPE65, or * for all")
            }
            types.insert(type)
        }
        return isAll ? [] : types
    }

    private static func networks(
        _ words: some Collection<Token>, before: [Network]?
    ) throws(CorefileError) -> [Network] {
        var networks = before ?? []
        var isAll = before?.isEmpty ?? false
        for word in words {
            if word.text == "*" {
                isAll = true
                continue
            }
            guard let network = Network(word.text) else {
                throw word.error("is no network", wanted: "write an address, one as 10.0.0.0/8, or * for all")
            }
            networks.append(network)
        }
        return isAll ? [] : networks
    }
}
