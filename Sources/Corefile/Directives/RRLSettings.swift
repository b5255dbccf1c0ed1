import DNS
import Registry

/// `rrl [ZONES…] { … }`: how much of the same a network of clients is sent over UDP, so that nobody is flooded by
/// answers to questions asked in their name.
///
/// The options are those of CoreDNS's external plugin of that name, `exempt` and `max-amplification`.
package struct RRLSettings: DirectiveSettings {
    package static let directive = "rrl"

    /// Kinds of answers that are counted apart.
    package enum Category: UInt8, Hashable, Sendable, CaseIterable {
        /// Answers with records; counted by name and type.
        case response
        /// NODATA; counted by name.
        case noData
        /// NXDOMAIN; counted by zone.
        case nxDomain
        /// Referrals; counted by the zone they lead to.
        case referral
        /// All other response codes; counted together.
        case error
    }

    /// Names outside of these zones pass by.
    package var zones: [DomainName]
    /// Seconds for which a debt may grow.
    package var window: Double = 15
    /// Leading bits of the addresses that make one client.
    package var ipv4PrefixLength = 24
    package var ipv6PrefixLength = 56
    /// Answers a second by category; absent or 0 for no limit.
    package var allowances: [Category: Double] = [:]
    /// Queries a second of one client, whatever they ask; 0 for no limit.
    package var requestsPerSecond: Double = 0
    /// Of so many answers too many, one goes out cut (TC), which leads who really asks to TCP; 0 for none.
    package var slipRatio = 2
    /// Without a valid server cookie a reply has at most so many times the bytes of its question, or is cut; 0 for no
    /// limit.
    package var amplification = 10
    /// Accounts kept at a time.
    package var tableSize = 100_000
    /// Counts only.
    package var reportsOnly = false
    /// Clients without limits.
    package var exempt: [CIDR] = Self.privateNetworks

    /// Loopback, private (RFC 1918, 4193), shared (RFC 6598) and link-local (RFC 3927, 4291) addresses: a cluster's own.
    package static let privateNetworks = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1/128",
        "fc00::/7", "fe80::/10",
    ].compactMap { CIDR($0) }

    private static let options = [
        "window", "ipv4-prefix-length", "ipv6-prefix-length", "responses-per-second", "nodata-per-second",
        "nxdomains-per-second", "referrals-per-second", "errors-per-second", "requests-per-second", "slip-ratio",
        "max-table-size", "report-only", "exempt", "max-amplification",
    ]

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        zones = block.zones
        if let second = lines.dropFirst().first { throw second.error("may stand only once in a server block") }
        guard let line = lines.first else { return }
        zones = try line.zones(in: block)
        var named: Set<Category> = []
        for option in line.options {
            try option.expectNoBlock()
            try read(option, &named)
        }
        // What is not said is as for answers.
        guard let common = allowances[.response] else { return }
        for category in Category.allCases where !named.contains(category) { allowances[category] = common }
    }

    private mutating func read(_ option: CorefileLine, _ named: inout Set<Category>) throws(CorefileError) {
        func allow(_ category: Category) throws(CorefileError) {
            allowances[category] = try Self.rate(option)
            named.insert(category)
        }
        switch option.name {
        case "window": window = try Self.number(option, above: 0, atMost: 3600)
        case "ipv4-prefix-length": ipv4PrefixLength = try option.argument().integer(in: 1...32)
        case "ipv6-prefix-length": ipv6PrefixLength = try option.argument().integer(in: 1...128)
        case "responses-per-second": try allow(.response)
        case "nodata-per-second": try allow(.noData)
        case "nxdomains-per-second": try allow(.nxDomain)
        case "referrals-per-second": try allow(.referral)
        case "errors-per-second": try allow(.error)
        case "requests-per-second": requestsPerSecond = try Self.rate(option)
        case "slip-ratio": slipRatio = try option.argument().integer(in: 0...10)
        case "max-table-size": tableSize = try option.argument().integer(in: 1...10_000_000)
        case "max-amplification": amplification = try option.argument().integer(in: 0...100)
        case "report-only":
            try option.expectNothing()
            reportsOnly = true
        case "exempt": exempt = try Self.networks(option)
        default: throw option.unknown(in: Self.directive, known: Self.options)
        }
    }

    private static func rate(_ option: CorefileLine) throws(CorefileError) -> Double {
        try number(option, above: -1, atMost: 1_000_000)
    }

    /// A decimal number, not negative.
    private static func number(
        _ option: CorefileLine, above least: Double, atMost most: Double
    ) throws(CorefileError) -> Double {
        let word = try option.argument()
        guard let number = Double(word.text), number >= 0, number > least, number <= most else {
            throw word.error("is no number", wanted: "write one from \(least < 0 ? "0" : "above 0") to \(Int(most))")
        }
        return number
    }

    /// `exempt none`, or networks in place of the private ones.
    private static func networks(_ option: CorefileLine) throws(CorefileError) -> [CIDR] {
        try option.expect(1...Int.max)
        if option.arguments.count == 1, option.arguments.first?.text == "none" { return [] }
        var networks: [CIDR] = []
        for word in option.arguments { networks.append(try word.network()) }
        return networks
    }
}
