import Synchronization

/// How many bytes the bodies of all requests together may have that are being read or answered.
///
/// Of a user who is known, all bodies together have half of it at most.
final class BodyBudget: Sendable {
    /// What one request has of the budget, until it is released or forgotten.
    final class Hold: Sendable {
        private let budget: BodyBudget
        private let user: String?
        private let size = Mutex(0)

        /// - Parameter user: nil for one who cannot be told from others.
        init(_ budget: BodyBudget, user: String?) {
            self.budget = budget
            self.user = user
        }

        /// Says false, and takes nothing, where the budget or the user's part of it is spent.
        func take(_ count: Int) -> Bool {
            guard budget.take(count, user) else { return false }
            size.withLock { $0 += count }
            return true
        }

        func release() {
            let count = size.withLock { size in
                defer { size = 0 }
                return size
            }
            if count > 0 { budget.give(count, user) }
        }

        deinit { release() }
    }

    private struct State {
        var used = 0
        var users: [String: Int] = [:]
    }

    private let maximum: Int
    private let state = Mutex(State())

    /// - Parameter maximum: In bytes.
    init(maximum: Int) {
        self.maximum = maximum
    }

    private func take(_ count: Int, _ user: String?) -> Bool {
        state.withLock { state in
            guard count <= maximum - state.used else { return false }
            if let user {
                let own = state.users[user] ?? 0
                guard count <= maximum / 2 - own else { return false }
                state.users[user] = own + count
            }
            state.used += count
            return true
        }
    }

    private func give(_ count: Int, _ user: String?) {
        state.withLock { state in
            state.used -= count
            guard let user else { return }
            let rest = (state.users[user] ?? 0) - count
            state.users[user] = rest > 0 ? rest : nil
        }
    }
}
