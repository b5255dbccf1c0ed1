/// A network in CIDR notation (RFC 4632, RFC 4291 §2.3), its host bits zero.
package struct CIDR: Hashable, Sendable {
    /// The network address, the first of the range.
    package let base: IPAddress
    /// The number of leading bits that all addresses of the network share.
    package let prefixLength: Int

    /// Reads `10.96.0.0/16` or `fd00:10:96::/112`; nil where the text is no network or has host bits set.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPAddress(String(parts[0])), !base.isIPv4Mapped,
            (1...3).contains(parts[1].utf8.count), parts[1] == "0" || !parts[1].hasPrefix("0"),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let prefixLength = Int(parts[1]), prefixLength <= base.family.bitWidth
        else { return nil }
        self.base = base
        self.prefixLength = prefixLength
        guard base.value & hostMask == 0 else { return nil }
    }

    package var family: IPFamily { base.family }

    /// The number of bits that tell addresses of the network apart.
    package var hostBits: Int { family.bitWidth - prefixLength }

    /// The last address of the range as a number (the broadcast address of an IPv4 network).
    package var last: UInt128 { base.value | hostMask }

    /// The address behind the base, which `default/kubernetes` has; nil for a network of one address.
    package var firstHost: IPAddress? {
        hostBits == 0 ? nil : IPAddress(family: family, value: base.value | 1)
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == family && address.value & ~hostMask == base.value
    }

    private var hostMask: UInt128 { hostBits == 128 ? .max : (1 << UInt128(hostBits)) &- 1 }
}

extension CIDR: CustomStringConvertible {
    package var description: String { "\(base)/\(prefixLength)" }
}
