import KubernetesRegistry
import Synchronization

/// Time that a test moves: nobody waits for a clock, only for somebody who sleeps.
final class ManualTime: Sendable {
    private struct Sleeper {
        let id: UInt64
        let lasting: Duration
        let end: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// Somebody who waits until so many sleep for so long.
    private struct Observer {
        let lasting: Duration
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Duration.seconds(1000)
        var lastID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        /// All sleeps that were asked for, in their order.
        var asked: [Duration] = []
        var observers: [Observer] = []

        func sleepers(lasting duration: Duration) -> Int { sleepers.count { $0.lasting == duration } }
    }

    private let state = Mutex(State())

    /// Time as a registry takes it; its chance always says one half.
    var time: RegistryTime {
        RegistryTime(
            now: { self.state.withLock { $0.now } }, sleep: { try await self.sleep($0) }, random: { 0.5 })
    }

    var asked: [Duration] { state.withLock { $0.asked } }

    /// Waits until somebody, or so many at once, sleep for exactly so long, or the test's time is over.
    func sleeper(lasting duration: Duration, count: Int = 1) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if Task.isCancelled || state.sleepers(lasting: duration) >= count { return true }
                    state.observers.append(Observer(lasting: duration, count: count, continuation: continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let observers = state.withLock { state in
                defer { state.observers = [] }
                return state.observers
            }
            for observer in observers { observer.continuation.resume() }
        }
    }

    /// Moves the time on and wakes who has slept long enough.
    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            let now = state.now
            let woken = state.sleepers.filter { $0.end <= now }
            state.sleepers.removeAll { $0.end <= now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Waits until somebody sleeps for exactly so long, and lets that time pass.
    func pass(_ duration: Duration) async {
        await sleeper(lasting: duration)
        advance(by: duration)
    }

    /// Lets time pass whenever somebody sleeps for exactly so long, until the task is cancelled.
    func passing(_ duration: Duration) -> Task<Void, Never> {
        Task { while !Task.isCancelled { await pass(duration) } }
    }

    private func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var observed: [CheckedContinuation<Void, Never>] = []
                let isCancelled = state.withLock { state in
                    guard state.cancelled.remove(id) == nil else { return true }
                    state.sleepers.append(
                        Sleeper(id: id, lasting: duration, end: state.now + duration, continuation: continuation))
                    state.asked.append(duration)
                    let count = state.sleepers(lasting: duration)
                    func isMet(_ observer: Observer) -> Bool { observer.lasting == duration && observer.count <= count }
                    observed = state.observers.filter(isMet).map(\.continuation)
                    state.observers.removeAll(where: isMet)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                for observer in observed { observer.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil as Sleeper?
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
