import CDatagram
import Glibc
import Pipeline
import Registry

/// Answers the queries of many TCP connections on one thread (RFC 7766): as many of each as come, those of one read as
/// one batch and with one write; replies that take time come after those that do not (§6.2.1.1).
///
/// Confined to the thread of its worker. What a connection may keep here is bounded: 64 KiB of queries, `unsentBytes`
/// and one batch (128 KiB) of replies, and all connections together `ServingLimits.streamBytes`. Queries are taken only as
/// fast as the client takes the replies; what takes too long to come or to be taken ends the connection.
final class TCPLoop {
    /// The most events of one turn.
    private static let events = 64
    /// Connections taken from one listening socket in one turn.
    private static let accepts = 64
    /// Replies of one batch, in bytes: the last one may go beyond.
    private static let batch = 65536
    /// Batches of one connection in one turn; then the others have theirs.
    private static let batches = 4
    /// Replies that were not there at once, for a client that does not take them, in bytes: with more the connection
    /// ends.
    private static let unsentBytes = 256 << 10
    /// Between two looks at the deadlines of all connections, in milliseconds.
    private static let sweep: UInt64 = 10
    /// How long no connection is taken after descriptors or memory have run out, in milliseconds.
    private static let acceptPause: UInt64 = 100
    /// How long a connection goes on reading once its listener ends, in milliseconds: what the kernel holds by then.
    private static let lastRead: UInt64 = 20

    /// Tokens of what is no connection; those have the bit clear.
    private static let listenerToken: UInt64 = 1 << 63
    static let bellToken = UInt64.max
    static func token(ofListener index: Int) -> UInt64 { listenerToken | UInt64(index) }

    private let worker: TCPWorker
    private let responder: Responder
    private let limits: ConnectionLimits
    private let count: ConnectionCount?
    /// Queries of a connection under way at a time.
    private let most: Int
    private let room: ConnectionRoom

    /// By slot, side by side: a look at all deadlines reads nothing else.
    private var connections: [TCPConnection?] = []
    private var deadlines: [UInt64] = []
    /// Tell a connection from the former one of its slot.
    private var generations: [UInt32] = []
    private var free: [Int] = []
    private var open = 0
    /// Connections that have more to answer than one turn takes.
    private var again: [UInt64] = []

    /// Milliseconds of a clock that only moves on, as of this turn.
    private var now: UInt64 = 0
    private var nextSweep = UInt64.max
    /// Whether the end has come to where nothing more is read.
    private var isReadingOver = false
    /// When connections are taken again.
    private var acceptsFrom: UInt64 = 0
    private var isAcceptPaused = false
    private var nextWorker = 0
    /// When the listener ends: reading, and at all.
    private var ending: (reading: UInt64, all: UInt64)?
    private var timeouts = Timeouts()
    private var milliseconds = (idle: 0 as UInt64, read: 0 as UInt64, write: 0 as UInt64)

    private static let inputLength = StreamFraming.maximumFrame + 15
    private let input: UnsafeMutableRawPointer
    private static let outputLength = batch + StreamFraming.maximumFrame + Responder.slack
    private let output: UnsafeMutableRawPointer

    /// - Parameter room: the bytes that the connections of the thread may keep, all together.
    init(_ worker: TCPWorker, _ state: ListenerState, _ environment: StreamListener.Environment, room: Int) {
        self.worker = worker
        self.room = ConnectionRoom(most: room)
        responder = Responder(state, transport: .tcp)
        limits = environment.connections
        count = environment.counts[.tcp]
        most = environment.limits.queriesPerConnection
        // Pages of it that nobody uses are never touched.
        input = .allocate(byteCount: Self.inputLength + Responder.slack, alignment: 16)
        output = .allocate(byteCount: Self.outputLength, alignment: 16)
        takeTimeouts()
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    // MARK: Turns

    /// Blocks its thread until the worker is asked to end, and its connections have ended or the time is over.
    func run() {
        withUnsafeTemporaryAllocation(of: stream_event.self, capacity: Self.events) { events in
            guard let base = events.baseAddress else { return }
            now = Self.clock()
            while !isOver {
                let found = stream_poller_wait(worker.poller, base, UInt32(Self.events), patience)
                now = Self.clock()
                for event in events.prefix(Int(max(0, found))) { take(event) }
                continueOthers()
                if now >= nextSweep { endLate() }
                if isAcceptPaused, now >= acceptsFrom { resumeAccepting() }
                if let ending { end(ending, isQuiet: found <= 0 && again.isEmpty) }
            }
        }
        for slot in connections.indices where connections[slot] != nil { close(slot) }
        for accepted in worker.finish() { release(accepted.descriptor, accepted.client) }
    }

    private static func clock() -> UInt64 { MonotonicTime.nanoseconds() / 1_000_000 }

    private var isOver: Bool {
        guard let ending else { return false }
        return open == 0 && now >= ending.reading || now >= ending.all
    }

    /// How long the poller may wait, in its terms.
    private var patience: Int32 {
        if !again.isEmpty { return 0 }
        var next = nextSweep
        if isAcceptPaused { next = min(next, acceptsFrom) }
        if let ending { next = min(next, now < ending.reading ? ending.reading : isReadingOver ? ending.all : now) }
        guard next != .max else { return -1 }
        return next <= now ? 0 : Int32(clamping: next - now)
    }

    private func take(_ event: stream_event) {
        if event.token == Self.bellToken {
            takeInbox()
        } else if event.token & Self.listenerToken != 0 {
            accept(Int(event.token & ~Self.listenerToken))
        } else if let slot = slot(event.token) {
            if event.news & STREAM_WRITABLE != 0 { sendUnsent(slot) }
            // A connection that is broken says so in reading, which may be off for now.
            if event.news & (STREAM_READABLE | STREAM_BROKEN) != 0, connections[slot] != nil {
                receive(slot, isBroken: event.news & STREAM_BROKEN != 0)
            }
        }
    }

    private func takeInbox() {
        datagram_bell_silence(worker.bell)
        responder.batch {}
        let inbox = worker.takeInbox()
        for accepted in inbox.accepted { add(accepted.descriptor, accepted.client) }
        for reply in inbox.replies { deliver(reply.bytes, to: reply.token) }
        if let limit = inbox.ending, ending == nil { beginEnding(limit) }
    }

    private func continueOthers() {
        let tokens = again
        again.removeAll(keepingCapacity: true)
        for token in tokens {
            if let slot = slot(token) { answerPending(slot) }
        }
    }

    // MARK: Connections

    private func token(_ slot: Int) -> UInt64 { UInt64(generations[slot]) << 32 | UInt64(slot) }

    /// nil where the connection has ended since.
    private func slot(_ token: UInt64) -> Int? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count, token >> 32 == UInt64(generations[slot]), connections[slot] != nil else {
            return nil
        }
        return slot
    }

    private func accept(_ index: Int, atMost number: Int = accepts) {
        guard index < worker.listening.count else { return }
        for _ in 0..<number {
            var peer = sockaddr_in6()
            let descriptor = stream_accept(worker.listening[index].descriptor, &peer)
            if descriptor < 0 {
                switch errno {
                case EAGAIN: return
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pauseAccepting()
                // The connection that was to be taken is gone; others are not.
                default: continue
                }
            }
            let client = PipelineQuery.Peer(peer)
            guard limits.enter(client.address, .tcp) else {
                Glibc.close(descriptor)
                continue
            }
            count?.enter()
            nextWorker &+= 1
            let target = worker.peers.isEmpty ? nil : worker.peers[nextWorker % worker.peers.count]
            if let target, target !== worker, ending == nil, target.hand(descriptor, client) { continue }
            add(descriptor, client)
        }
    }

    private func pauseAccepting() {
        isAcceptPaused = true
        acceptsFrom = now + Self.acceptPause
        for (index, listening) in worker.listening.enumerated() {
            _ = stream_poller_change(worker.poller, listening.descriptor, Self.token(ofListener: index), 0)
        }
    }

    private func resumeAccepting() {
        isAcceptPaused = false
        for (index, listening) in worker.listening.enumerated() {
            _ = stream_poller_change(
                worker.poller, listening.descriptor, Self.token(ofListener: index), STREAM_READABLE)
        }
    }

    private func add(_ descriptor: Int32, _ client: PipelineQuery.Peer) {
        let slot = free.popLast() ?? connections.count
        if slot == connections.count {
            connections.append(nil)
            deadlines.append(.max)
            generations.append(0)
        }
        guard stream_poller_add(worker.poller, descriptor, token(slot), STREAM_READABLE) == 0 else {
            free.append(slot)
            return release(descriptor, client)
        }
        connections[slot] = TCPConnection(descriptor, client, room: room)
        open += 1
        setDeadline(slot, .idle, isProgress: true)
    }

    private func close(_ slot: Int) {
        guard let connection = connections[slot] else { return }
        connection.leaveRoom()
        connections[slot] = nil
        deadlines[slot] = .max
        generations[slot] = (generations[slot] &+ 1) & 0x7fff_ffff
        free.append(slot)
        open -= 1
        // The poller forgets it by itself.
        release(connection.descriptor, connection.client)
    }

    private func release(_ descriptor: Int32, _ client: PipelineQuery.Peer) {
        Glibc.close(descriptor)
        limits.leave(client.address, .tcp)
        count?.leave()
    }

    // MARK: Queries

    private func receive(_ slot: Int, isBroken: Bool) {
        guard let connection = connections[slot] else { return }
        if isBroken, connection.interest & STREAM_READABLE == 0 { return close(slot) }
        let carried = connection.pending.count
        guard !connection.isInputOver, carried < Self.inputLength, !connection.hasWholeQuery else {
            return answerPending(slot)
        }
        connection.pending.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { input.copyMemory(from: base, byteCount: carried) }
        }
        let count = recv(connection.descriptor, input + carried, Self.inputLength - carried, 0)
        if count > 0 {
            answer(slot, connection, length: carried + count)
        } else if count == 0 {
            // What was asked is answered, then the connection ends.
            connection.isInputOver = true
            proceed(slot, connection, isProgress: false)
        } else if errno != EAGAIN, errno != EINTR {
            close(slot)
        }
    }

    private func answerPending(_ slot: Int) {
        guard let connection = connections[slot] else { return }
        let length = min(connection.pending.count, Self.inputLength)
        connection.pending.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { input.copyMemory(from: base, byteCount: length) }
        }
        answer(slot, connection, length: length)
    }

    /// Answers the queries in the first bytes of `input`, and keeps the rest for the next time.
    private func answer(_ slot: Int, _ connection: TCPConnection, length: Int) {
        let token = token(slot)
        let isIPv6 = if case .v6 = connection.client.address { true } else { false }
        var position = 0
        var isProgress = false
        for _ in 0..<Self.batches {
            guard connection.unsent.isEmpty else { break }
            let start = position
            var written = 0
            responder.enter()
            while written < Self.batch, connection.underWay < most,
                let count = StreamFraming.length(
                    in: UnsafeRawBufferPointer(start: input + position, count: length - position))
            {
                let message = output + written + StreamFraming.lengthBytes
                message.copyMemory(from: input + position + StreamFraming.lengthBytes, byteCount: count)
                position += StreamFraming.lengthBytes + count
                let outcome = responder.respond(
                    message, length: count, capacity: StreamFraming.maximumMessage, isIPv6: isIPv6,
                    from: Origin(worker: worker, connection: connection, token: token))
                switch outcome {
                case .reply(let count):
                    StreamFraming.store(length: count, at: output + written)
                    written += StreamFraming.lengthBytes + count
                case .later: connection.underWay += 1
                case .silence: break
                }
            }
            responder.leave()
            guard position > start else { break }
            isProgress = true
            if written > 0, !send(slot, connection, UnsafeRawBufferPointer(start: output, count: written)) { return }
        }
        if position < length || !connection.pending.isEmpty {
            connection.pending = Array(UnsafeRawBufferPointer(start: input + position, count: length - position))
        }
        proceed(slot, connection, isProgress: isProgress)
    }

    /// A reply has come that was not there at once; empty where there is none.
    private func deliver(_ reply: [UInt8], to token: UInt64) {
        guard let slot = slot(token), let connection = connections[slot] else { return }
        connection.underWay -= 1
        if !reply.isEmpty, reply.count <= StreamFraming.maximumMessage {
            StreamFraming.store(length: reply.count, at: output)
            reply.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress {
                    (output + StreamFraming.lengthBytes).copyMemory(from: base, byteCount: bytes.count)
                }
            }
            let frame = UnsafeRawBufferPointer(start: output, count: StreamFraming.lengthBytes + reply.count)
            guard send(slot, connection, frame) else { return }
        }
        if connection.hasWholeQuery {
            answerPending(slot)
        } else {
            proceed(slot, connection, isProgress: true)
        }
    }

    // MARK: Replies

    /// Sends what the system takes, after what it has not taken yet, and keeps the rest; false where that has ended the
    /// connection.
    private func send(_ slot: Int, _ connection: TCPConnection, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        if connection.unsent.isEmpty {
            switch take(connection, bytes) {
            case nil:
                close(slot)
                return false
            case bytes.count?: return true
            case let count?: rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
            }
        } else if connection.unsent.count - connection.sent > Self.unsentBytes {
            close(slot)
            return false
        }
        connection.unsent += rest
        return true
    }

    /// The bytes that the system has taken; nil where the connection is over.
    private func take(_ connection: TCPConnection, _ bytes: UnsafeRawBufferPointer) -> Int? {
        while true {
            let count = Glibc.send(connection.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { return nil }
        }
    }

    private func sendUnsent(_ slot: Int) {
        guard let connection = connections[slot], !connection.unsent.isEmpty else { return }
        let count = connection.unsent.withUnsafeBytes { bytes in
            take(connection, UnsafeRawBufferPointer(rebasing: bytes[connection.sent...]))
        }
        guard let count else { return close(slot) }
        connection.sent += count
        if connection.sent == connection.unsent.count {
            connection.unsent = []
            connection.sent = 0
            if connection.hasWholeQuery { return answerPending(slot) }
        }
        proceed(slot, connection, isProgress: count > 0)
    }

    // MARK: What is waited for

    /// Ends the connection where all is done or it keeps too much, and otherwise says what it waits for.
    private func proceed(_ slot: Int, _ connection: TCPConnection, isProgress: Bool) {
        let isWaiting = !connection.unsent.isEmpty
        let mayTake = !isWaiting && connection.underWay < most
        let hasWholeQuery = connection.pending.isEmpty ? false : connection.hasWholeQuery
        if connection.isInputOver, !isWaiting, connection.underWay == 0, !hasWholeQuery { return close(slot) }
        if !connection.tellRoom() { return close(slot) }
        if hasWholeQuery, mayTake { again.append(token(slot)) }
        let readable = mayTake && !hasWholeQuery && !connection.isInputOver ? STREAM_READABLE : 0
        let interest = readable | (isWaiting ? STREAM_WRITABLE : 0)
        if interest != connection.interest {
            connection.interest = interest
            guard stream_poller_change(worker.poller, connection.descriptor, token(slot), interest) == 0 else {
                return close(slot)
            }
        }
        if isWaiting {
            setDeadline(slot, .writing, isProgress: isProgress)
        } else if !connection.pending.isEmpty, mayTake {
            setDeadline(slot, .reading, isProgress: isProgress)
        } else {
            setDeadline(slot, connection.underWay > 0 ? .answering : .idle, isProgress: isProgress)
        }
    }

    /// - Parameter isProgress: a query has come whole, or replies have been taken: what is waited for begins anew.
    private func setDeadline(_ slot: Int, _ activity: TCPConnection.Activity, isProgress: Bool) {
        guard isProgress || connections[slot]?.activity != activity else { return }
        if responder.content.timeouts != timeouts { takeTimeouts() }
        connections[slot]?.activity = activity
        let deadline: UInt64 =
            switch activity {
            case .idle: now &+ milliseconds.idle
            case .reading: now &+ milliseconds.read
            case .writing: now &+ milliseconds.write
            case .answering: .max
            }
        deadlines[slot] = deadline
        if deadline < nextSweep { nextSweep = deadline }
    }

    private func takeTimeouts() {
        timeouts = responder.content.timeouts
        func milliseconds(_ time: Duration) -> UInt64 {
            let (seconds, attoseconds) = time.components
            return UInt64(clamping: min(seconds, 1 << 40)) &* 1000
                &+ UInt64(clamping: attoseconds / 1_000_000_000_000_000)
        }
        self.milliseconds = (
            milliseconds(timeouts.idle), milliseconds(timeouts.read), milliseconds(timeouts.write)
        )
    }

    /// Ends the connections whose time is over.
    private func endLate() {
        var next = UInt64.max
        for slot in deadlines.indices {
            let deadline = deadlines[slot]
            if deadline <= now { close(slot) } else if deadline < next { next = deadline }
        }
        nextSweep = next == .max ? .max : max(next, now + Self.sweep)
    }

    // MARK: The end

    private func beginEnding(_ limit: Duration) {
        let (seconds, attoseconds) = limit.components
        let time = UInt64(clamping: seconds) &* 1000 &+ UInt64(clamping: attoseconds / 1_000_000_000_000_000)
        // What was done since the last look at the clock may have taken long.
        now = Self.clock()
        ending = (min(now + Self.lastRead, now + time), now + time)
        // Clients that the kernel has connected already are not sent away.
        for index in worker.listening.indices { accept(index, atMost: Int(TCPSocket.backlog)) }
        worker.closeListening()
        isAcceptPaused = false
    }

    /// What clients had sent before the end is read, however long that takes within the limit.
    ///
    /// - Parameter isQuiet: whether the last look at the sockets found nothing.
    private func end(_ ending: (reading: UInt64, all: UInt64), isQuiet: Bool) {
        guard now >= ending.reading, isQuiet || isReadingOver else { return }
        isReadingOver = true
        for slot in connections.indices {
            guard let connection = connections[slot], !connection.isInputOver else { continue }
            connection.isInputOver = true
            proceed(slot, connection, isProgress: false)
        }
    }

    private struct Origin: QueryOrigin {
        let worker: TCPWorker
        let connection: TCPConnection
        let token: UInt64

        var client: PipelineQuery.Peer { connection.client }
        var server: PipelineQuery.Peer { connection.server }

        func makeReturnPath() -> ReturnPath {
            let (worker, token) = (worker, token)
            return { reply in worker.deliver(reply, to: token) }
        }
    }
}
