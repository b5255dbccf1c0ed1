/// Whether an upstream counts as well, by CoreDNS's rules: after an error it is checked until it answers; it is down
/// once more checks failed in a row than `max_fails` allows.
struct UpstreamHealth: Hashable, Sendable {
    /// The checks that failed since the last one that did not.
    private(set) var failures = 0
    /// Whether checks are under way.
    private(set) var isChecked = false

    /// Notes that a question failed.
    ///
    /// - Parameter limit: `max_fails`; with 0 there are no checks.
    /// - Returns: whether checks must begin.
    mutating func noteError(limit: Int) -> Bool {
        guard limit > 0, !isChecked else { return false }
        isChecked = true
        return true
    }

    /// Notes the outcome of a check.
    ///
    /// - Returns: whether another one must follow.
    mutating func noteCheck(succeeded: Bool) -> Bool {
        if succeeded {
            failures = 0
            isChecked = false
        } else if failures < Int(UInt32.max) {
            failures += 1
        }
        return isChecked
    }

    func isDown(limit: Int) -> Bool { limit > 0 && failures > limit }
}
