import CDatagram
import Corefile
import DNS
import Glibc
import NIOCore
import Synchronization

/// A datagram that was taken as the reply to a question.
struct DatagramReply: Sendable {
    var bytes: [UInt8]
    /// Whether the question in it is spelled as it went out.
    var isSpelledAlike: Bool
    /// Longer than the room we had for it.
    var isCut: Bool
}

/// Why a question by datagram has no reply.
enum DatagramFailure: Error, Hashable, Sendable {
    /// - Parameter sawOtherCase: replies came that were not taken for the case of their letters alone.
    case timeout(sawOtherCase: Bool)
    /// What the system says of the socket.
    case network(operation: String, code: Int32)
    /// The socket was just given up; another one will do.
    case retired
    /// No more questions fit.
    case busy
}

/// One socket towards one upstream, at a random port of our own, with the questions under way on it.
///
/// It is connected, so that the kernel itself drops what comes from any other address or port, and tells when the
/// upstream's host refuses. Used by many threads at once; the descriptor is closed with the last reference, so that no
/// thread can meet another socket under its number.
final class DatagramSocket: Sendable {
    /// The most questions under way on one socket.
    static let pendingLimit = 1024

    typealias Continuation = CheckedContinuation<Result<DatagramReply, DatagramFailure>, Never>

    private struct Pending {
        let continuation: Continuation
        let deadline: ContinuousClock.Instant
        let sent: [UInt8]
        let questionEnd: Int
        let isExact: Bool
        var sawOtherCase = false
    }

    private struct State {
        var pending: [UInt16: Pending] = [:]
        var uses = 0
        var isRetired = false
    }

    let descriptor: Int32
    private let born: ContinuousClock.Instant
    /// Called for each message that is not taken.
    private let ignored: @Sendable (ReplyCheck.Cause) -> Void
    private let state = Mutex(State())

    /// Opens a socket that talks to `address` alone; throws the system's error number.
    init(
        _ address: SocketAddress, ignored: @escaping @Sendable (ReplyCheck.Cause) -> Void
    ) throws(SystemError) {
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let flags = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(family, flags, 0)
        born = .now
        self.ignored = ignored
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        // The kernel draws the port at random from its range (RFC 6056).
        let result = address.withSockAddr { pointer, size in connect(descriptor, pointer, socklen_t(size)) }
        guard result == 0 else { throw SystemError(code: errno) }
    }

    struct SystemError: Error {
        let code: Int32
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends a message under an ID of its own and waits for the reply.
    ///
    /// - Parameters:
    ///   - message: the message; its ID is written here.
    ///   - questionEnd: the length of header and question.
    ///   - isExact: whether the reply must repeat the question's case.
    nonisolated(nonsending) func exchange(
        _ message: [UInt8], questionEnd: Int, isExact: Bool, until deadline: ContinuousClock.Instant
    ) async -> Result<DatagramReply, DatagramFailure> {
        await withCheckedContinuation { continuation in
            begin(message, questionEnd: questionEnd, isExact: isExact, until: deadline, continuation)
        }
    }

    private func begin(
        _ message: [UInt8], questionEnd: Int, isExact: Bool, until deadline: ContinuousClock.Instant,
        _ continuation: Continuation
    ) {
        var message = message
        var id: UInt16 = 0
        let refusal: DatagramFailure? = state.withLock { state in
            guard !state.isRetired else { return .retired }
            guard state.pending.count < Self.pendingLimit else { return .busy }
            repeat { id = UInt16(truncatingIfNeeded: RandomBits.shared.next()) } while state.pending[id] != nil
            message[0] = UInt8(id >> 8)
            message[1] = UInt8(id & 255)
            state.uses += 1
            state.pending[id] = Pending(
                continuation: continuation, deadline: deadline, sent: message, questionEnd: questionEnd,
                isExact: isExact)
            return nil
        }
        if let refusal { return continuation.resume(returning: .failure(refusal)) }
        var code = send(message)
        // An error of a former datagram is told at the next call, which then sends nothing.
        if code == ECONNREFUSED { code = send(message) }
        guard code != 0, let pending = state.withLock({ $0.pending.removeValue(forKey: id) }) else { return }
        pending.continuation.resume(returning: .failure(.network(operation: "write", code: code)))
    }

    private func send(_ message: [UInt8]) -> Int32 {
        message.withUnsafeBytes { bytes in
            while Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) < 0 {
                if errno != EINTR { return errno }
            }
            return 0
        }
    }

    /// Takes a datagram: gives it to the question that it answers, or drops it.
    func take(_ datagram: UnsafeRawBufferPointer, isCut: Bool) {
        guard let id = ReplyCheck.id(datagram) else { return ignored(.short) }
        var cause: ReplyCheck.Cause?
        var reply: DatagramReply?
        let continuation: Continuation? = state.withLock { state in
            guard let pending = state.pending[id] else {
                cause = .id
                return nil
            }
            let verdict = ReplyCheck.verdict(
                on: datagram, to: pending.sent, questionEnd: pending.questionEnd, isExact: pending.isExact)
            switch verdict {
            case .ignored(let why):
                cause = why
                if why == .letterCase { state.pending[id]?.sawOtherCase = true }
                return nil
            case .accepted(let isSpelledAlike):
                state.pending[id] = nil
                reply = DatagramReply(bytes: Array(datagram), isSpelledAlike: isSpelledAlike, isCut: isCut)
                return pending.continuation
            }
        }
        if let cause { ignored(cause) }
        if let reply { continuation?.resume(returning: .success(reply)) }
    }

    /// Ends all questions under way with what the system says of the socket.
    func fail(code: Int32) {
        let failed = state.withLock { state in
            defer { state.pending.removeAll(keepingCapacity: true) }
            return Array(state.pending.values)
        }
        for pending in failed {
            pending.continuation.resume(returning: .failure(.network(operation: "read", code: code)))
        }
    }

    /// Ends the questions whose time is over, and the socket's service where it is older than `age` and unused.
    ///
    /// - Returns: whether the socket has nothing left to do.
    func sweep(at now: ContinuousClock.Instant, age: Duration) -> Bool {
        var late: [Pending] = []
        let isDone = state.withLock { state in
            if state.pending.contains(where: { $0.value.deadline <= now }) {
                for (id, pending) in state.pending where pending.deadline <= now {
                    late.append(pending)
                    state.pending[id] = nil
                }
            }
            if now - born > age { state.isRetired = true }
            return state.isRetired && state.pending.isEmpty
        }
        for pending in late {
            pending.continuation.resume(returning: .failure(.timeout(sawOtherCase: pending.sawOtherCase)))
        }
        return isDone
    }

    /// Takes no further questions; those under way go on.
    func retire() { state.withLock { $0.isRetired = true } }

    /// Whether it may take further questions.
    func isFit(uses: Int) -> Bool { state.withLock { !$0.isRetired && $0.uses < uses } }

    /// Our end as text, for messages; `:0` where the system does not say.
    var localText: String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let address: SocketAddress? = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                guard getsockname(descriptor, raw, &length) == 0 else { return nil }
                return switch Int32(raw.pointee.sa_family) {
                case AF_INET: raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
                case AF_INET6: raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
                default: nil
                }
            }
        }
        return SocketText.text(address)
    }
}

/// Addresses of sockets as Go writes them.
enum SocketText {
    static func text(_ address: SocketAddress?) -> String {
        guard let address, let host = address.ipAddress, let port = address.port else { return ":0" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
