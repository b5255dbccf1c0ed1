import Glibc

/// Calls `body` with the address 127.0.0.1 and the port.
package func withLoopbackAddress(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
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
package func findFreePort() throws(BenchmarkError) -> UInt16 {
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
    guard let port = loopbackPort(of: descriptor) else { throw .system(call: "getsockname", errorNumber: errno) }
    return port
}

/// The port a socket is bound to; nil for one that is not.
package func loopbackPort(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
}
