import Registry
import Synchronization

/// Changes on their way from the store's stream to the one who works on them, who may be busy, or asleep.
final class ChangeInbox: Sendable {
    /// A reader that is this far behind waits; the store keeps what follows.
    private static let capacity = 4096
    /// And one that has so many bytes of them, as much as a transaction of the store.
    private static let capacityBytes = 4 << 20

    private struct State {
        var changes: [RecordedChange] = []
        /// The texts of the changes, in bytes.
        var size = 0
        var failure: (any Error)?
        var isWoken = false
        var worker: CheckedContinuation<Void, Never>?
        var reader: CheckedContinuation<Void, Never>?

        var hasRoom: Bool { changes.count < ChangeInbox.capacity && size < ChangeInbox.capacityBytes }
    }

    private let state = Mutex(State())

    /// Whether who adds is kept waiting.
    var isFull: Bool { state.withLock { !$0.hasRoom } }

    /// Hands changes over; returns when there is room for more.
    func add(_ changes: [RecordedChange]) async {
        let worker = state.withLock { state in
            state.changes += changes
            for change in changes { state.size += change.size }
            state.isWoken = true
            return state.worker.take()
        }
        worker?.resume()
        await withTaskCancellationHandler {
            await withCheckedContinuation { reader in
                let hasRoom = state.withLock { state in
                    if state.hasRoom || Task.isCancelled { return true }
                    state.reader = reader
                    return false
                }
                if hasRoom { reader.resume() }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume()
        }
    }

    /// Ends the changes.
    func fail(_ error: any Error) {
        let worker = state.withLock { state in
            state.failure = error
            state.isWoken = true
            return state.worker.take()
        }
        worker?.resume()
    }

    /// Ends the worker's sleep.
    func wake() {
        let worker = state.withLock { state in
            state.isWoken = true
            return state.worker.take()
        }
        worker?.resume()
    }

    /// Waits until there is something to take, or `wake()`, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { worker in
                let isOver = state.withLock { state in
                    if state.isWoken || Task.isCancelled {
                        state.isWoken = false
                        return true
                    }
                    state.worker = worker
                    return false
                }
                if isOver { worker.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    /// What has come since the last call; throws where no more will come.
    func take() throws -> [RecordedChange] {
        let (changes, failure, reader) = state.withLock { state in
            defer { (state.changes, state.size) = ([], 0) }
            state.isWoken = false
            return (state.changes, state.failure, state.reader.take())
        }
        reader?.resume()
        if let failure { throw failure }
        return changes
    }
}
