import CDatagram
import Glibc

/// A bound TCP socket, which may share its port with those of a process that takes over; closed when nobody has a use
/// for it any more.
final class TCPSocket: Sendable {
    let descriptor: Int32
    let address: ListenAddress

    /// Connections that the kernel keeps until they are taken; it may grant fewer.
    static let backlog: Int32 = 4096

    /// Binds to an address; port 0 stands for any free one.
    ///
    /// - Parameter isShared: false to fail where anybody listens on the port, even someone that would share it.
    convenience init(_ wanted: ListenAddress, isShared: Bool) throws(NameserverError) {
        var address = wanted
        if !isShared {
            // Closed at once: it has taken no connection.
            let probe = try TCPSocket(wanted, sharesPort: false)
            address = probe.address
        }
        try self.init(address, sharesPort: true)
    }

    private init(_ wanted: ListenAddress, sharesPort: Bool) throws(NameserverError) {
        let family = wanted.isIPv6 ? AF_INET6 : AF_INET
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw NameserverError("open a TCP socket for", wanted) }
        func failure(_ attempt: String) -> NameserverError {
            let error = NameserverError(attempt, wanted)
            Glibc.close(descriptor)
            return error
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Connections of a server that has ended must not keep a new one from listening.
        _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if sharesPort, datagram_share_port(descriptor) != 0 { throw failure("share the TCP port of") }
        if wanted.isIPv6, setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) != 0 {
            throw failure("set up TCP for")
        }
        // Connections have it from the socket that took them.
        _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        guard wanted.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else { throw failure("listen on TCP") }
        self.descriptor = descriptor
        address = wanted.with(port: ListenAddress.boundPort(of: descriptor))
    }

    /// Takes over a descriptor of a socket that is bound to an address already.
    init(passed descriptor: Int32, _ address: ListenAddress) {
        self.descriptor = descriptor
        self.address = address
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        var on: Int32 = 1
        _ = setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Has the kernel accept connections.
    func listen() throws(NameserverError) {
        guard Glibc.listen(descriptor, Self.backlog) == 0 else { throw NameserverError("listen on TCP", address) }
    }

    /// A second descriptor of the socket, owned by the caller; this one may go.
    func duplicate() throws(NameserverError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw NameserverError("listen on TCP", address) }
        return copy
    }
}
