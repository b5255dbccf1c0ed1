/// Time and chance as a registry sees them; replaced in tests.
package struct RegistryTime: Sendable {
    /// The time since any fixed instant, never going back.
    package let now: @Sendable () -> Duration
    /// Returns after a while, earlier only by throwing when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void
    /// From 0 up to 1.
    package let random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    package static let system = {
        let start = ContinuousClock.now
        return RegistryTime(
            now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0) },
            random: { Double.random(in: 0..<1) })
    }()
}
