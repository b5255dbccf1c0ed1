import BenchmarkSupport
import Glibc

/// Sockets of IPv4 addresses in this network namespace.
enum Sockets {
    static func withAddress<Result>(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func make(_ type: __socket_type) -> Int32 {
        socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    /// A socket that talks to one address, or -1. A connection waits as long for anything as it is told.
    static func connected(_ type: __socket_type, _ host: String, _ port: UInt16, seconds: Int = 5) -> Int32 {
        let descriptor = make(type)
        guard descriptor >= 0 else { return -1 }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard withAddress(host, port, { connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    /// A connection that is being made, or -1; nobody waits for it.
    static func connecting(_ host: String, _ port: UInt16, from source: String) -> Int32 {
        let descriptor = make(SOCK_STREAM)
        guard descriptor >= 0 else { return -1 }
        _ = withAddress(source, 0) { bind(descriptor, $0, $1) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = withAddress(host, port) { connect(descriptor, $0, $1) }
        return descriptor
    }

    /// A socket that is bound to an address, and listens where it is one of connections.
    static func bound(_ type: __socket_type, _ host: String, _ port: UInt16) throws(BenchmarkError) -> Int32 {
        let descriptor = make(type)
        guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        var isOn: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(host, port, { bind(descriptor, $0, $1) }) == 0,
            type != SOCK_STREAM || listen(descriptor, 128) == 0
        else {
            let errorNumber = errno
            close(descriptor)
            throw .system(call: "bind to \(host):\(port)", errorNumber: errorNumber)
        }
        return descriptor
    }

    /// - Returns: Whether all was sent.
    static func sendAll(_ bytes: some Collection<UInt8>, to socket: Int32) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Exactly so many octets; nil where they do not come.
    static func receive(_ count: Int, from socket: Int32) -> [UInt8]? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: count)
        while received.count < count {
            let size = recv(socket, &buffer, count - received.count, 0)
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { return nil }
            received += buffer[..<size]
        }
        return received
    }
}
