/// Finds out who fills a socket's queue beyond what can be answered, and how much of theirs is to be taken.
///
/// Pure, for one thread. While the queue runs full, sources are counted (Misra and Gries: who sent more than one in
/// `candidates` is surely among the counted); those that make up more than an eighth are taken less of, until the queue
/// is short of half full, and more again once it is nearly empty. All others lose nothing. A source that is alone is
/// left alone: there is nobody to be protected from it.
struct FloodGuard {
    /// What is taken of a source: a part between 0 and 1.
    private(set) var shares: [UInt64: Double] = [:]
    private var counts: [UInt64: Int] = [:]
    private var counted = 0
    private var nextStep: Int64 = 0
    private var latest: UInt64?
    /// When two datagrams in a row were not of one source.
    private var lastChange: Int64?

    /// The most sources that are limited at a time.
    static let mostShares = 16
    /// Sources counted at a time.
    private static let candidates = 64
    /// Sources counted before one can be said to send too much.
    private static let enough = 64
    /// From one step to the next, in nanoseconds: a queue of a few hundred datagrams fills in as long.
    static let interval: Int64 = 2_000_000
    private static let least = 1.0 / 4096
    /// For so many nanoseconds others are taken to be there after one of them was.
    private static let memory: Int64 = 1_000_000_000

    /// Whether something is limited.
    var isActive: Bool { !shares.isEmpty }

    /// A datagram has come from a source.
    mutating func note(_ source: UInt64, now: Int64) {
        counted += 1
        if let latest, latest != source { lastChange = now }
        latest = source
        if let count = counts[source] {
            counts[source] = count + 1
        } else if counts.count < Self.candidates {
            counts[source] = 1
        } else {
            for (source, count) in counts { counts[source] = count > 1 ? count - 1 : nil }
        }
    }

    /// Looks at the queue.
    ///
    /// - Parameters:
    ///   - fill: the part of the queue that is taken, 0 to 1.
    ///   - now: nanoseconds of a clock that only moves on.
    /// - Returns: whether `shares` has changed.
    mutating func look(fill: Double, now: Int64) -> Bool {
        guard now >= nextStep else { return false }
        if fill > 0.5 {
            guard counted >= Self.enough, let lastChange, now - lastChange < Self.memory else { return false }
            return step(now) { $0.lessen() }
        }
        // In between, all stays as it is.
        if fill > 0.125 { return step(now) { _ in false } }
        return step(now) { $0.raise() }
    }

    private mutating func step(_ now: Int64, _ change: (inout FloodGuard) -> Bool) -> Bool {
        nextStep = now + Self.interval
        defer { (counts, counted) = ([:], 0) }
        return change(&self)
    }

    private mutating func lessen() -> Bool {
        var hasChanged = false
        for (source, count) in counts where count * 8 > counted {
            guard let share = shares[source] ?? (shares.count < Self.mostShares ? 1 : nil) else { continue }
            let wanted = max(Self.least, share / 2)
            hasChanged = hasChanged || shares[source] != wanted
            shares[source] = wanted
        }
        return hasChanged
    }

    private mutating func raise() -> Bool {
        guard isActive else { return false }
        shares = shares.compactMapValues { $0 * 1.125 >= 1 ? nil : $0 * 1.125 }
        return true
    }
}
