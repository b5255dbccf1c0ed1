import Registry
import Synchronization

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private struct State {
        // 2027-01-15T08:00:00Z
        var now: Int64 = 1_800_000_000_000
        /// By how much it has been set.
        var stepped: Int64 = 0
        var sleepers: [Int: (end: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    var clock: WallClock {
        WallClock(
            now: { self.now },
            steady: { self.state.withLock { $0.now - $0.stepped } },
            sleep: { end in
                await self.sleep(until: end)
                try Task.checkCancellation()
            })
    }

    var now: Timestamp { Timestamp(milliseconds: state.withLock(\.now)) }

    func advance(milliseconds: Int64) {
        let woken = state.withLock { state in
            state.now += milliseconds
            let woken = state.sleepers.filter { $0.value.end <= state.now }
            for id in woken.keys { state.sleepers[id] = nil }
            return woken
        }
        for sleeper in woken.values { sleeper.continuation.resume() }
    }

    /// Sets it: the time of day is another one, and no time has passed.
    func set(byMilliseconds step: Int64) {
        state.withLock { $0.stepped += step }
        advance(milliseconds: step)
    }

    private func sleep(until end: Timestamp) async {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if end.milliseconds <= state.now || Task.isCancelled { return true }
                    state.sleepers[id] = (end.milliseconds, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
