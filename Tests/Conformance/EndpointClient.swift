import Foundation
import Glibc

/// A socket to a server at any address, for what goes beyond one question and one reply.
final class EndpointClient {
    private let descriptor: Int32
    private let overTCP: Bool

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Connects; over UDP only what comes from the very address and port is received then.
    init(_ host: String, port: UInt16, overTCP: Bool) throws {
        self.overTCP = overTCP
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32((overTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let address = list?.pointee else {
            throw Failure(description: "\(host) is no address")
        }
        defer { freeaddrinfo(list) }
        descriptor = socket(address.ai_family, address.ai_socktype, 0)
        guard descriptor >= 0, connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            throw Failure(description: "connect to \(host): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Sends messages, over TCP in one write.
    func send(_ messages: [UInt8]...) throws {
        guard overTCP else { return try messages.forEach(write) }
        try write(messages.flatMap { RawQuery.wire([UInt16($0.count)]) + $0 })
    }

    /// Sends bytes as they are, without a length in front.
    func write(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(description: "send: \(String(cString: strerror(errno)))")
        }
    }

    /// Tells the server that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next message; throws where none comes in time.
    func receive(seconds: Double = 5) throws -> [UInt8] {
        guard overTCP else { return try read(65536, seconds) ?? [] }
        let length = try readAll(2, seconds)
        return try readAll(Int(length[0]) << 8 | Int(length[1]), seconds)
    }

    /// Waits until the server ends the connection; throws where it does not, or sends something.
    func awaitEnd(seconds: Double) throws {
        if let bytes = try read(1, seconds) { throw Failure(description: "\(bytes) came instead of the end") }
    }

    private func readAll(_ count: Int, _ seconds: Double) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = try read(count - bytes.count, seconds) else {
                throw Failure(description: "the connection ended after \(bytes.count) bytes of \(count)")
            }
            bytes += more
        }
        return bytes
    }

    /// What comes next, at most `count` bytes; nil at the end of the stream.
    private func read(_ count: Int, _ seconds: Double) throws -> [UInt8]? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(seconds * 1000)) == 1 else {
            throw Failure(description: "nothing came for \(seconds) s")
        }
        var buffer = [UInt8](repeating: 0, count: count)
        let length = recv(descriptor, &buffer, count, 0)
        guard length >= 0 else { throw Failure(description: "receive: \(String(cString: strerror(errno)))") }
        return length == 0 ? nil : Array(buffer[..<length])
    }
}
