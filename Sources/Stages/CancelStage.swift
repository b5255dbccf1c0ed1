import Corefile
import Pipeline
import Synchronization

/// `cancel`: bounds the time of the stages behind it; SERVFAIL when it is over.
///
/// Whatever they still do is cancelled, and its result dropped. An answer that waits for nothing comes on the caller's
/// thread, without a timer.
package struct CancelStage: Stage {
    package var directive: String { CancelSettings.directive }

    private let timeout: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(_ settings: CancelSettings) {
        self.init(settings) { try await Task.sleep(for: $0) }
    }

    /// - Parameter sleep: waits for a length of time, and throws when it is cancelled.
    init(_ settings: CancelSettings, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        timeout = settings.timeout
        self.sleep = sleep
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let race = Race()
        let work = Task.immediate { race.end(with: await next.respond(to: query)) }
        if let response = race.response { return response }
        let timer = Task { [timeout, sleep, directive] in
            guard (try? await sleep(timeout)) != nil else { return }
            race.end(with: .failed(directive, "no answer within \(timeout)"))
        }
        return await withTaskCancellationHandler {
            let response = await race.result()
            work.cancel()
            timer.cancel()
            return response
        } onCancel: {
            work.cancel()
            timer.cancel()
            race.end(with: .failed(directive, "the question was cancelled"))
        }
    }
}

/// The first of two responses.
private final class Race: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Response, Never>)
        case ended(Response)
    }

    private let state = Mutex(State.running)

    /// The response that came first; later ones are dropped.
    func end(with response: Response) {
        let waiting: CheckedContinuation<Response, Never>? = state.withLock { state in
            switch state {
            case .running:
                state = .ended(response)
                return nil
            case .awaited(let continuation):
                state = .ended(response)
                return continuation
            case .ended:
                return nil
            }
        }
        waiting?.resume(returning: response)
    }

    var response: Response? {
        state.withLock { if case .ended(let response) = $0 { response } else { nil } }
    }

    /// Called once.
    nonisolated(nonsending) func result() async -> Response {
        await withCheckedContinuation { continuation in
            let response: Response? = state.withLock { state in
                if case .ended(let response) = state { return response }
                state = .awaited(continuation)
                return nil
            }
            if let response { continuation.resume(returning: response) }
        }
    }
}
