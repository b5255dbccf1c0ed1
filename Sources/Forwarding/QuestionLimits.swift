import Registry
import Synchronization

/// Bounds on questions under way: in all, and for each client's address, so that one of them cannot take all places.
final class QuestionLimits: Sendable {
    enum Bound: Hashable, Sendable {
        case all, client
    }

    private struct State {
        var total = 0
        var clients: [IPAddress: Int] = [:]
    }

    private let total: Int
    private let share: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - total: the most questions under way.
    ///   - share: the most of one client.
    init(total: Int = 10_000, share: Int = 1_000) {
        self.total = total
        self.share = share
    }

    /// Takes a place; the bound that is reached where there is none.
    func enter(_ client: IPAddress) -> Bound? {
        state.withLock { state in
            guard state.total < total else { return .all }
            let own = state.clients[client, default: 0]
            guard own < share else { return .client }
            state.total += 1
            state.clients[client] = own + 1
            return nil
        }
    }

    /// Gives the place back.
    func leave(_ client: IPAddress) {
        state.withLock { state in
            state.total -= 1
            guard let own = state.clients[client] else { return }
            state.clients[client] = own > 1 ? own - 1 : nil
        }
    }

    var underWay: Int { state.withLock { $0.total } }
}
