import Synchronization

/// How many bytes the bodies of all requests together may have that are being read or answered.
final class BodyBudget: Sendable {
    /// What one request has of the budget, until it is released or forgotten.
    final class Hold: Sendable {
        private let budget: BodyBudget
        private let size = Mutex(0)

        init(_ budget: BodyBudget) {
            self.budget = budget
        }

        /// Says false, and takes nothing, where the budget is spent.
        func take(_ count: Int) -> Bool {
            guard budget.take(count) else { return false }
            size.withLock { $0 += count }
            return true
        }

        func release() {
            budget.give(
                size.withLock { size in
                    defer { size = 0 }
                    return size
                })
        }

        deinit { release() }
    }

    private let maximum: Int
    private let used = Mutex(0)

    /// - Parameter maximum: In bytes.
    init(maximum: Int) {
        self.maximum = maximum
    }

    private func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard count <= maximum - used else { return false }
            used += count
            return true
        }
    }

    private func give(_ count: Int) { used.withLock { $0 -= count } }
}
