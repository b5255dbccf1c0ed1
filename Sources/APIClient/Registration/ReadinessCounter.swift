/// Whether an endpoint is ready, out of the results of its probe (Kubernetes core/v1 Probe: thresholds).
package struct ReadinessCounter: Hashable, Sendable {
    /// So many failures in a row make a ready endpoint not ready.
    package static let failureThreshold = 3

    package private(set) var isReady = false
    private var failures = 0

    package init() {}

    /// One success makes it ready.
    package mutating func take(isSuccess: Bool) {
        if isSuccess {
            failures = 0
            isReady = true
        } else if isReady {
            failures += 1
            if failures >= Self.failureThreshold {
                isReady = false
                failures = 0
            }
        }
    }
}
