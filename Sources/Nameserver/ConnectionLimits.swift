import Descriptors
import Registry
import Synchronization

/// The number of connections that are open.
final class ConnectionCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func enter() { count.wrappingAdd(1, ordering: .relaxed) }
    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// Bounds the connections of all listeners, and those of one client.
final class ConnectionLimits: Sendable {
    private struct State {
        var total = 0
        var clients: [IPAddress: Int] = [:]
    }

    private let state = Mutex(State())
    private let most: Int
    private let mostPerClient: Int

    init(_ limits: ServingLimits) {
        most = limits.connections
        mostPerClient = limits.connectionsPerClient
    }

    /// Counts one more connection; false, and not counted, where that would be too many or descriptors are scarce.
    func enter(_ client: IPAddress) -> Bool {
        guard !Descriptors.areScarce() else { return false }
        return state.withLock { state in
            guard state.total < most, state.clients[client, default: 0] < mostPerClient else { return false }
            state.total += 1
            state.clients[client, default: 0] += 1
            Descriptors.noteConnection()
            return true
        }
    }

    func leave(_ client: IPAddress) {
        Descriptors.noteConnectionEnd()
        state.withLock { state in
            state.total -= 1
            let rest = (state.clients[client] ?? 0) - 1
            state.clients[client] = rest > 0 ? rest : nil
        }
    }
}
