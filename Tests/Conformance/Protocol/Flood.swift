import Foundation
import Glibc
import Synchronization

/// One loopback address that sends queries over UDP as fast as it can, and reads nothing.
///
/// `@unchecked Sendable`: the threads share atomics only, and are waited for.
final class Flood: @unchecked Sendable {
    static let source: UInt32 = 0x7f00_0909

    private let isEnding = Atomic(false)
    private let count = Atomic(0)
    private let done = DispatchGroup()

    /// - Parameter message: the query of a number.
    init(port: UInt16, threads: Int = 2, message: @escaping @Sendable (Int) -> [UInt8]) throws {
        for number in 0..<threads {
            let socket = try LoopbackSocket(from: Self.source, to: port)
            done.enter()
            Thread.detachNewThread { [self] in
                var next = number
                while !isEnding.load(ordering: .relaxed) {
                    // Each turn of sending is ended by a look at whether to go on.
                    for _ in 0..<64 {
                        socket.send(message(next))
                        next += threads
                    }
                    count.wrappingAdd(64, ordering: .relaxed)
                }
                done.leave()
            }
        }
    }

    var sent: Int { count.load(ordering: .relaxed) }

    func end() {
        isEnding.store(true, ordering: .relaxed)
        done.wait()
    }
}

/// A UDP socket of one loopback address towards a port of 127.0.0.1.
final class LoopbackSocket: Sendable {
    private let descriptor: Int32

    struct Failure: Error {}

    /// - Parameters:
    ///   - source: an address of 127.0.0.0/8.
    ///   - port: nil for a socket that only takes a port.
    init(from source: UInt32, to port: UInt16?) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0, Self.name(descriptor, source, 0, Glibc.bind) else { throw Failure() }
        if let port { guard Self.name(descriptor, 0x7f00_0001, port, Glibc.connect) else { throw Failure() } }
    }

    deinit { close(descriptor) }

    private static func name(
        _ descriptor: Int32, _ host: UInt32, _ port: UInt16,
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// The port that it has.
    var port: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Sends a query and waits for its reply, as long as a stub resolver does at least; what it is not a reply to is
    /// passed over.
    func answer(to query: [UInt8]) -> [UInt8]? {
        send(query)
        let end = ContinuousClock.now + .seconds(1)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let rest = (end - ContinuousClock.now) / .milliseconds(1)
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard rest > 0, poll(&poller, 1, Int32(rest)) == 1 else { return nil }
            let length = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if length >= 12, buffer[0] == query[0], buffer[1] == query[1] { return Array(buffer[..<length]) }
        }
    }
}
