import Synchronization

/// A state that is reached once, and may be waited for by any number of tasks.
final class Completeness: Sendable {
    private struct State {
        var isSet = false
        var waiters: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    var isSet: Bool { state.withLock { $0.isSet } }

    func set() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.isSet = true
            return state.waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Returns once it is set, or when the time is up or the task is cancelled.
    func wait(atMost limit: Duration) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let isSet = state.withLock { state in
            if !state.isSet { state.waiters.append(continuation) }
            return state.isSet
        }
        guard !isSet else { return }
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        for await _ in stream {}
        timer.cancel()
    }
}
