import BenchmarkSupport

/// What came of one or many sequences.
struct Outcome: Codable, Sendable {
    var tally = Tally()
    var injected: [String: Int] = [:]
    /// Milliseconds until all was right again, by the kind of fault.
    var recoveries: [String: Times] = [:]
    var unrecovered = 0
    var lostWrites = 0
    var acknowledgedWrites = 0
    var complaints: [String] = []
    /// MiB, by world.
    var peaks: [String: Double] = [:]
    var sequences = 0

    /// Whether anything is not as it should be.
    var hasFailed: Bool {
        tally.wrong > 0 || tally.unexcused > 0 || unrecovered > 0 || lostWrites > 0 || !complaints.isEmpty
    }

    static func += (left: inout Outcome, right: Outcome) {
        left.tally += right.tally
        left.injected.merge(right.injected, uniquingKeysWith: +)
        left.recoveries.merge(right.recoveries) { $0 + $1 }
        left.unrecovered += right.unrecovered
        left.lostWrites += right.lostWrites
        left.acknowledgedWrites += right.acknowledgedWrites
        left.complaints += right.complaints
        left.peaks.merge(right.peaks, uniquingKeysWith: max)
        left.sequences += right.sequences
    }
}
