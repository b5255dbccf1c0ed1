import Registry

/// One range of virtual IPs (a service CIDR) with the two bands that Kubernetes parts it into.
///
/// Addresses are named by their offset from the base of the range. Never handed out, and in neither band, are the
/// network and broadcast address of an IPv4 range and the base (subnet-router anycast) address of an IPv6 range.
package struct AddressRange: Hashable, Sendable {
    /// A part of a range: automatic requests are served from the dynamic one while it has a free address.
    package enum Band: Hashable, Sendable, CaseIterable {
        case `static`
        case dynamic
    }

    package let cidr: CIDR
    /// Offsets that automatic requests leave to explicit ones; nil in ranges of 16 addresses or fewer.
    package let staticOffsets: ClosedRange<UInt64>?
    package let dynamicOffsets: ClosedRange<UInt64>

    /// Takes networks of at least 8 addresses, IPv6 ones no larger than a /64 (an offset has 64 bits).
    package init(_ cidr: CIDR) throws(AllocationError) {
        guard cidr.hostBits >= 3 else { throw .rangeTooSmall(cidr) }
        guard cidr.hostBits <= 64 else { throw .rangeTooLarge(cidr) }
        self.cidr = cidr
        let hostBits = UInt64(cidr.hostBits)
        let lastOfRange = cidr.hostBits == 64 ? UInt64.max : (1 << hostBits) &- 1
        let last = cidr.family == .ipv4 ? lastOfRange &- 1 : lastOfRange
        // min(max(16, size / 16), 256) addresses, none in a range of 16 or fewer.
        let staticSize: UInt64 = cidr.hostBits <= 4 ? 0 : min(max(16, 1 << (hostBits &- 4)), 256)
        staticOffsets = staticSize == 0 ? nil : 1...staticSize
        dynamicOffsets = (staticSize &+ 1)...last
    }

    package var family: IPFamily { cidr.family }

    package func offsets(of band: Band) -> ClosedRange<UInt64>? {
        switch band {
        case .static: staticOffsets
        case .dynamic: dynamicOffsets
        }
    }

    /// The offset of an address that may be handed out; nil outside the range and for the reserved addresses.
    package func offset(of address: IPAddress) -> UInt64? {
        guard cidr.contains(address) else { return nil }
        // At most 64 host bits, so the difference fits.
        let offset = UInt64(truncatingIfNeeded: address.value &- cidr.base.value)
        return (1...dynamicOffsets.upperBound).contains(offset) ? offset : nil
    }

    package func band(ofOffset offset: UInt64) -> Band {
        offset < dynamicOffsets.lowerBound ? .static : .dynamic
    }

    /// The address at an offset within the range.
    package func address(at offset: UInt64) -> IPAddress {
        let value = cidr.base.value &+ UInt128(offset)
        return IPAddress(family: family, value: value) ?? cidr.base
    }

    /// The first and last address of a band.
    package func bounds(of band: Band) -> ClosedRange<IPAddress>? {
        offsets(of: band).map { address(at: $0.lowerBound)...address(at: $0.upperBound) }
    }
}
