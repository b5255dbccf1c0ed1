import Glibc
import Synchronization

/// Remembers SIGINT and SIGTERM, so that the servers are ended and the files removed before the benchmark ends.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// From here on the two signals only leave a note. Programs started later get the default behaviour back.
    package static func watch() {
        _ = requested.load(ordering: .relaxed)  // initialised here, not inside the handler
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in Interruption.requested.store(true, ordering: .relaxed) }
        }
    }

    package static func check() throws(BenchmarkError) {
        if requested.load(ordering: .relaxed) { throw .interrupted }
    }

    /// Sleeps, and throws when a signal came.
    package static func sleep(milliseconds: UInt32) throws(BenchmarkError) {
        usleep(milliseconds * 1000)
        try check()
    }
}
