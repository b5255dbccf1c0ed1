import CDatagram
import Glibc
import Pipeline
import Synchronization

/// One thread of TCP connections, as other threads reach it.
///
/// `@unchecked Sendable`: `listening` is used by the worker's own thread only, and `peers` written once before it runs;
/// the rest is constant or behind the lock.
final class TCPWorker: @unchecked Sendable {
    /// What other threads have left for the worker's.
    struct Inbox {
        /// Connections, counted already.
        var accepted: [(descriptor: Int32, client: PipelineQuery.Peer)] = []
        /// Replies that were not there at once; no bytes where there is none.
        var replies: [(token: UInt64, bytes: [UInt8])] = []
        /// The listener ends, within so long.
        var ending: Duration?
        fileprivate var isOver = false
    }

    let poller: Int32
    let bell: Int32
    /// The sockets that this worker takes connections from; the first worker has all of them.
    private(set) var listening: [TCPSocket]
    /// Those that share the connections of this one's sockets, this one included.
    fileprivate(set) var peers: [TCPWorker] = []
    private let inbox = Mutex(Inbox())

    /// - Throws: `NameserverError`; the sockets are closed then.
    init(_ listening: [TCPSocket]) throws(NameserverError) {
        poller = datagram_poller_make()
        bell = datagram_bell_make()
        self.listening = listening
        guard poller >= 0, bell >= 0, datagram_poller_add(poller, bell, TCPLoop.bellToken) == 0 else {
            throw NameserverError("wait for connections to", listening.first?.address ?? .loopback(isIPv6: false))
        }
        for (index, socket) in listening.enumerated() {
            let token = TCPLoop.token(ofListener: index)
            guard stream_poller_add(poller, socket.descriptor, token, STREAM_READABLE) == 0 else {
                throw NameserverError("wait for connections to", socket.address)
            }
        }
    }

    deinit {
        for descriptor in [poller, bell] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    func closeListening() { listening = [] }

    // MARK: From other threads

    /// Hands over a connection; false where the worker has ended.
    func hand(_ descriptor: Int32, _ client: PipelineQuery.Peer) -> Bool {
        put { $0.accepted.append((descriptor, client)) }
    }

    /// Hands over a reply; false where the worker has ended.
    func deliver(_ reply: [UInt8], to token: UInt64) -> Bool {
        put { $0.replies.append((token, reply)) }
    }

    /// Has the worker take no more connections, and end once those it has are done, or `limit` is over.
    func end(_ limit: Duration) {
        _ = put { $0.ending = limit }
    }

    /// Has the worker let go of content that was exchanged.
    func renew() { _ = put { _ in } }

    private func put(_ body: (inout Inbox) -> Void) -> Bool {
        let isOver = inbox.withLock { inbox in
            if !inbox.isOver { body(&inbox) }
            return inbox.isOver
        }
        if !isOver { datagram_bell_ring(bell) }
        return !isOver
    }

    // MARK: From the worker's thread

    func takeInbox() -> Inbox {
        inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox
        }
    }

    /// Takes nothing from now on; the connections that have come last are the caller's to close.
    func finish() -> [(descriptor: Int32, client: PipelineQuery.Peer)] {
        inbox.withLock { inbox in
            inbox.isOver = true
            defer { inbox.accepted = [] }
            return inbox.accepted
        }
    }
}

/// The TCP side of a listener: its sockets, and the threads that share their connections.
final class TCPServer: Sendable {
    private let workers: [TCPWorker]
    private let ends: [ThreadEnd]

    /// Begins to answer.
    ///
    /// - Parameters:
    ///   - sockets: bound and listening; closed at the end.
    ///   - count: threads.
    init(
        _ sockets: [TCPSocket], count: Int, _ state: ListenerState, _ environment: StreamListener.Environment
    ) throws(NameserverError) {
        var workers: [TCPWorker] = []
        for index in 0..<max(1, count) { workers.append(try TCPWorker(index == 0 ? sockets : [])) }
        for worker in workers { worker.peers = workers }
        let room = environment.limits.streamBytes(ofEach: workers.count)
        self.workers = workers
        ends = workers.map { worker in
            ThreadEnd {
                TCPLoop(worker, state, environment, room: room).run()
                worker.peers = []
            }
        }
    }

    /// Has threads that nobody asks let go of content that was exchanged.
    func renew() {
        for worker in workers { worker.renew() }
    }

    /// Accepts no more, and closes connections once what they brought is answered, or `limit` is over.
    func stop(_ limit: Duration) async {
        for worker in workers { worker.end(limit) }
        for end in ends { await end.wait() }
    }
}
