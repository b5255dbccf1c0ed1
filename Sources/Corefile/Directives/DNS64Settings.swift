import Registry

/// `dns64 [PREFIX] { … }`: IPv6 addresses made of IPv4 ones (RFC 6147).
package struct DNS64Settings: DirectiveSettings {
    package static let directive = "dns64"

    /// The network the addresses are made in, of a length that RFC 6052 §2.2 knows.
    package var prefix: CIDR
    /// Makes addresses even where the name has IPv6 ones.
    package var translatesAll = false
    /// Makes addresses for askers that come over IPv4, too.
    package var allowsIPv4 = false

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        guard let wellKnown = CIDR("64:ff9b::/96") else {
            throw block.start.error("has no default prefix for dns64")
        }
        prefix = wellKnown
        if let second = lines.dropFirst().first { throw second.error("may stand only once in a server block") }
        guard let line = lines.first else { return }
        try line.expect(0...1)
        if let token = line.arguments.first { prefix = try Self.prefix(token) }
        for option in line.options {
            try option.expectNoBlock()
            switch option.name {
            case "prefix": prefix = try Self.prefix(option.argument())
            case "translate_all":
                try option.expect(0...0)
                translatesAll = true
            case "allow_ipv4":
                try option.expect(0...0)
                allowsIPv4 = true
            default:
                throw option.unknown(in: Self.directive, known: ["prefix", "translate_all", "allow_ipv4"])
            }
        }
    }

    private static func prefix(_ token: Token) throws(CorefileError) -> CIDR {
        let network = try token.network()
        guard network.family == .ipv6 else { throw token.error("is no IPv6 network") }
        guard [32, 40, 48, 56, 64, 96].contains(network.prefixLength) else {
            throw token.error(
                "has no length that RFC 6052 knows", wanted: "write one of /32, /40, /48, /56, /64 and /96")
        }
        guard network.base.value >> 56 & 0xff == 0 else {
            throw token.error("has bits 64 to 71 set, which are zero in every such address (RFC 6052 §2.2)")
        }
        return network
    }
}
