import DNS
import Pipeline
import Synchronization

/// The queries that wait for a stage, over all listeners: bounded in number and in time.
package final class QueriesUnderWay: Sendable {
    private struct Entry: Sendable {
        let task: Task<Void, Never>
        let answer: PendingAnswer
        let deadline: ContinuousClock.Instant
    }

    private struct State: Sendable {
        var entries: [UInt64: Entry] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())
    /// The number of entries, for a look without the lock.
    private let number = Atomic(0)
    private let limit: Int
    private let time: Duration

    package init(limit: Int = ServingLimits().queriesUnderWay, time: Duration = ServingLimits().queryTime) {
        self.limit = limit
        self.time = time
    }

    package var count: Int { number.load(ordering: .relaxed) }

    /// Whether another query may begin. Several threads may see the last place at once; `add` decides.
    var hasRoom: Bool { number.load(ordering: .relaxed) < limit }

    /// Takes a query whose answer is not there yet; nil where there are too many.
    func add(_ task: Task<Void, Never>, _ answer: PendingAnswer, received: ContinuousClock.Instant) -> UInt64? {
        let entry = Entry(task: task, answer: answer, deadline: received.advanced(by: time))
        return state.withLock { state in
            guard state.entries.count < limit else { return nil }
            state.nextID &+= 1
            state.entries[state.nextID] = entry
            number.store(state.entries.count, ordering: .relaxed)
            return state.nextID
        }
    }

    /// Forgets a query: its task has come to its end.
    func remove(_ id: UInt64) {
        state.withLock { state in
            state.entries[id] = nil
            number.store(state.entries.count, ordering: .relaxed)
        }
    }

    /// Answers SERVFAIL to queries that have taken too long by `now`, and cancels their tasks. They count until their
    /// tasks end.
    package func expire(now: ContinuousClock.Instant) {
        let overdue = state.withLock { $0.entries.values.filter { $0.deadline <= now } }
        for entry in overdue {
            entry.task.cancel()
            entry.answer.timeOut()
        }
    }
}

/// The answer to one query, which may be there before its worker looks for it, or later.
final class PendingAnswer: Sendable {
    /// What is done with an answer that comes later; called once, on any thread.
    typealias Delivery = @Sendable (_ response: Response, _ isTimedOut: Bool) -> Void

    private enum State: Sendable {
        case running
        case answered(Response)
        /// The worker has gone on with other queries.
        case waiting(Delivery)
        case done
    }

    private struct Contents: Sendable {
        var state = State.running
        /// Where the query is to be taken off when its task ends.
        var place: (all: QueriesUnderWay, id: UInt64)?
    }

    private let contents = Mutex(Contents())

    /// The stages have answered. Called by the query's task, at its end.
    func finish(_ response: Response) {
        let (delivery, place) = contents.withLock { contents -> (Delivery?, (all: QueriesUnderWay, id: UInt64)?) in
            switch contents.state {
            case .running:
                contents.state = .answered(response)
                return (nil, nil)
            case .waiting(let delivery):
                contents.state = .done
                return (delivery, contents.place)
            case .answered, .done:
                return (nil, contents.place)
            }
        }
        delivery?(response, false)
        place.map { $0.all.remove($0.id) }
    }

    /// The answer, where it is there.
    func take() -> Response? {
        contents.withLock { contents in
            guard case .answered(let response) = contents.state else { return nil }
            contents.state = .done
            return response
        }
    }

    /// Leaves the answer to `delivery`, unless it has come by now and is given back.
    func wait(_ all: QueriesUnderWay, _ id: UInt64, _ delivery: @escaping Delivery) -> Response? {
        contents.withLock { contents in
            if case .answered(let response) = contents.state {
                contents.state = .done
                return response
            }
            contents.state = .waiting(delivery)
            contents.place = (all, id)
            return nil
        }
    }

    /// Answers in the stages' place.
    func timeOut() {
        let delivery = contents.withLock { contents -> Delivery? in
            guard case .waiting(let delivery) = contents.state else { return nil }
            contents.state = .done
            return delivery
        }
        delivery?(.failed("", "the query took too long"), true)
    }
}

/// Counts what a listener still has to send, so that it can wait for the end of it.
final class Outstanding: Sendable {
    private struct State {
        var count = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func enter() { state.withLock { $0.count += 1 } }

    func leave() {
        let waiters = state.withLock { state in
            state.count -= 1
            guard state.count == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once nothing is outstanding, or after `limit`.
    func waitUntilNone(_ limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.none() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func none() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isNone = state.withLock { state in
                    if state.count == 0 || Task.isCancelled { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isNone { continuation.resume() }
            }
        } onCancel: {
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }
}
