import CDatagram
import Glibc

/// Binds TCP sockets that may share their port with those of a process that takes over.
enum TCPSocket {
    /// A bound descriptor, owned by the caller, and the address with its port.
    ///
    /// - Parameter isShared: false to fail where anybody listens on the port, even someone that would share it.
    static func bound(
        _ wanted: ListenAddress, isShared: Bool
    ) throws(NameserverError) -> (descriptor: Int32, address: ListenAddress) {
        var address = wanted
        if !isShared {
            // Closed at once: it has taken no connection.
            let probe = try open(wanted, sharesPort: false)
            if address.port == 0 { address = address.with(port: ListenAddress.boundPort(of: probe)) }
            Glibc.close(probe)
        }
        let descriptor = try open(address, sharesPort: true)
        return (descriptor, address.with(port: ListenAddress.boundPort(of: descriptor)))
    }

    private static func open(_ address: ListenAddress, sharesPort: Bool) throws(NameserverError) -> Int32 {
        let family = address.isIPv6 ? AF_INET6 : AF_INET
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw NameserverError("open a TCP socket for", address) }
        func failure(_ attempt: String) -> NameserverError {
            let error = NameserverError(attempt, address)
            Glibc.close(descriptor)
            return error
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Connections of a server that has ended must not keep a new one from listening.
        _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if sharesPort, datagram_share_port(descriptor) != 0 { throw failure("share the TCP port of") }
        if address.isIPv6, setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) != 0 {
            throw failure("set up TCP for")
        }
        guard address.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else { throw failure("listen on TCP") }
        return descriptor
    }
}
