import Corefile
import Nameserver

extension ResponseRateLimit.Rules {
    /// The limits that `rrl` asks for.
    init(_ settings: RRLSettings) {
        self.init()
        intervals = [RRLSettings.Category.response, .noData, .nxDomain, .referral, .error].map {
            Self.interval(settings.allowances[$0] ?? 0)
        }
        requestInterval = Self.interval(settings.requestsPerSecond)
        window = Int64(settings.window * 1_000_000_000)
        ipv4PrefixLength = settings.ipv4PrefixLength
        ipv6PrefixLength = settings.ipv6PrefixLength
        slipRatio = UInt32(settings.slipRatio)
        amplification = settings.amplification
        capacity = settings.tableSize
        reportsOnly = settings.reportsOnly
        exempt = settings.exempt
    }

    /// Nanoseconds between two of so many a second; 0 for no limit.
    private static func interval(_ rate: Double) -> Int64 {
        // Less than one in an hour is as good as one in an hour.
        rate > 0 ? Int64(min(3_600_000_000_000, max(1, 1_000_000_000 / rate))) : 0
    }
}
