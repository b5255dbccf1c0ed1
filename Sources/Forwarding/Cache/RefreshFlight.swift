import Synchronization

/// One refresh of an entry, and all who wait for its end.
final class RefreshFlight: Sendable {
    private struct State: Sendable {
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Returns when the refresh has ended or was given up waiting for.
    ///
    /// - Returns: false, at once, where as many as `limit` wait already.
    @discardableResult
    func wait(atMost limit: Int = .max) async -> Bool {
        var hasRoom = true
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                hasRoom = state.isOver || state.waiting.count < limit
                guard !state.isOver, hasRoom else { return false }
                state.waiting.append(continuation)
                return true
            }
            if !isWaiting { continuation.resume() }
        }
        return hasRoom
    }

    /// Lets everybody go on, now and later; may be called more than once.
    func finish() {
        let waiting = state.withLock { state in
            state.isOver = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
