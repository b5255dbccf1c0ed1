import Descriptors
import Pipeline
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
        var total = Count()
        var clients: [IPAddress: Count] = [:]
    }

    private struct Count {
        var connections = 0
        var bytes = 0

        mutating func add(_ count: Int, _ cost: Int) {
            connections += count
            bytes += cost
        }
    }

    private let state = Mutex(State())
    private let most: Count
    private let mostPerClient: Count

    init(_ limits: ServingLimits) {
        most = Count(connections: limits.connections, bytes: limits.encryptedBytes)
        mostPerClient = Count(connections: limits.connectionsPerClient, bytes: limits.encryptedBytes / 4)
    }

    /// Counts one more connection; false, and not counted, where that would be too many or descriptors are scarce.
    func enter(_ client: IPAddress, _ transport: Transport) -> Bool {
        guard !Descriptors.areScarce() else { return false }
        let cost = ServingLimits.cost(of: transport)
        return state.withLock { state in
            let own = state.clients[client, default: Count()]
            guard state.total.connections < most.connections, own.connections < mostPerClient.connections,
                state.total.bytes <= most.bytes - cost, own.bytes <= mostPerClient.bytes - cost
            else { return false }
            state.total.add(1, cost)
            state.clients[client, default: Count()].add(1, cost)
            Descriptors.noteConnection()
            return true
        }
    }

    func leave(_ client: IPAddress, _ transport: Transport) {
        Descriptors.noteConnectionEnd()
        let cost = ServingLimits.cost(of: transport)
        state.withLock { state in
            state.total.add(-1, -cost)
            var own = state.clients[client] ?? Count()
            own.add(-1, -cost)
            state.clients[client] = own.connections > 0 ? own : nil
        }
    }
}
