import CDatagram
import Glibc
import Synchronization

/// Bound sockets that this process was started with (sd_listen_fds(3)), by somebody who may bind them, as systemd.
///
/// A listener for one of their addresses uses it instead of binding. They stay open until the process ends, and with
/// who passed them beyond that: what comes meanwhile waits for the next process.
package final class InheritedSockets: Sendable {
    /// Why a socket that was passed cannot be listened on.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The number that the socket came under.
        package let descriptor: Int32
        package let reason: String

        package var description: String { "socket \(descriptor), which this process was started with: \(reason)" }
    }

    private struct Key: Hashable {
        let address: ListenAddress
        let isStream: Bool
    }

    /// The first descriptor of those passed (sd_listen_fds(3)).
    private static let first: Int32 = 3
    /// The most that are looked at.
    private static let maximum: Int32 = 256

    private let sockets: [Key: Int32]
    private let used = Mutex<Set<Key>>([])

    /// None.
    package init() { sockets = [:] }

    /// Those that the environment tells of: `LISTEN_FDS` where `LISTEN_PID` is this process.
    package convenience init(environment: [String: String], processIdentifier: Int32 = getpid()) throws(Failure) {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == processIdentifier,
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0
        else {
            try self.init([])
            return
        }
        try self.init(Array(Self.first..<(Self.first + min(count, Self.maximum))))
    }

    /// Bound sockets by their descriptors, which become close-on-exec and stay the caller's.
    init(_ descriptors: [Int32]) throws(Failure) {
        var sockets: [Key: Int32] = [:]
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let key = try Self.key(of: descriptor)
            guard sockets.updateValue(descriptor, forKey: key) == nil else {
                throw Failure(descriptor: descriptor, reason: "another one has the same address")
            }
        }
        self.sockets = sockets
    }

    private static func key(of descriptor: Int32) throws(Failure) -> Key {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else {
            throw Failure(descriptor: descriptor, reason: "is no socket: \(String(cString: strerror(errno)))")
        }
        let bytes: [UInt8]
        switch Int32(address.sin6_family) {
        case AF_INET:
            // The address stands behind the port in both families; of the larger form that is the flow label.
            bytes = withUnsafeBytes(of: address.sin6_flowinfo) { Array($0) }
        case AF_INET6:
            guard option(IPV6_V6ONLY, of: descriptor, level: Int32(IPPROTO_IPV6)) == 1 else {
                // Clients of the other family would come under addresses that no rule is written for.
                throw Failure(descriptor: descriptor, reason: "takes IPv4 as well: set BindIPv6Only=ipv6-only")
            }
            bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
        default: throw Failure(descriptor: descriptor, reason: "is neither of IPv4 nor of IPv6")
        }
        let type = option(SO_TYPE, of: descriptor, level: SOL_SOCKET)
        guard type == Int32(SOCK_STREAM.rawValue) || type == Int32(SOCK_DGRAM.rawValue) else {
            throw Failure(descriptor: descriptor, reason: "is neither of UDP nor of TCP")
        }
        return Key(
            address: ListenAddress(bytes: bytes, port: UInt16(bigEndian: address.sin6_port)),
            isStream: type == Int32(SOCK_STREAM.rawValue))
    }

    private static func option(_ name: Int32, of descriptor: Int32, level: Int32) -> Int32 {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
    }

    /// Whether a socket for an address was passed.
    func has(_ address: ListenAddress, isStream: Bool) -> Bool {
        sockets[Key(address: address, isStream: isStream)] != nil
    }

    /// The TCP socket for an address, or a new one where none was passed; see `TCPSocket.init`.
    func stream(_ address: ListenAddress, isShared: Bool) throws(NameserverError) -> TCPSocket {
        guard let descriptor = try take(address, isStream: true) else {
            return try TCPSocket(address, isShared: isShared)
        }
        return TCPSocket(passed: descriptor, address)
    }

    /// The UDP socket for an address, the same one each time, or a new one where none was passed.
    func datagrams(_ address: ListenAddress) throws(NameserverError) -> UDPSocket {
        guard let descriptor = try take(address, isStream: false) else { return try UDPSocket(address) }
        return UDPSocket(passed: descriptor, address)
    }

    /// A descriptor of the socket for an address, owned by the caller; nil where none was passed.
    private func take(_ address: ListenAddress, isStream: Bool) throws(NameserverError) -> Int32? {
        let key = Key(address: address, isStream: isStream)
        guard let descriptor = sockets[key] else { return nil }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw NameserverError("use the socket passed for", address) }
        _ = used.withLock { $0.insert(key) }
        return copy
    }

    /// The addresses of sockets that nobody listens on: what comes to them waits in vain.
    package var unused: [String] {
        let used = used.withLock { $0 }
        return sockets.keys.filter { !used.contains($0) }
            .map { "\($0.address) (\($0.isStream ? "TCP" : "UDP"))" }.sorted()
    }
}
