import Glibc

/// Asks a server on the loopback single questions over UDP.
package struct DNSProbe: ~Copyable {
    private let descriptor: Int32

    /// A probe whose every question waits at most 250 ms for its reply.
    package init(port: UInt16) throws(BenchmarkError) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        var patience = timeval(tv_sec: 0, tv_usec: 250_000)
        guard
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size)) == 0,
            withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0
        else { throw .system(call: "connect", errorNumber: errno) }
    }

    deinit { close(descriptor) }

    /// The server's reply, or nil when none came in time or nobody listens.
    package func ask(_ question: Question) -> DNSReply? {
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
