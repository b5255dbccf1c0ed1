/// The bytes of queries and replies that the connections of one listener on one event loop keep, all together; confined
/// to the loop.
final class ConnectionRoom {
    private let most: Int
    private var kept = 0

    /// - Parameter most: how many bytes there may be; a connection that keeps some ends where there are more.
    init(most: Int) {
        self.most = most
    }

    /// What one connection keeps of it.
    struct Share {
        private let room: ConnectionRoom
        private var bytes = 0

        init(of room: ConnectionRoom) {
            self.room = room
        }

        /// Tells how many bytes the connection keeps from now on, none once it has ended.
        ///
        /// - Returns: Whether it may go on: all keep no more than there is room for, or this one keeps nothing.
        mutating func set(_ bytes: Int) -> Bool {
            room.kept += bytes - self.bytes
            self.bytes = bytes
            return bytes == 0 || room.kept <= room.most
        }
    }
}
