/// What came of the questions.
struct Tally: Codable, Sendable {
    var checked = 0
    var outdated = 0
    var failed = 0
    var missing = 0
    var wrong = 0
    /// Outdated, failed or missing without an excuse.
    var unexcused = 0
    /// The same while the cores were others'.
    var strained = 0
    /// The longest that an answer stayed after it had changed, where nothing was broken.
    var slowest = Duration.zero
    var examples: [String] = []

    static func += (left: inout Tally, right: Tally) {
        left.checked += right.checked
        left.outdated += right.outdated
        left.failed += right.failed
        left.missing += right.missing
        left.wrong += right.wrong
        left.unexcused += right.unexcused
        left.strained += right.strained
        left.slowest = max(left.slowest, right.slowest)
        left.examples += right.examples.prefix(max(0, 20 - left.examples.count))
    }

    /// Keeps what is to be looked at; the first ones only.
    mutating func complain(_ example: String) { if examples.count < 10 { examples.append(example) } }
}
