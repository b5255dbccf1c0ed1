import Glibc

/// An IP address family, as `spec.ipFamilies` and `addressType` name it.
package enum IPFamily: String, Hashable, Sendable, CaseIterable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"

    /// The length of an address in bits.
    package var bitWidth: Int { self == .ipv4 ? 32 : 128 }
}

/// An IPv4 or IPv6 address, held in host byte order; compares by value, not by text (so `::1` is `0:0::1`).
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads the text forms of RFC 4291 §2.2 and dotted decimal without leading zeros; nil for anything else.
    ///
    /// A v4-mapped IPv6 address (`::ffff:10.0.0.1`) stays IPv6; callers that must refuse it ask `isIPv4Mapped`.
    package init?(_ text: String) {
        // A zone index (`%eth0`) and embedded NULs are no part of an address.
        guard text.utf8.count <= 45, !text.utf8.contains(0), !text.utf8.contains(UInt8(ascii: "%")) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        self = withUnsafeBytes(of: &v6) { .v6(UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self))) }
    }

    /// The address at `value` of a family; nil where the value has more bits than the family.
    package init?(family: IPFamily, value: UInt128) {
        switch family {
        case .ipv4:
            guard let value = UInt32(exactly: value) else { return nil }
            self = .v4(value)
        case .ipv6:
            self = .v6(value)
        }
    }

    package var family: IPFamily {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }

    /// The address as a number.
    package var value: UInt128 {
        switch self {
        case .v4(let value): UInt128(value)
        case .v6(let value): value
        }
    }

    /// The 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let value): withUnsafeBytes(of: value.bigEndian) { Array($0) }
        case .v6(let value): withUnsafeBytes(of: value.bigEndian) { Array($0) }
        }
    }

    /// Whether this is an IPv6 spelling of an IPv4 address (`::ffff:0:0/96`), which Kubernetes refuses.
    package var isIPv4Mapped: Bool {
        guard case .v6(let value) = self else { return false }
        return value >> 32 == 0xffff
    }

    /// Whether the address is unspecified, loopback or link-local: never an endpoint (Kubernetes API validation).
    package var isUnfitForEndpoint: Bool {
        switch self {
        case .v4(let value): value == 0 || value >> 24 == 127 || value >> 16 == 0xa9fe || value >> 8 == 0xe00000
        case .v6(let value): value <= 1 || value >> 118 == 0x3fa || value >> 112 == 0xff02
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952).
    package var description: String {
        switch self {
        case .v4(let value):
            return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
        case .v6(let value):
            var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            var bytes = value.bigEndian
            inet_ntop(AF_INET6, &bytes, &buffer, socklen_t(buffer.count))
            return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

extension IPAddress: Comparable {
    /// IPv4 sorts before IPv6, then by value.
    package static func < (lhs: IPAddress, rhs: IPAddress) -> Bool {
        (lhs.family == .ipv4 ? 0 : 1, lhs.value) < (rhs.family == .ipv4 ? 0 : 1, rhs.value)
    }
}
