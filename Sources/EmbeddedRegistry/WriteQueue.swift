import Dispatch
import Registry
import Synchronization

/// Writes that wait for the disk. Those that come while a transaction is being flushed share the next one.
final class WriteQueue: Sendable {
    /// What one caller asked for, and the caller.
    struct Job: Sendable {
        let writes: [ObjectWrite]
        let caller: CheckedContinuation<[Result<WriteOutcome, any Error>], Never>
    }

    private struct State {
        var jobs: [Job] = []
        var isDraining = false
    }

    /// A transaction has at least one job, and then as many as have no more writes than this.
    private static let maximumWrites = 256

    private let state = Mutex(State())
    /// Its thread may wait for the disk, which those of tasks must not.
    private let thread = DispatchQueue(label: "registry writes")

    /// How many jobs wait for the next transaction.
    var count: Int { state.withLock { $0.jobs.count } }

    /// Adds a job; `perform` runs on the queue's own thread, for all jobs that are there by then.
    func add(_ job: Job, perform: @escaping @Sendable ([Job]) -> Void) {
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        guard mustStart else { return }
        thread.async { [self] in
            while let jobs = next() { perform(jobs) }
        }
    }

    private func next() -> [Job]? {
        state.withLock { state in
            guard !state.jobs.isEmpty else {
                state.isDraining = false
                return nil
            }
            var count = 0
            var writes = 0
            for job in state.jobs {
                guard count == 0 || writes + job.writes.count <= Self.maximumWrites else { break }
                count += 1
                writes += job.writes.count
            }
            let taken = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(count)
            return taken
        }
    }
}
