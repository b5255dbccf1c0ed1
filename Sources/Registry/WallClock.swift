/// The time of day as the registry's parts see it; replaced in tests.
package struct WallClock: Sendable {
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
    package static let system = WallClock(
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
