import Glibc

/// The time of day as the registry's parts see it; replaced in tests.
package struct WallClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// Returns at an instant or later, earlier only by throwing when the task is cancelled.
    package let sleep: @Sendable (_ until: Timestamp) async throws -> Void

    /// Milliseconds of a clock that nobody sets.
    package let steady: @Sendable () -> Int64

    /// - Parameter steady: nil where nobody sets this clock either.
    package init(
        now: @escaping @Sendable () -> Timestamp, steady: (@Sendable () -> Int64)? = nil,
        sleep: @escaping @Sendable (_ until: Timestamp) async throws -> Void
    ) {
        self.now = now
        self.steady = steady ?? { now().milliseconds }
        self.sleep = sleep
    }

    /// The clock of the system.
    package static let system = WallClock(
        now: { Timestamp.now },
        steady: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        },
        sleep: { end in
            while true {
                let rest = end.milliseconds.subtractingReportingOverflow(Timestamp.now.milliseconds)
                guard rest.partialValue > 0, !rest.overflow else { return }
                // In pieces, as the system's clock may be set while this sleeps.
                try await Task.sleep(for: .milliseconds(min(rest.partialValue, 60_000)))
            }
        })
}
