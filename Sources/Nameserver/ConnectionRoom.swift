import Registry

/// The bytes of queries and replies that the connections of one listener on one thread keep, all together and each
/// client's; confined to the thread.
///
/// A client may keep as many as are left: one alone half of all, and however much some keep, there is room for another
/// that keeps little. A connection that itself keeps little is not ended for others of its client: many come from one
/// address where a node translates those of its pods.
final class ConnectionRoom {
    /// What a connection may keep whatever its client's others do, in bytes: a handshake, a short query.
    private static let little = 4096

    private let most: Int
    private var kept = 0
    /// Of clients that keep any.
    private var clients: [IPAddress: Int] = [:]

    /// - Parameter most: how many bytes there may be; a connection that keeps some ends where there would be more.
    init(most: Int) {
        self.most = most
    }

    private func change(of client: IPAddress, by bytes: Int) {
        kept += bytes
        let rest = clients[client, default: 0] + bytes
        clients[client] = rest == 0 ? nil : rest
    }

    private func mayKeep(_ bytes: Int, _ client: IPAddress) -> Bool {
        kept <= most && (bytes <= Self.little || clients[client, default: 0] <= most - kept)
    }

    /// What one connection keeps of it.
    struct Share {
        private let room: ConnectionRoom
        private let client: IPAddress
        private var bytes = 0
        private var isOver = false

        init(of room: ConnectionRoom, for client: IPAddress) {
            self.room = room
            self.client = client
        }

        /// Tells how many bytes the connection keeps from now on.
        ///
        /// - Returns: Whether it may go on: its client keeps no more than there is room left, or this one little.
        mutating func set(_ bytes: Int) -> Bool {
            guard !isOver else { return bytes == 0 }
            if bytes != self.bytes {
                room.change(of: client, by: bytes - self.bytes)
                self.bytes = bytes
            }
            return bytes == 0 || room.mayKeep(bytes, client)
        }

        /// The connection has ended: it keeps nothing, whatever its handlers still tell on their way out.
        mutating func end() {
            _ = set(0)
            isOver = true
        }
    }
}
