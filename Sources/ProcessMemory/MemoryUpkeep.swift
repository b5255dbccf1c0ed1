import CMemory
import Foundation

/// Gives back to the system what memory the process does not use any more: what malloc keeps, and with it pages of code
/// that only what is over has needed.
package enum MemoryUpkeep {
    /// From one giving back to the next at the start, in nanoseconds: at once, when the watches have proven to follow and
    /// before the first look at the own page of `health`, when what was kept has been read in full, and when whoever asks
    /// at the start has asked.
    private static let pauses: [UInt64] = [0, 900_000_000, 4_100_000_000, 55_000_000_000]
    /// From one look to the next at what has been freed since, in nanoseconds.
    private static let interval: UInt64 = 400_000_000
    /// How many times longer than counting what is free, and giving it back, the pause behind it is: who allocates waits
    /// meanwhile.
    private static let rest: UInt64 = 100

    /// Begins, once the process is ready, and goes on to its end.
    ///
    /// On a thread of its own, which needs a few pages of code and no timer of a runtime's.
    package static func begin() {
        let thread = Thread { follow() }
        thread.stackSize = 64 << 10
        thread.start()
    }

    private static func follow() {
        var memory = FreedMemory()
        var last = monotonicTime()
        var left = pauses[...]
        while true {
            let start = monotonicTime()
            if let pause = left.first, start >= last + pause {
                last = start
                left.removeFirst()
                giveBack(&memory)
            } else if memory.isDue(resident: memory_anonymous(), freed: { memory_freed() }) {
                giveBack(&memory)
            }
            let end = monotonicTime()
            var next = max(start + interval, end + (end - start) * rest)
            if let pause = left.first { next = min(next, last + pause) }
            if next > end { usleep(UInt32(clamping: (next - end) / 1000)) }
        }
    }

    private static func monotonicTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
    }

    private static func giveBack(_ memory: inout FreedMemory) {
        malloc_trim(0)
        StartupPages.giveBack()
        memory.noteGivenBack(resident: memory_anonymous(), freed: memory_freed())
    }
}
