import Synchronization

/// A value that is set once and may be waited for by any number of tasks.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case waiting([AsyncStream<Value>.Continuation])
        case set(Value)
    }

    private let state = Mutex(State.waiting([]))

    /// Sets the value; later calls change nothing.
    func set(_ value: Value) {
        let waiting = state.withLock { state -> [AsyncStream<Value>.Continuation] in
            guard case .waiting(let continuations) = state else { return [] }
            state = .set(value)
            return continuations
        }
        for continuation in waiting {
            continuation.yield(value)
            continuation.finish()
        }
    }

    /// The value, once it is there; nil where the task is cancelled before.
    func value() async -> Value? {
        let (stream, continuation) = AsyncStream<Value>.makeStream()
        state.withLock { state in
            switch state {
            case .set(let value):
                continuation.yield(value)
                continuation.finish()
            case .waiting(let continuations):
                state = .waiting(continuations + [continuation])
            }
        }
        for await value in stream { return value }
        return nil
    }
}
