import CDatagram
import Glibc

/// A bound UDP socket; closed by `close`, by whoever owns it.
struct UDPSocket: Sendable {
    let descriptor: Int32
    let address: ListenAddress

    /// The receive buffer asked for, in bytes: bursts of some thousand queries wait here rather than being dropped.
    private static let receiveBuffer: Int32 = 4 << 20

    /// Finds out which port to use, and whether it is free.
    ///
    /// Sockets that share a port would quietly share it with another server too; this one does not share.
    static func probe(_ address: ListenAddress) throws(NameserverError) -> ListenAddress {
        let socket = try UDPSocket(address, isShared: false)
        socket.close()
        return socket.address
    }

    /// Binds to an address; port 0 stands for any free one.
    init(_ wanted: ListenAddress, isShared: Bool = true) throws(NameserverError) {
        let family = wanted.isIPv6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NameserverError("open a UDP socket for", wanted) }
        func failure(_ attempt: String) -> NameserverError {
            let error = NameserverError(attempt, wanted)
            Glibc.close(descriptor)
            return error
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        if isShared, datagram_share_port(descriptor) != 0 { throw failure("share the UDP port of") }
        if wanted.isIPv6, setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) != 0 {
            throw failure("set up UDP for")
        }
        // Replies must leave from the address that was asked; a bound address is that one anyway.
        if wanted.isWildcard, datagram_ask_destination(descriptor, family) != 0 { throw failure("set up UDP for") }
        var buffer = Self.receiveBuffer
        // The system may grant less; that is no reason not to start.
        _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, size)
        guard wanted.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else { throw failure("listen on UDP") }
        self.descriptor = descriptor
        self.address = wanted.port == 0 ? wanted.with(port: Self.boundPort(descriptor)) : wanted
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port stands at the same place for both families.
        return UInt16(bigEndian: address.sin6_port)
    }

    /// Wakes a thread that waits for datagrams: its call returns nothing from now on.
    func shutDown() {
        // Unconnected sockets report ENOTCONN and are shut down all the same.
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func close() { Glibc.close(descriptor) }
}
