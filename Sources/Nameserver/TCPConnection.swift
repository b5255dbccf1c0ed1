import CDatagram
import Glibc
import Pipeline

/// One TCP connection of a `TCPLoop`, and what waits in it; some 200 bytes while nothing does.
final class TCPConnection {
    /// What a connection waits for, and so which of `Timeouts` holds.
    enum Activity {
        /// For a query.
        case idle
        /// For the rest of a query.
        case reading
        /// For us.
        case answering
        /// For the client to take replies.
        case writing
    }

    let descriptor: Int32
    let client: PipelineQuery.Peer
    /// Bytes that have come and are not answered: at most one frame that is not whole, or what came with one read.
    var pending: [UInt8] = []
    /// Replies that the system has not taken, from `sent` on.
    var unsent: [UInt8] = []
    var sent = 0
    /// Queries whose replies are not there yet.
    var underWay = 0
    var activity = Activity.idle
    /// What the poller reports: of STREAM_READABLE and STREAM_WRITABLE.
    var interest = STREAM_READABLE
    /// No more queries are taken from the socket: the client has ended its side, or the listener ends.
    var isInputOver = false

    private var share: ConnectionRoom.Share

    init(_ descriptor: Int32, _ client: PipelineQuery.Peer, room: ConnectionRoom) {
        self.descriptor = descriptor
        share = ConnectionRoom.Share(of: room, for: client.address)
        self.client = client
    }

    /// Tells the bytes that are kept for it; false where there is no room for them.
    func tellRoom() -> Bool { share.set(pending.count + unsent.count) }

    /// It has ended, and keeps nothing.
    func leaveRoom() { share.end() }

    var hasWholeQuery: Bool { pending.withUnsafeBytes { StreamFraming.length(in: $0) } != nil }

    /// The address and port that the client connected to.
    var server: PipelineQuery.Peer {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return PipelineQuery.Peer(address)
    }
}

extension PipelineQuery.Peer {
    /// An address of either family, as the kernel writes it.
    init(_ address: sockaddr_in6) {
        // The port stands at the same place for both families.
        let port = UInt16(bigEndian: address.sin6_port)
        if address.sin6_family == sa_family_t(AF_INET6) {
            let bytes = withUnsafeBytes(of: address.sin6_addr) { $0.loadUnaligned(as: UInt128.self) }
            self.init(.v6(UInt128(bigEndian: bytes)), port: port)
        } else {
            // The address of IPv4 stands where the flow of IPv6 does.
            self.init(.v4(UInt32(bigEndian: address.sin6_flowinfo)), port: port)
        }
    }
}
