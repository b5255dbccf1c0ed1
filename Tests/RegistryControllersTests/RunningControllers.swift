import Logging
import Registry
import RegistryControllers
import Synchronization

/// Controllers at work on a store in memory, with a clock that the test moves.
final class RunningControllers: Sendable {
    private struct State {
        var progress: ControllerProgress?
        var waiters:
            [(condition: @Sendable (ControllerProgress) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let manual: ManualClock
    let store: MemoryStore
    private let state = Mutex(State())
    private let task = Mutex<Task<Void, any Error>?>(nil)

    /// Runs controllers while `body` does, over what `prepare` has written.
    static func with(
        _ settings: ControllerSettings = ControllerSettings(apiServer: nil, apiServiceAddress: nil),
        prepare: (MemoryStore) throws -> Void = { _ in },
        _ body: (RunningControllers) async throws -> Void
    ) async throws {
        let running = RunningControllers()
        try prepare(running.store)
        running.start(settings)
        do {
            await running.settled()
            try await body(running)
        } catch {
            await running.stop()
            throw error
        }
        await running.stop()
    }

    private init() {
        manual = ManualClock()
        store = MemoryStore(clock: manual.clock)
    }

    private func start(_ settings: ControllerSettings) {
        let controllers = RegistryControllers(
            store: store, settings: settings, clock: manual.clock,
            logger: Logger(label: "controllers") { _ in SwiftLogNoOpLogHandler() }
        ) { [weak self] in self?.note($0) }
        task.withLock { $0 = Task { try await controllers.run() } }
    }

    private func stop() async {
        let task = task.withLock { $0.take() }
        task?.cancel()
        _ = await task?.result
    }

    private func note(_ progress: ControllerProgress) {
        let met = state.withLock { state in
            state.progress = progress
            let met = state.waiters.filter { $0.condition(progress) }
            state.waiters.removeAll { $0.condition(progress) }
            return met
        }
        for waiter in met { waiter.continuation.resume() }
    }

    private func wait(for condition: @escaping @Sendable (ControllerProgress) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if let progress = state.progress, condition(progress) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    /// Waits until all that was written has been followed, the controllers' own writes included.
    func settled() async {
        let (store, manual) = (store, manual)
        await wait { progress in
            progress.version >= store.currentVersion && (progress.nextTime.map { $0 > manual.now } ?? true)
        }
    }

    /// Moves the clock, and waits until what has become due is done.
    func advance(seconds: Int64) async {
        manual.advance(milliseconds: seconds * 1000)
        await settled()
    }

    var progress: ControllerProgress? { state.withLock(\.progress) }
}
