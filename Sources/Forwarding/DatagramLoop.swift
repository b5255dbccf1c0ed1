import CDatagram
import Foundation
import Glibc
import Synchronization

/// The thread that reads what upstreams send to our sockets, and ends questions that wait too long.
///
/// Questions are sent by whoever asks, on its own thread; only replies come together here, in batches.
///
/// `@unchecked Sendable`: the sockets stand behind a lock, the descriptors never change, and the rest is used by the
/// thread alone.
final class DatagramLoop: @unchecked Sendable {
    /// One for the process: it costs a thread, and sleeps while no socket is open.
    static let shared = DatagramLoop()

    /// How exactly deadlines are kept, in milliseconds.
    private static let tick: Int32 = 20
    /// The longest life of a socket: its port is worth less to a forger the shorter it is used.
    static let socketAge = Duration.seconds(5)
    private static let bellToken: UInt64 = 0
    /// How many sockets are told of at once, at most.
    private static let events = 64

    private struct State {
        var sockets: [UInt64: DatagramSocket] = [:]
        var lastToken = DatagramLoop.bellToken
        /// The thread sleeps until the bell rings.
        var isDozing = false
        var isStarted = false
    }

    private let state = Mutex(State())
    let poller = datagram_poller_make()
    private let bell = datagram_bell_make()

    /// Reads a socket from now on, until it is done.
    ///
    /// - Returns: false where the system has no room for it.
    func add(_ socket: DatagramSocket) -> Bool {
        var mustRing = false
        let isAdded = state.withLock { state in
            state.lastToken += 1
            guard poller >= 0, datagram_poller_add(poller, socket.descriptor, state.lastToken) == 0 else {
                return false
            }
            state.sockets[state.lastToken] = socket
            if !state.isStarted {
                state.isStarted = true
                start()
            }
            mustRing = state.isDozing
            state.isDozing = false
            return true
        }
        if mustRing { datagram_bell_ring(bell) }
        return isAdded
    }

    /// Whether a socket is read yet.
    func isReading(_ socket: DatagramSocket) -> Bool {
        state.withLock { $0.sockets.contains { $0.value === socket } }
    }

    private func start() {
        _ = datagram_poller_add(poller, bell, Self.bellToken)
        let thread = Thread { self.run() }
        thread.name = "upstream-replies"
        thread.start()
    }

    private func run() {
        let buffers = ReplyBuffers()
        // Lives as long as the process does. No array: with a slice of one held beside its being written to, it was
        // copied at each turn, and the optimised program never gave the copies back.
        let tokens = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.events)
        tokens.initialize(repeating: 0, count: Self.events)
        var nextSweep = ContinuousClock.now
        while true {
            let wait = state.withLock { state in
                state.isDozing = state.sockets.isEmpty
                return state.isDozing ? -1 : Self.tick
            }
            let count = Int(datagram_poller_wait(poller, tokens, UInt32(Self.events), wait))
            for index in 0..<min(max(count, 0), Self.events) {
                let token = tokens[index]
                if token == Self.bellToken {
                    datagram_bell_silence(bell)
                } else if let socket = state.withLock({ $0.sockets[token] }) {
                    buffers.read(socket)
                }
            }
            let now = ContinuousClock.now
            guard now >= nextSweep else { continue }
            nextSweep = now + .milliseconds(Int(Self.tick))
            for (token, socket) in state.withLock({ $0.sockets }) where socket.sweep(at: now, age: Self.socketAge) {
                // Others may hold the socket for longer, and what comes late would be told of without end.
                datagram_poller_remove(poller, socket.descriptor)
                state.withLock { $0.sockets[token] = nil }
            }
        }
    }
}

/// Room for a batch of replies, laid out for the kernel once; used by one thread.
private struct ReplyBuffers {
    private static let count = 32
    /// Bytes for one reply: more than any upstream was told it may send.
    private static let slot = 4096

    private let datagrams: UnsafeMutablePointer<datagram>
    private let vectors: UnsafeMutablePointer<iovec>
    private let bytes: UnsafeMutableRawPointer

    /// Lives as long as the process does.
    init() {
        datagrams = .allocate(capacity: Self.count)
        vectors = .allocate(capacity: Self.count)
        bytes = .allocate(byteCount: Self.count * Self.slot, alignment: 64)
        for index in 0..<Self.count {
            let place = bytes + index * Self.slot
            (vectors + index).initialize(to: iovec(iov_base: place, iov_len: Self.slot))
            var header = msghdr()
            header.msg_iov = vectors + index
            header.msg_iovlen = 1
            (datagrams + index).initialize(to: datagram(header: header, length: 0))
        }
    }

    /// Reads what a socket has, up to a batch; the poller reports it again where there is more.
    func read(_ socket: DatagramSocket) {
        let count = Int(datagram_receive(socket.descriptor, datagrams, UInt32(Self.count)))
        guard count >= 0 else {
            if errno != EAGAIN && errno != EINTR { socket.fail(code: errno) }
            return
        }
        for index in 0..<min(count, Self.count) {
            let length = min(Int(datagrams[index].length), Self.slot)
            let isCut = datagrams[index].header.msg_flags & Int32(MSG_TRUNC) != 0
            socket.take(UnsafeRawBufferPointer(start: bytes + index * Self.slot, count: length), isCut: isCut)
            datagrams[index].header.msg_flags = 0
        }
    }
}
