import AddressAllocator
import Glibc
import Registry

/// What a store is run with; read once, at start.
package struct StoreSettings: Sendable {
    /// Where virtual IPs come from; the first one's family is the default. Without any, Services stay pending.
    package var serviceCIDRs: [CIDR]
    package var nodePorts: ClosedRange<Int>
    /// How long a released address is not handed out automatically, in seconds.
    ///
    /// Five minutes unless told otherwise: longer than any resolver or client is asked to keep the answer (30 s), and
    /// than most connection pools keep a connection that nobody answers.
    package var quarantineSeconds: Int64
    /// How many changes are kept for watches that ask for what happened since a version.
    package var retainedEvents: Int

    package init(
        serviceCIDRs: [CIDR] = [CIDR("10.96.0.0/16")].compactMap { $0 },
        nodePorts: ClosedRange<Int> = NodePortAllocator.defaultRange,
        quarantineSeconds: Int64 = 300, retainedEvents: Int = 10_000
    ) {
        self.serviceCIDRs = serviceCIDRs
        self.nodePorts = nodePorts
        self.quarantineSeconds = quarantineSeconds
        self.retainedEvents = retainedEvents
    }
}

/// The time as the store sees it; replaced in tests.
package struct StoreClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// Returns at an instant or later, earlier only by throwing when the task is cancelled.
    package let sleep: @Sendable (_ until: Timestamp) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (_ until: Timestamp) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The clock of the system.
    package static let system = StoreClock(
        now: { Timestamp.now },
        sleep: { end in
            while true {
                let rest = end.milliseconds.subtractingReportingOverflow(Timestamp.now.milliseconds)
                guard rest.partialValue > 0, !rest.overflow else { return }
                // In pieces, as the system's clock may be set while this sleeps.
                try await Task.sleep(for: .milliseconds(min(rest.partialValue, 60_000)))
            }
        })
}

extension Timestamp {
    /// The instant now, by the clock of the system.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The instant to the second, as Kubernetes writes it: `2026-07-01T12:00:00Z` (RFC 3339).
    package var text: String {
        let seconds = milliseconds.quotientAndRemainder(dividingBy: 1000)
        var time = time_t(seconds.remainder < 0 ? seconds.quotient - 1 : seconds.quotient)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "1970-01-01T00:00:00Z" }
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(parts.tm_year &+ 1900, 4))-\(padded(parts.tm_mon &+ 1))-\(padded(parts.tm_mday))"
            + "T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
    }
}
