import Registry
import Synchronization

/// How far what is known of a cluster follows it; read by whoever answers, serves `/ready` or counts.
package final class RegistryStatus: Sendable {
    /// Where what is answered from came from.
    package enum Source: String, Hashable, Sendable {
        /// Nothing is known yet.
        case none
        /// The state that an earlier process wrote.
        case file
        /// The API.
        case api
    }

    /// What is known of one kind.
    private struct Kind {
        /// Whether all of it has been told, by the API or the file.
        var isComplete = false
        /// Whether the API told all of it.
        var isFromAPI = false
        /// Whether its watch follows now.
        var isFollowing = false
        /// When it was last known to be true.
        var trueAt: Duration?
    }

    private enum Waiter {
        /// About to wait.
        case coming
        case waiting(CheckedContinuation<Bool, Never>)
        /// Its time was over before it waited.
        case late
    }

    private struct State {
        var kinds: [DiscoveryKind: Kind] = [:]
        var lastSync: Timestamp?
        var waiters: [UInt64: Waiter] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let time: RegistryTime

    init(time: RegistryTime) { self.time = time }

    // MARK: What is read

    /// Whether everything asked for has been told once, by the API or by the file.
    package var hasSynced: Bool { state.withLock { Self.isComplete($0) } }

    /// Whether every watch is open now and follows a complete list.
    package var isInSync: Bool {
        state.withLock { state in !state.kinds.isEmpty && state.kinds.values.allSatisfy(\.isFollowing) }
    }

    /// How long ago all of what is known was last known to be true: zero while in sync, nil before anything is known.
    package var stateAge: Duration? {
        let now = time.now()
        return state.withLock { state in
            guard Self.isComplete(state) else { return nil }
            let oldest = state.kinds.values.map { $0.isFollowing ? now : $0.trueAt ?? now }.min()
            return oldest.map { max(.zero, now - $0) }
        }
    }

    /// When all lists were complete for the last time; nil before.
    package var lastSync: Timestamp? { state.withLock { $0.lastSync } }

    package var source: Source {
        state.withLock { state in
            guard Self.isComplete(state) else { return .none }
            return state.kinds.values.allSatisfy(\.isFromAPI) ? .api : .file
        }
    }

    /// Waits until everything has been told once.
    ///
    /// - Returns: Whether it has been within the time; false at once where the task is cancelled.
    package func waitUntilSynced(within limit: Duration) async -> Bool {
        if hasSynced { return true }
        let id = state.withLock { state in
            state.lastWaiter &+= 1
            state.waiters[state.lastWaiter] = .coming
            return state.lastWaiter
        }
        let timer = Task { [self] in
            try? await time.sleep(limit)
            resume(id, false)
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: Bool? = state.withLock { state in
                    guard case .coming? = state.waiters[id], !Self.isComplete(state) else {
                        state.waiters[id] = nil
                        return Self.isComplete(state)
                    }
                    state.waiters[id] = .waiting(continuation)
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            timer.cancel()
        }
        timer.cancel()
        return result
    }

    private func resume(_ id: UInt64, _ result: Bool) {
        let continuation: CheckedContinuation<Bool, Never>? = state.withLock { state in
            switch state.waiters[id] {
            case .waiting(let continuation):
                state.waiters[id] = nil
                return continuation
            case .coming:
                state.waiters[id] = .late
                return nil
            case .late, nil:
                return nil
            }
        }
        continuation?.resume(returning: result)
    }

    private static func isComplete(_ state: State) -> Bool {
        !state.kinds.isEmpty && state.kinds.values.allSatisfy(\.isComplete)
    }

    // MARK: What is told

    /// These kinds are to be known.
    func expect(_ kinds: Set<DiscoveryKind>) {
        state.withLock { state in
            for kind in kinds where state.kinds[kind] == nil { state.kinds[kind] = Kind() }
        }
    }

    /// A kind was read from the file, and true when that was written.
    func restored(_ kind: DiscoveryKind, age: Duration) {
        let now = time.now()
        change { $0.kinds[kind] = Kind(isComplete: true, trueAt: now - age) }
    }

    /// The API told all of a kind.
    func completed(_ kind: DiscoveryKind) {
        let now = time.now()
        change { state in
            state.kinds[kind] = Kind(isComplete: true, isFromAPI: true, isFollowing: true, trueAt: now)
            if state.kinds.values.allSatisfy({ $0.isFromAPI }) { state.lastSync = .now }
        }
    }

    /// The watch of a kind is open; what the file said of it is as good as the API's own since.
    func following(_ kind: DiscoveryKind) {
        let now = time.now()
        change { state in
            guard state.kinds[kind]?.isComplete == true else { return }
            let wasFollowing = state.kinds.values.allSatisfy(\.isFollowing)
            state.kinds[kind] = Kind(isComplete: true, isFromAPI: true, isFollowing: true, trueAt: now)
            if !wasFollowing, state.kinds.values.allSatisfy(\.isFollowing) { state.lastSync = .now }
        }
    }

    /// The API cannot be followed just now.
    func lost(_ kind: DiscoveryKind) {
        let now = time.now()
        change { state in
            guard var known = state.kinds[kind], known.isFollowing else { return }
            known.isFollowing = false
            known.trueAt = now
            state.kinds[kind] = known
        }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let ready: [CheckedContinuation<Bool, Never>] = state.withLock { state in
            body(&state)
            guard Self.isComplete(state) else { return [] }
            var ready: [CheckedContinuation<Bool, Never>] = []
            for case (let id, .waiting(let continuation)) in state.waiters {
                ready.append(continuation)
                state.waiters[id] = nil
            }
            return ready
        }
        for continuation in ready { continuation.resume(returning: true) }
    }
}
