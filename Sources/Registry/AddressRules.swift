/// What is wrong with the text of an address or network, in the words of Kubernetes' API server.
package enum AddressRules {
    /// The faults of an address whose spelling is kept as written; an IPv6 address need not be canonical.
    package static func faults(_ text: String) -> [String] {
        if let address = IPAddress(text) {
            return address.isIPv4Mapped ? ["must not be an IPv4-mapped IPv6 address"] : []
        }
        return hasLeadingZeros(text)
            ? ["must not have leading 0s"]
            : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    }

    /// As `faults(_:)`, and the text must be the canonical one (RFC 5952), as where it is a name.
    package static func canonicalFaults(_ text: String) -> [String] {
        let faults = faults(text)
        guard faults.isEmpty, let canonical = IPAddress(text)?.description, canonical != text else { return faults }
        return ["must be in canonical form (\"\(canonical)\")"]
    }

    /// The faults of an address of an endpoint, or of an external one: those of its text and of where it leads.
    package static func endpointFaults(_ text: String) -> [String] {
        let faults = faults(text)
        guard faults.isEmpty, let address = IPAddress(text), address.isUnfitForEndpoint else { return faults }
        let (isLoopback, isMulticast) =
            switch address {
            case .v4(let value): (value >> 24 == 127, value >> 8 == 0xe00000)
            case .v6(let value): (value == 1, value >> 112 == 0xff02)
            }
        if address.isUnspecified { return ["may not be unspecified (\(text))"] }
        if isLoopback { return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"] }
        return isMulticast
            ? ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"]
            : ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"]
    }

    /// The faults of a network, which must be written canonically and have no host bits set.
    package static func networkFaults(_ text: String) -> [String] {
        if let network = CIDR(text) {
            return network.description == text ? [] : ["must be in canonical form (\"\(network)\")"]
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let malformed = ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
        guard parts.count == 2, (1...4).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1])
        else { return malformed }
        guard let base = IPAddress(String(parts[0])) else {
            return hasLeadingZeros(String(parts[0])) ? ["must not have leading 0s in IP"] : malformed
        }
        guard length <= base.family.bitWidth else { return malformed }
        if parts[1] != "\(length)" { return ["must not have leading 0s in prefix length"] }
        if base.isIPv4Mapped { return ["must not have an IPv4-mapped IPv6 address"] }
        return ["must not have bits set beyond the prefix length"]
    }

    /// Whether a text is an IPv4 address but for zeros in front of its numbers.
    private static func hasLeadingZeros(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...32).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && part.drop { $0 == "0" }.utf8.count <= 3 && (Int(part.suffix(3)) ?? 256) <= 255
            }
    }
}

extension IPAddress {
    /// Whether it stands for all addresses of a host: `0.0.0.0`, `::`.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let value): value == 0
        case .v6(let value): value == 0
        }
    }
}
