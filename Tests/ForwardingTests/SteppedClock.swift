import Synchronization

/// A clock that stands still: who sleeps on it wakes when the test says so.
final class SteppedClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
    }

    private struct State {
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    /// The durations that somebody began to sleep.
    let sleeps: AsyncStream<Duration>
    private let continuation: AsyncStream<Duration>.Continuation

    init() { (sleeps, continuation) = AsyncStream.makeStream() }

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { sleeper in
                state.withLock { $0.sleepers[number] = sleeper }
                if Task.isCancelled { wake(number, cancelled: true) }
                continuation.yield(deadline.offset)
            }
        } onCancel: {
            wake(number, cancelled: true)
        }
    }

    private func wake(_ number: Int, cancelled: Bool) {
        let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
        if cancelled { sleeper?.resume(throwing: CancellationError()) } else { sleeper?.resume() }
    }

    /// Wakes all who sleep.
    func step() {
        for number in state.withLock({ Array($0.sleepers.keys) }) { wake(number, cancelled: false) }
    }
}
