import CMemory

/// Gives back to the system what memory the process does not use any more: of malloc, and pages of code that only what is
/// over has needed.
package enum MemoryUpkeep {
    /// From one giving back to the next at the start: at once, when the watches have proven to follow and before the first
    /// look at the own page of `health`, when what was kept has been read in full, and when whoever asks at the start has
    /// asked.
    private static let pauses = [Duration.zero, .milliseconds(900), .milliseconds(4100), .seconds(55)]
    /// From one look to the next at what has been freed since.
    private static let interval = Duration.milliseconds(500)
    /// How many times longer than a look at what is free the pause behind it is: counting holds up who allocates.
    private static let rest = 100

    /// Runs until the task is cancelled, from when the process is ready; throws `CancellationError`.
    package static func run() async throws {
        var memory = FreedMemory()
        let clock = ContinuousClock()
        let start = clock.now
        var dues = pauses.reduce(into: [ContinuousClock.Instant]()) { $0.append(($0.last ?? start) + $1) }[...]
        while true {
            var pause = interval
            if let due = dues.first, due <= clock.now {
                dues.removeFirst()
                giveBack(&memory)
            } else {
                let isDue = memory.isDue(resident: memory_resident()) {
                    var freed = 0
                    pause = max(pause, clock.measure { freed = memory_freed() } * rest)
                    return freed
                }
                if isDue { giveBack(&memory) }
            }
            let next = clock.now + pause
            try await Task.sleep(until: min(next, dues.first ?? next), clock: clock)
        }
    }

    private static func giveBack(_ memory: inout FreedMemory) {
        malloc_trim(0)
        StartupPages.giveBack()
        memory.noteGivenBack(resident: memory_resident(), freed: memory_freed())
    }
}
