import Glibc
import Synchronization

/// A closure that runs on a thread of its own, and the end of it.
final class ThreadEnd: Sendable {
    private struct State {
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Starts the thread; without one to be had, a thread of the task pool is blocked instead.
    init(_ body: @escaping @Sendable () -> Void) {
        let job = ThreadJob { [self] in
            body()
            finish()
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(job)
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadJob>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            box.release()
            Task.detached { job.body() }
        }
    }

    private func finish() {
        let waiters = state.withLock { state in
            state.isOver = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once the closure has.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiters.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}

/// Keeps a closure for a thread that is about to start.
private final class ThreadJob: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}
