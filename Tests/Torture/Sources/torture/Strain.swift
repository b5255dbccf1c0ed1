import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// How long the server and this program had to wait for a core, by the kernel's own account: on a busy machine an answer
/// may be late without anybody's fault. Never an excuse for a wrong one.
final class Strain: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What the threads waited since the sample before.
    private struct Sample {
        /// The beginning of the time in which they may have waited.
        let start: Instant
        let end: Instant
        /// The waits of all threads together: one may have waited for the other.
        let waited: Duration
    }

    private struct State {
        var server: pid_t?
        var samples: [Sample] = []
        /// What each thread had waited by the last sample, in nanoseconds.
        var known: [String: UInt64] = [:]
        var stolen: UInt64?
        var last: Instant = .now
        var goesOn = false
    }

    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// Waits from this on may be the cause of what is late.
    static let notable = Duration.milliseconds(500)

    /// Looks at the threads of a server from now on, beside its own.
    func follow(_ server: pid_t?) { state.withLock { $0.server = server } }

    func begin() {
        state.withLock { $0.goesOn = true }
        Thread { [self] in
            while state.withLock({ $0.goesOn }) {
                sample()
                usleep(200_000)
            }
            sample()
            ended.signal()
        }.start()
    }

    func stop() {
        let wasGoing = state.withLock { state in
            defer { state.goesOn = false }
            return state.goesOn
        }
        if wasGoing { ended.wait() }
    }

    /// How much of a time was spent in waiting for a core.
    func lost(from start: Instant, to end: Instant) -> Duration {
        let lost = state.withLock { state in
            state.samples.reduce(Duration.zero) { sum, sample in
                let overlap = min(end, sample.end) - max(start, sample.start)
                return overlap > .zero ? sum + min(sample.waited, overlap) : sum
            }
        }
        return min(lost, max(.zero, end - start))
    }

    // MARK: Samples

    private func sample() {
        let server = state.withLock { $0.server }
        var waits: [String: UInt64] = [:]
        for process in [getpid(), server].compactMap({ $0 }) {
            let tasks = "/proc/\(process)/task"
            for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
                let path = "\(tasks)/\(task)/schedstat"
                // Time on a core, time spent in waiting for one, both in nanoseconds; and how often.
                guard let text = FileManager.default.contents(atPath: path) else { continue }
                let words = String(decoding: text, as: UTF8.self).split(separator: " ")
                if words.count > 1, let wait = UInt64(words[1]) { waits[path] = wait }
            }
        }
        take(waits, stolen: Self.stolen(), at: .now)
    }

    /// Notes what each thread has waited by now, in nanoseconds since its beginning.
    ///
    /// - Parameter stolen: the time that another guest of the same host had the cores, in nanoseconds since the start.
    func take(_ waits: [String: UInt64], stolen: UInt64, at now: Instant) {
        state.withLock { state in
            // A thread that is new has waited for this time only.
            var waited = waits.reduce(UInt64(0)) { sum, thread in
                sum &+ (thread.value &- min(thread.value, state.known[thread.key] ?? 0))
            }
            if let former = state.stolen { waited &+= stolen &- min(stolen, former) }
            let duration = Duration.nanoseconds(Int64(clamping: waited))
            // A thread tells of a wait when it is over.
            state.samples.append(Sample(start: min(state.last, now - duration), end: now, waited: duration))
            (state.known, state.stolen, state.last) = (waits, stolen, now)
        }
    }

    private static func stolen() -> UInt64 {
        guard let text = FileManager.default.contents(atPath: "/proc/stat"),
            let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first
        else { return 0 }
        let words = line.split(separator: " ")
        // Hundredths of a second, the eighth figure of the line of all cores (proc_stat(5)).
        return words.count > 8 ? (UInt64(words[8]) ?? 0) &* 10_000_000 : 0
    }
}
