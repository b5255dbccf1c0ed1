import Glibc

/// Asks a server on the loopback single questions over UDP.
struct DNSProbe: ~Copyable {
    private let descriptor: Int32

    /// A probe whose every question waits at most 250 ms for its reply.
    init(port: UInt16) throws(BenchmarkError) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        var patience = timeval(tv_sec: 0, tv_usec: 250_000)
        guard
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0,
            withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0
        else {
            let errorNumber = errno
            close(descriptor)
            throw .system(call: "connect", errorNumber: errorNumber)
        }
    }

    deinit { close(descriptor) }

    /// The server's reply, or nil when none came in time or nobody listens.
    func ask(_ question: Question) -> DNSReply? {
        let query = DNSQuery(identifier: .random(in: 0...UInt16.max), question: question)
        let packet = query.packet
        guard send(descriptor, packet, packet.count, 0) == packet.count else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        // Late replies to earlier questions may still be in the queue.
        while true {
            let size = recv(descriptor, &buffer, buffer.count, 0)
            guard size > 0 else { return nil }
            if let reply = DNSReply(packet: Array(buffer[..<size])), reply.identifier == query.identifier {
                return reply
            }
        }
    }
}

/// Calls `body` with the address 127.0.0.1 and the port.
func withLoopbackAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

/// A port of 127.0.0.1 that nobody uses, neither over UDP nor over TCP. It is free when this returns; nothing keeps
/// it free.
func findFreePort() throws(BenchmarkError) -> UInt16 {
    for _ in 0..<50 {
        if let port = try bindLoopback(port: 0, type: SOCK_DGRAM),
            try bindLoopback(port: port, type: SOCK_STREAM) != nil
        {
            return port
        }
    }
    throw .badRun("no port is free over both UDP and TCP")
}

/// Binds a socket and closes it again. Returns the port it had, or nil when the port is in use.
private func bindLoopback(port: UInt16, type: __socket_type) throws(BenchmarkError) -> UInt16? {
    let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
    defer { close(descriptor) }
    guard withLoopbackAddress(port: port, { bind(descriptor, $0, $1) }) == 0 else {
        if errno == EADDRINUSE { return nil }
        throw .system(call: "bind", errorNumber: errno)
    }
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    guard status == 0 else { throw .system(call: "getsockname", errorNumber: errno) }
    return UInt16(bigEndian: address.sin_port)
}
