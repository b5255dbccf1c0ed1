/// When memory that malloc keeps for the next use is worth giving back to the system: once so much of it has been freed,
/// or become resident, since it was given back last, and at two looks in a row.
///
/// A flood, or a reload of many zones, leaves megabytes that nobody uses for long. What is freed and used again all the
/// time stays: giving it back would have it fetched a page at a time.
package struct FreedMemory: Sendable {
    /// How much makes it worth while, in bytes.
    package static let step = 8 << 20

    /// The least that was resident, in bytes and without pages of files: ever, and since memory was given back.
    private var least = (ever: Int.max, since: Int.max)
    /// The least that was free since then, in bytes, what has been given back included.
    private var leastFree = 0
    /// Whether it was so at the last look: what is free for a moment is about to be used again.
    private var isLikely = false
    /// Looks since what is free was counted last, and the most of them.
    private var passed = 0
    private static let mostPassed = 10

    package init() {}

    /// Whether to give back now.
    ///
    /// - Parameters:
    ///   - resident: bytes of the process in memory, without pages of files; 0 where that is not known.
    ///   - freed: bytes that malloc holds and nobody uses; takes a while to tell, so it is asked for only now and then
    ///     where no more is resident than there was.
    package mutating func isDue(resident: Int, freed: () -> Int) -> Bool {
        guard resident > 0 else { return false }
        least = (min(least.ever, resident), min(least.since, resident))
        passed += 1
        guard isLikely || resident - least.ever >= Self.step || passed >= Self.mostPassed else { return false }
        passed = 0
        let free = freed()
        leastFree = min(leastFree, free)
        // Bursts shorter than the time between two looks show only in what is resident.
        let wasLikely = isLikely
        isLikely = free - leastFree >= Self.step || free >= Self.step && resident - least.since >= Self.step
        return wasLikely && isLikely
    }

    /// Tells what there was once memory had been given back.
    package mutating func noteGivenBack(resident: Int, freed: Int) {
        isLikely = false
        guard resident > 0 else { return }
        least = (min(least.ever, resident), resident)
        leastFree = freed
    }
}
