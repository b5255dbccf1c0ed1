import Registry

/// Why an address or node port could not be had.
package enum AllocationError: Error, Hashable, Sendable {
    case rangeTooSmall(CIDR)
    /// An IPv6 range shorter than /64.
    case rangeTooLarge(CIDR)
    case familyNotConfigured(IPFamily, ranges: [CIDR])
    case outOfRange(IPAddress, ranges: [CIDR])
    /// The network address of an IPv4 range, the base address of an IPv6 one.
    case networkAddress(IPAddress, CIDR)
    case broadcastAddress(IPAddress, CIDR)
    case addressTaken(IPAddress, holder: NamespacedName)
    /// Nothing is free in these ranges; none where no range is ready.
    case addressesExhausted([RangeUsage])
    case nodePortRangeInvalid(ClosedRange<Int>)
    case nodePortOutOfRange(Int, ClosedRange<Int>)
    case nodePortTaken(Int, holder: NamespacedName)
    case nodePortsExhausted(ClosedRange<Int>, used: Int)

    /// Whether nothing is free now, so that the same request may succeed later.
    package var isExhaustion: Bool {
        switch self {
        case .addressesExhausted, .nodePortsExhausted: true
        default: false
        }
    }
}

extension AllocationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rangeTooSmall(let cidr):
            "service range \(cidr) is too small: it must have at least 8 addresses"
        case .rangeTooLarge(let cidr):
            "service range \(cidr) is too large: an IPv6 range must be a /64 or smaller"
        case .familyNotConfigured(let family, let ranges):
            "no service range of family \(family.rawValue) is configured (\(Self.list(ranges, or: "none at all")))"
        case .outOfRange(let address, let ranges):
            "\(address) is not in the service range \(Self.list(ranges, or: "(none)"))"
        case .networkAddress(let address, let cidr):
            "\(address) is the \(cidr.family == .ipv4 ? "network" : "base") address of \(cidr) and never given out"
        case .broadcastAddress(let address, let cidr):
            "\(address) is the broadcast address of \(cidr) and never given out"
        case .addressTaken(let address, let holder):
            "\(address) is already allocated to \(holder)"
        case .addressesExhausted(let ranges):
            ranges.isEmpty
                ? "no service range is ready to give out addresses"
                : "no free address in \(ranges.map(\.description).joined(separator: " or "))"
        case .nodePortRangeInvalid(let range):
            "node port range \(Self.text(range)) is invalid: it must lie within 1-65535"
        case .nodePortOutOfRange(let number, let range):
            "node port \(number) is not in the range \(Self.text(range))"
        case .nodePortTaken(let number, let holder):
            "node port \(number) is already allocated to \(holder)"
        case .nodePortsExhausted(let range, let used):
            "no free node port in \(Self.text(range)) (\(used) used)"
        }
    }

    /// The same in the words of Kubernetes' API server, which name neither the range nor the holder.
    var fault: String {
        switch self {
        case .familyNotConfigured(let family, _):
            "may not use \(family.rawValue) on a cluster which is not configured for it"
        case .outOfRange, .networkAddress, .broadcastAddress:
            "the provided network does not match the current range"
        case .addressTaken: "provided IP is already allocated"
        case .nodePortTaken: "provided port is already allocated"
        case .nodePortOutOfRange(_, let range):
            "provided port is not in the valid range. The range of valid ports is \(Self.text(range))"
        case .addressesExhausted(let ranges):
            // Kubernetes has no quarantine: who meets a full range there need not wonder where its addresses are.
            Self.fullRange(resting: ranges.reduce(0) { $0 &+ $1.quarantined })
        case .nodePortsExhausted: Self.fullRange(resting: 0)
        case .rangeTooSmall, .rangeTooLarge, .nodePortRangeInvalid: description
        }
    }

    private static func fullRange(resting: UInt64) -> String {
        "range is full" + (resting > 0 ? "; of deleted Services \(resting) addresses are not given out again yet" : "")
    }

    private static func list(_ ranges: [CIDR], or none: String) -> String {
        ranges.isEmpty ? none : ranges.map(\.description).joined(separator: ", ")
    }

    private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)-\(range.upperBound)" }
}
