import Synchronization

/// Which bodies are read and carried out at a time: as a document one costs many times what it costs as a text.
///
/// Users take turns, and each user's bodies have theirs in the order of coming. Those of few values wait for each other
/// only.
final class BodyTurns: Sendable {
    /// A body's turn, until it is ended or forgotten.
    final class Turn: Sendable {
        private let lane: Lane
        private let weight: Mutex<Int>

        fileprivate init(_ lane: Lane, weight: Int) {
            self.lane = lane
            self.weight = Mutex(weight)
        }

        func end() {
            let count = weight.withLock { weight in
                defer { weight = 0 }
                return weight
            }
            if count > 0 { lane.give(count) }
        }

        deinit { end() }
    }

    private let few: Lane
    private let many: Lane
    private let fewValues: Int
    private let patience: Duration

    /// - Parameters:
    ///   - maximum: The values of all bodies that have their turn, one larger body alone.
    ///   - patience: How long a body waits.
    init(maximum: Int, patience: Duration) {
        fewValues = max(1, maximum / 64)
        few = Lane(maximum: max(1, maximum / 4))
        many = Lane(maximum: max(1, maximum))
        self.patience = patience
    }

    /// Waits for the turn of a body of so many values; nil where that did not come in time.
    ///
    /// - Parameter user: nil for those who cannot be told from each other.
    func take(_ values: Int, user: String?) async -> Turn? {
        let lane = values <= fewValues ? few : many
        let weight = min(max(1, values), lane.maximum)
        return await lane.take(weight, user ?? "", patience) ? Turn(lane, weight: weight) : nil
    }

    /// How many wait.
    var waitingCount: Int { few.waitingCount + many.waitingCount }

    /// Bodies that wait for each other.
    fileprivate final class Lane: Sendable {
        private struct Waiting {
            let ticket: UInt64
            let weight: Int
            let continuation: CheckedContinuation<Bool, Never>
        }

        private struct State {
            var used = 0
            var waiting: [String: [Waiting]] = [:]
            /// The users who wait, the next one first.
            var order: [String] = []
            var tickets: UInt64 = 0
        }

        let maximum: Int
        private let state = Mutex(State())

        init(maximum: Int) {
            self.maximum = maximum
        }

        var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

        func take(_ weight: Int, _ user: String, _ patience: Duration) async -> Bool {
            let ticket: UInt64? = state.withLock { state in
                if state.order.isEmpty, weight <= maximum - state.used {
                    state.used += weight
                    return nil
                }
                state.tickets += 1
                return state.tickets
            }
            guard let ticket else { return true }
            let end = Task {
                try await Task.sleep(for: patience)
                turnAway(ticket, user)
            }
            defer { end.cancel() }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let (isCancelled, served) = state.withLock { state in
                        guard !Task.isCancelled else { return (true, [CheckedContinuation<Bool, Never>]()) }
                        if state.waiting[user] == nil { state.order.append(user) }
                        state.waiting[user, default: []].append(
                            Waiting(ticket: ticket, weight: weight, continuation: continuation))
                        return (false, serve(&state))
                    }
                    if isCancelled { continuation.resume(returning: false) }
                    for continuation in served { continuation.resume(returning: true) }
                }
            } onCancel: {
                turnAway(ticket, user)
            }
        }

        func give(_ weight: Int) {
            let served = state.withLock { state in
                state.used -= weight
                return serve(&state)
            }
            for continuation in served { continuation.resume(returning: true) }
        }

        /// Takes for those whose turn it is; to be resumed outside of the lock.
        private func serve(_ state: inout State) -> [CheckedContinuation<Bool, Never>] {
            var served: [CheckedContinuation<Bool, Never>] = []
            while let user = state.order.first, let next = state.waiting[user]?.first,
                next.weight <= maximum - state.used
            {
                state.used += next.weight
                served.append(next.continuation)
                state.order.removeFirst()
                state.waiting[user]?.removeFirst()
                if state.waiting[user]?.isEmpty ?? true {
                    state.waiting[user] = nil
                } else {
                    state.order.append(user)
                }
            }
            return served
        }

        /// Ends the waiting of one who has waited long enough, or has gone.
        private func turnAway(_ ticket: UInt64, _ user: String) {
            let (refused, served) = state.withLock { state in
                guard let index = state.waiting[user]?.firstIndex(where: { $0.ticket == ticket }) else {
                    return (CheckedContinuation<Bool, Never>?.none, [CheckedContinuation<Bool, Never>]())
                }
                let refused = state.waiting[user]?.remove(at: index).continuation
                if state.waiting[user]?.isEmpty ?? true {
                    state.waiting[user] = nil
                    state.order.removeAll { $0 == user }
                }
                return (refused, serve(&state))
            }
            refused?.resume(returning: false)
            for continuation in served { continuation.resume(returning: true) }
        }
    }
}
