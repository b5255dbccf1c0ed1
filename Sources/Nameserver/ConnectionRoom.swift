import Registry

/// The bytes of queries and replies that the connections of one listener on one thread keep, all together and each
/// client's; confined to the thread.
///
/// A client may keep as many as are left: one alone half of all, and however much some keep, there is room for another
/// that keeps little.
final class ConnectionRoom {
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

    private func mayKeep(_ client: IPAddress) -> Bool { clients[client, default: 0] <= most - kept }

    /// What one connection keeps of it.
    struct Share {
        private let room: ConnectionRoom
        private let client: IPAddress
        private var bytes = 0

        init(of room: ConnectionRoom, for client: IPAddress) {
            self.room = room
            self.client = client
        }

        /// Tells how many bytes the connection keeps from now on, none once it has ended.
        ///
        /// - Returns: Whether it may go on: its client keeps no more than there is room left, or this one nothing.
        mutating func set(_ bytes: Int) -> Bool {
            if bytes != self.bytes {
                room.change(of: client, by: bytes - self.bytes)
                self.bytes = bytes
            }
            return bytes == 0 || room.mayKeep(client)
        }
    }
}
