import Dispatch
import Registry
import Synchronization

/// Writes that wait for the disk. Those that come while a transaction is being flushed share the next one.
final class WriteQueue: Sendable {
    /// What one caller asked for, and the caller.
    struct Job: Sendable {
        /// What is still to be done.
        var writes: ArraySlice<ObjectWrite>
        /// Of what has been done, in former transactions.
        var results: [Result<WriteOutcome, any Error>] = []
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

    /// Adds a job; `perform` runs on the queue's own thread, for all jobs that are there by then, and returns those that
    /// are not at their end.
    func add(_ job: Job, perform: @escaping @Sendable ([Job]) -> [Job]) {
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        guard mustStart else { return }
        thread.async { [self] in
            while let jobs = next() {
                let rest = perform(jobs)
                state.withLock { $0.jobs.insert(contentsOf: rest, at: 0) }
            }
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
