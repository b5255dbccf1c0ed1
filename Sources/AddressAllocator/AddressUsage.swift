import Registry

/// How full a band is. Sizes saturate nowhere: the largest band, of an IPv6 /64, has 2⁶⁴ − 257 addresses.
package struct BandUsage: Hashable, Sendable {
    package let size: UInt64
    package let used: UInt64
    /// Free, yet not handed out automatically for a while.
    package let quarantined: UInt64

    package init(size: UInt64, used: UInt64, quarantined: UInt64) {
        self.size = size
        self.used = used
        self.quarantined = quarantined
    }

    /// What automatic requests can get now.
    package var free: UInt64 { size &- used &- quarantined }
}

/// How full a range is.
package struct RangeUsage: Hashable, Sendable {
    package let cidr: CIDR
    package let `static`: BandUsage
    package let dynamic: BandUsage

    package init(cidr: CIDR, static: BandUsage, dynamic: BandUsage) {
        self.cidr = cidr
        self.static = `static`
        self.dynamic = dynamic
    }

    package var size: UInt64 { `static`.size &+ dynamic.size }
    package var used: UInt64 { `static`.used &+ dynamic.used }
    package var quarantined: UInt64 { `static`.quarantined &+ dynamic.quarantined }
    package var free: UInt64 { `static`.free &+ dynamic.free }
}

extension RangeUsage: CustomStringConvertible {
    package var description: String { "\(cidr) (\(used) used, \(quarantined) quarantined)" }
}
