import ObjectRules
import Synchronization

/// How many bytes the answers of all requests together may have that are being made, or wait for clients to read them.
///
/// Who finds no room waits for a short while, in the order of coming. Of a user who is known, all answers together have
/// three eighths of it at most. An answer that is too long for that is made by itself: one such at a time, beside the
/// budget.
///
/// Requests come in up to half of all that only: those that have come in can then go on, and end; a user of whom all is
/// taken that one may have leaves room for others to come in. Those that write find an eighth more behind all of it, and
/// a sixteenth behind their user's part: lists that nobody reads keep no one from changing something.
package final class AnswerBudget: Sendable {
    /// What one request has of the budget; given back when it is forgotten.
    ///
    /// What it has is guarded by the lock of the budget.
    package final class Hold: Sendable {
        private let budget: AnswerBudget?
        /// nil for one who cannot be told from others.
        let user: String?

        /// - Parameter user: nil for one who cannot be told from others.
        fileprivate init(_ budget: AnswerBudget, user: String?) {
            self.budget = budget
            self.user = user
        }

        private init() {
            budget = nil
            user = nil
        }

        deinit { giveAll() }

        /// One that has room for everything.
        package static var unlimited: Hold { Hold() }

        /// What it has, in bytes.
        var size: Int { budget?.size(of: self) ?? 0 }

        /// Waits until there is room for so many bytes more, and takes it.
        ///
        /// - Returns: Whether there was in time; nothing is taken where there was not.
        func take(_ count: Int) async -> Bool { await budget?.take(count, .answer, for: self) ?? true }

        /// Takes as much as makes so many bytes in all, if there is room at this moment; what is more already stays.
        func takeAtOnce(_ size: Int) -> Bool { budget?.takeAtOnce(size, for: self) ?? true }

        /// The same, room or not: for what is done already, and must be told.
        func owe(_ size: Int) { budget?.owe(size, for: self) }

        /// Gives back what was taken beforehand, and takes what is needed if there is room at this moment.
        func exchange(_ taken: Int, for needed: Int) -> Bool { budget?.exchange(taken, for: needed, of: self) ?? true }

        func give(_ count: Int) { budget?.give(count, of: self) }

        func giveAll() { budget?.give(.max, of: self) }
    }

    /// What each request has of the budget for itself, in bytes: what it is kept track of by, and the portions of its
    /// answer that are under way to its client.
    static let requestCost = 64 << 10
    /// How many requests may wait for room, and how many of one user who is known.
    private static let maximumWaiting = (ofAll: 1024, ofUser: 128)

    /// What room is wanted for.
    fileprivate enum Purpose: CaseIterable {
        case write, answer, request
    }

    fileprivate struct Waiting {
        let ticket: UInt64
        let hold: Hold
        let count: Int
        let purpose: Purpose
        let continuation: CheckedContinuation<Bool, Never>
    }

    fileprivate struct State {
        var used = 0
        var users: [String: Int] = [:]
        var holds: [ObjectIdentifier: Int] = [:]
        /// The hold whose answer is made by itself; it is not among what is used.
        var alone: ObjectIdentifier?
        var waiting: [Waiting] = []
        var tickets: UInt64 = 0
    }

    /// What became of an attempt to take.
    private enum Outcome {
        case taken
        /// The user has what one user may have, or somebody else is alone: others may find room all the same.
        case shareSpent
        case spent
    }

    /// What there is for a purpose in all, and of it for one user; in bytes.
    private func limits(of purpose: Purpose) -> (all: Int, user: Int) {
        switch purpose {
        case .write: (maximum + maximum / 8, maximum / 2 - maximum / 16)
        case .answer: (maximum, maximum / 2 - maximum / 8)
        case .request: (maximum / 2, maximum / 4)
        }
    }

    private let maximum: Int
    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximum: In bytes.
    ///   - patience: How long a request waits for room.
    init(maximum: Int, patience: Duration) {
        self.maximum = maximum
        self.patience = patience
    }

    private func size(of hold: Hold) -> Int { state.withLock { $0.holds[ObjectIdentifier(hold)] ?? 0 } }

    /// How many bytes are held at present.
    var held: Int { state.withLock { $0.held } }

    /// How many requests wait for room.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Room for one more request, for which is waited; nil where none came in time.
    func enter(user: String?, isWrite: Bool = false) async -> Hold? {
        let hold = Hold(self, user: user)
        return await take(Self.requestCost, isWrite ? .write : .request, for: hold) ? hold : nil
    }

    // MARK: Taking

    private func take(_ count: Int, _ purpose: Purpose, for hold: Hold) async -> Bool {
        let ticket: UInt64? = state.withLock { state in
            // Who waits for the user's own share to come free is in nobody else's way.
            let isFirst = !state.waiting.contains { waiting in
                guard waiting.purpose == purpose else { return false }
                guard let user = waiting.hold.user else { return true }
                return waiting.count <= limits(of: purpose).user - (state.users[user] ?? 0)
            }
            guard !isFirst || attempt(count, purpose, hold, &state) != .taken else { return nil }
            state.tickets += 1
            return state.tickets
        }
        guard let ticket else { return true }
        let end = Task {
            try await Task.sleep(for: patience)
            turnAway(ticket)
        }
        defer { end.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answered = state.withLock { state -> [(CheckedContinuation<Bool, Never>, Bool)] in
                    let ofUser = hold.user.map { user in state.waiting.count { $0.hold.user == user } } ?? 0
                    guard state.waiting.count < Self.maximumWaiting.ofAll, ofUser < Self.maximumWaiting.ofUser,
                        !Task.isCancelled
                    else {
                        return [(continuation, false)]
                    }
                    state.waiting.append(
                        Waiting(
                            ticket: ticket, hold: hold, count: count, purpose: purpose,
                            continuation: continuation))
                    return serve(&state).map { ($0, true) }
                }
                for (continuation, isTaken) in answered { continuation.resume(returning: isTaken) }
            }
        } onCancel: {
            turnAway(ticket)
        }
    }

    private func takeAtOnce(_ size: Int, for hold: Hold) -> Bool {
        state.withLock { state in
            let missing = size - (state.holds[ObjectIdentifier(hold)] ?? 0)
            return missing <= 0 || attempt(missing, .answer, hold, &state) == .taken
        }
    }

    private func exchange(_ taken: Int, for needed: Int, of hold: Hold) -> Bool {
        guard needed > taken else {
            give(taken - needed, of: hold)
            return true
        }
        return state.withLock { attempt(needed - taken, .answer, hold, &$0) == .taken }
    }

    private func owe(_ size: Int, for hold: Hold) {
        state.withLock { state in
            let missing = size - (state.holds[ObjectIdentifier(hold)] ?? 0)
            if missing > 0 { state.add(missing, to: hold) }
        }
    }

    /// Takes if there is room.
    private func attempt(_ count: Int, _ purpose: Purpose, _ hold: Hold, _ state: inout State) -> Outcome {
        let id = ObjectIdentifier(hold)
        guard state.alone != id else {
            state.add(count, to: hold)
            return .taken
        }
        let (limit, part) = limits(of: purpose)
        let share = hold.user == nil ? limit : part
        let own = state.holds[id] ?? 0
        guard count <= share - own else {
            guard state.alone == nil else { return .shareSpent }
            // What it has had of the budget it needs no more.
            state.remove(own, from: hold)
            state.alone = id
            state.add(own + count, to: hold)
            return .taken
        }
        if let user = hold.user, count > share - (state.users[user] ?? 0) { return .shareSpent }
        guard count <= limit - state.used else { return .spent }
        state.add(count, to: hold)
        return .taken
    }

    // MARK: Giving back

    private func give(_ count: Int, of hold: Hold) {
        // A stream that was closed meanwhile has given all already.
        guard count > 0 else { return }
        let answered = state.withLock { state in
            state.remove(min(count, state.holds[ObjectIdentifier(hold)] ?? 0), from: hold)
            return serve(&state)
        }
        for continuation in answered { continuation.resume(returning: true) }
    }

    /// Takes for those who wait and find room; to be resumed outside of the lock.
    private func serve(_ state: inout State) -> [CheckedContinuation<Bool, Never>] {
        guard !state.waiting.isEmpty else { return [] }
        var answered: [CheckedContinuation<Bool, Never>] = []
        for purpose in Purpose.allCases {
            let all = state.waiting
            state.waiting = []
            var isSpent = false
            for waiting in all {
                var outcome = Outcome.spent
                if waiting.purpose == purpose, !isSpent {
                    outcome = attempt(waiting.count, purpose, waiting.hold, &state)
                    // Who came first is first: else a long answer would wait while short ones come and go.
                    isSpent = outcome == .spent
                }
                if outcome == .taken {
                    answered.append(waiting.continuation)
                } else {
                    state.waiting.append(waiting)
                }
            }
        }
        return answered
    }

    /// Ends the waiting of one who has waited long enough, or has gone.
    private func turnAway(_ ticket: UInt64) {
        let (refused, answered) = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                return (CheckedContinuation<Bool, Never>?.none, [CheckedContinuation<Bool, Never>]())
            }
            let refused = state.waiting.remove(at: index).continuation
            return (refused, serve(&state))
        }
        refused?.resume(returning: false)
        for continuation in answered { continuation.resume(returning: true) }
    }
}

extension AnswerBudget.State {
    /// All bytes that are held, those of the one that is alone included.
    fileprivate var held: Int { used + (alone.flatMap { holds[$0] } ?? 0) }

    fileprivate mutating func add(_ count: Int, to hold: AnswerBudget.Hold) {
        let id = ObjectIdentifier(hold)
        holds[id, default: 0] += count
        if alone != id {
            used += count
            if let user = hold.user { users[user, default: 0] += count }
        }
    }

    /// - Parameter count: No more than the hold has.
    fileprivate mutating func remove(_ count: Int, from hold: AnswerBudget.Hold) {
        let id = ObjectIdentifier(hold)
        let rest = (holds[id] ?? 0) - count
        holds[id] = rest > 0 ? rest : nil
        guard alone != id else {
            if rest <= 0 { alone = nil }
            return
        }
        used -= count
        guard let user = hold.user else { return }
        let userRest = (users[user] ?? 0) - count
        users[user] = userRest > 0 ? userRest : nil
    }
}

extension APIStatus {
    /// As many answers are under way as may be.
    static let answersWait = APIStatus.tooManyRequests(
        "the server has as many answers under way as it may; try again later", retryAfterSeconds: 1)
}
