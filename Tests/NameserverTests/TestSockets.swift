import Glibc
import Synchronization
import Testing

@testable import Nameserver

/// Runs what blocks on a thread of its own: the tasks of the server need theirs.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    let result = Mutex<Value?>(nil)
    let end = ThreadEnd {
        let value = body()
        result.withLock { $0 = value }
    }
    await end.wait()
    // The thread has set it before it ended.
    return result.withLock { $0 }.unsafelyUnwrapped
}

/// A client's socket. Calls block, ten seconds at most.
struct TestSocket: Sendable {
    enum Kind {
        case datagram, stream
    }

    let descriptor: Int32

    /// Connects to `server`, from `source` where one is given.
    init(_ kind: Kind, to server: ListenAddress, from source: ListenAddress? = nil) throws {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        descriptor = socket(server.isIPv6 ? AF_INET6 : AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        if let source { try #require(source.withSocketAddress { bind(descriptor, $0, $1) } == 0) }
        try #require(server.withSocketAddress { connect(descriptor, $0, $1) } == 0)
    }

    func close() { Glibc.close(descriptor) }

    /// Whether all of it was taken.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// One datagram, or what a stream has; empty at its end or after ten seconds.
    func receive(_ count: Int = 65535) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = recv(descriptor, &bytes, count, 0)
        return Array(bytes.prefix(max(0, length)))
    }

    /// Exactly so many bytes of a stream; fewer at its end.
    func receiveAll(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = receive(count - bytes.count)
            guard !part.isEmpty else { break }
            bytes += part
        }
        return bytes
    }

    /// A message of a stream, without its length; empty at the end.
    func receiveMessage() -> [UInt8] {
        let length = receiveAll(2)
        guard length.count == 2 else { return [] }
        return receiveAll(Int(length[0]) << 8 | Int(length[1]))
    }

    /// Whether the peer has ended it by now, and nothing came before that.
    var hasEnded: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno == ECONNRESET
    }

    /// Whether the peer has ended the stream, within ten seconds and whatever it sends before.
    func isEnded() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65535)
        while true {
            let length = recv(descriptor, &bytes, bytes.count, 0)
            if length > 0 { continue }
            return length == 0 || errno == ECONNRESET
        }
    }

    /// A message with its length in front.
    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }
}
