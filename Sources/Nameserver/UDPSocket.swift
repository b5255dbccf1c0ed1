import CDatagram
import Glibc
import Pipeline
import Synchronization

/// A bound UDP socket; closed when nobody has a use for it any more, replies under way included.
final class UDPSocket: WatchedQueue {
    let descriptor: Int32
    let address: ListenAddress
    let limitedSources = Atomic(0)
    /// Whether others hold the same socket, to go on with it: then it must not be shut down.
    private let isPassed: Bool

    /// How long a thread waits for datagrams at a time: one that has nothing to do is to let go of content that was
    /// exchanged, and a passed socket is not shut down to end it.
    private var patience: timeval { timeval(tv_sec: 0, tv_usec: isPassed ? 250_000 : 900_000) }

    /// The receive buffer asked for, in bytes: bursts of some thousand queries wait here rather than being dropped.
    private static let receiveBuffer: Int32 = 4 << 20

    /// Finds out which port to use, and whether it is free.
    ///
    /// Sockets that share a port would quietly share it with another server too; this one does not share.
    static func probe(_ address: ListenAddress) throws(NameserverError) -> ListenAddress {
        try UDPSocket(address, isShared: false).address
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
        // The system may grant less; that is no reason not to start.
        _ = datagram_set_receive_buffer(descriptor, Self.receiveBuffer)
        guard wanted.withSocketAddress({ bind(descriptor, $0, $1) }) == 0 else { throw failure("listen on UDP") }
        self.descriptor = descriptor
        isPassed = false
        address = wanted.port == 0 ? wanted.with(port: ListenAddress.boundPort(of: descriptor)) : wanted
        limitWaiting()
    }

    /// Takes over a descriptor of a socket that is bound to an address already.
    init(passed descriptor: Int32, _ address: ListenAddress) {
        self.descriptor = descriptor
        self.address = address
        isPassed = true
        limitWaiting()
        _ = datagram_set_receive_buffer(descriptor, Self.receiveBuffer)
        // A process that ended in a flood may have left its filter.
        _ = datagram_limit_sources(descriptor, address.isIPv6 ? 1 : 0, [], 0)
        // Without it replies leave from whichever address the route has: right where the host has one address.
        if address.isWildcard { _ = datagram_ask_destination(descriptor, address.isIPv6 ? AF_INET6 : AF_INET) }
    }

    deinit { Glibc.close(descriptor) }

    private func limitWaiting() {
        var patience = patience
        _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    var limitedSourceCount: Int { limitedSources.load(ordering: .relaxed) }

    var dropped: UInt32 {
        var (used, limit, dropped): (UInt32, UInt32, UInt32) = (0, 0, 0)
        return datagram_queue(descriptor, &used, &limit, &dropped) == 0 ? dropped : 0
    }

    /// Wakes a thread that waits for datagrams: its call returns what is queued, or nothing, from now on. Replies can
    /// still be sent.
    func endWaiting() {
        guard !isPassed else { return }
        // Unconnected sockets report ENOTCONN and are shut down all the same.
        _ = shutdown(descriptor, Int32(SHUT_RD))
    }

    /// Has the kernel bring new datagrams to the other sockets that share the port; what is queued here stays.
    ///
    /// A connected socket takes datagrams of its peer only; this one's is a port of the host itself where nobody is.
    func leaveGroup() {
        guard !isPassed else { return }
        let host = address.isWildcard ? ListenAddress.loopback(isIPv6: address.isIPv6) : address
        _ = host.with(port: 1).withSocketAddress { connect(descriptor, $0, $1) }
    }

    /// Sends one datagram without waiting; false where the system does not take it.
    ///
    /// - Parameter control: control data that says which address to send from; empty for the bound one.
    func send(_ bytes: [UInt8], to peer: sockaddr_in6, control: [UInt8]) -> Bool {
        var (bytes, peer, control) = (bytes, peer, control)
        return bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                withUnsafeMutablePointer(to: &peer) { peer in
                    var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var header = msghdr()
                        header.msg_name = UnsafeMutableRawPointer(peer)
                        header.msg_namelen = Self.nameLength(peer.pointee)
                        header.msg_iov = vector
                        header.msg_iovlen = 1
                        header.msg_control = control.isEmpty ? nil : control.baseAddress
                        header.msg_controllen = control.count
                        var result: Int
                        repeat {
                            result = sendmsg(descriptor, &header, Int32(MSG_DONTWAIT))
                        } while result < 0 && errno == EINTR
                        return result >= 0
                    }
                }
            }
        }
    }

    private static func nameLength(_ peer: sockaddr_in6) -> socklen_t {
        socklen_t(
            peer.sin6_family == sa_family_t(AF_INET6)
                ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    }
}
