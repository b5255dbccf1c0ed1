import NIOCore

/// What one connection to an upstream owes: tells whether a question there holds up those behind it.
///
/// An upstream may answer as it likes or in order (RFC 7766 §7). A question that a later one has overtaken holds up
/// nobody; one that none has overtaken may. Times are the caller's.
struct StreamProgress {
    /// What has been asked since the last question that was answered, by numbers that follow each other.
    private var owed = CircularBuffer<NIODeadline>()
    /// The number of the first in `owed`.
    private var first: UInt64 = 0

    /// Notes a question; returns its number.
    mutating func noteQuestion(at now: NIODeadline) -> UInt64 {
        owed.append(now)
        return first &+ UInt64(owed.count - 1)
    }

    /// Notes an answer: it and what was asked before it holds up nobody any more.
    ///
    /// - Returns: whether it has overtaken a question.
    mutating func noteAnswer(to number: UInt64) -> Bool {
        guard number >= first, number - first < UInt64(owed.count) else { return false }
        let overtaken = Int(number - first)
        owed.removeFirst(overtaken + 1)
        first = number &+ 1
        return overtaken > 0
    }

    /// When the oldest question went out that is neither answered nor overtaken; nil where there is none. Questions that
    /// nobody waits for any more are among them: the upstream may be at work on them all the same.
    var owedSince: NIODeadline? { owed.first }
}
