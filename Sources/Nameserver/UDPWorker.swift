import CDatagram
import Glibc
import Pipeline
import Registry
import Synchronization

/// One thread that answers the queries of one socket, in batches.
///
/// `@unchecked Sendable`: everything but the stop flag is used by the worker's own thread only, from `run` on.
final class UDPWorker: @unchecked Sendable {
    private static let batch = 64
    /// Room for one datagram, in bytes: what is longer than any query has reason to be is cut off by the kernel.
    private static let slot = 4096
    /// The time that a worker has a processor for before others of its rank have theirs, in nanoseconds. Short, so that it
    /// need not wait for those that work longer: a batch takes less.
    private static let slice: UInt64 = 200_000
    /// How long the last datagrams may take from the kernel's choice of this socket to its queue, in milliseconds.
    private static let stragglers: Int32 = 10

    let socket: UDPSocket
    private let state: ListenerState
    private let isStopping = Atomic(false)

    init(_ socket: UDPSocket, _ state: ListenerState) {
        self.socket = socket
        self.state = state
    }

    /// Ends `run` soon, after what has come so far.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        socket.endWaiting()
    }

    /// Answers queries until `stop`, and then those that the kernel has queued. Blocks its thread.
    func run() {
        // Where the system does not grant it, it is only later at times.
        _ = thread_set_slice(Self.slice)
        let responder = Responder(state, transport: .udp)
        let buffers = DatagramBuffers(count: Self.batch, slot: Self.slot, hasControl: socket.address.isWildcard)
        let ahead = LookAhead(count: Self.batch)
        defer {
            buffers.deallocate()
            ahead.deallocate()
        }
        var pressure = QueuePressure(socket)
        while !isStopping.load(ordering: .acquiring) {
            pressure.waitWhileLimited()
            let received = datagram_receive(socket.descriptor, buffers.received, UInt32(Self.batch))
            answer(received, buffers, responder, ahead)
            pressure.look(at: buffers, received: Int(received), isFull: received == Self.batch)
            buffers.reset(Int(received))
        }
        state.counters.retire(socket)
        socket.leaveGroup()
        drain(buffers, responder, ahead)
        poll(nil, 0, Self.stragglers)
        drain(buffers, responder, ahead)
    }

    private func drain(_ buffers: DatagramBuffers, _ responder: Responder, _ ahead: LookAhead) {
        // An error that waits in the socket is reported once, in place of the queue; hence the second look.
        var failures = 0
        while failures < 2 {
            let received = datagram_receive_queued(socket.descriptor, buffers.received, UInt32(Self.batch))
            answer(received, buffers, responder, ahead)
            buffers.reset(Int(received))
            failures = received > 0 ? 0 : failures + 1
        }
    }

    private func answer(
        _ received: Int32, _ buffers: DatagramBuffers, _ responder: Responder, _ ahead: LookAhead
    ) {
        guard received > 0 else { return responder.batch {} }
        responder.enter()
        if received >= LookAhead.leastQueries, let table = responder.largeTable {
            ahead.fetch(buffers, count: Int(received), from: table)
        }
        let isIPv6 = socket.address.isIPv6
        let limits = responder.rateLimits
        var replies = 0
        for index in 0..<Int(received) {
            // A socket that is shut down reports a datagram of no length and no sender.
            guard buffers.received[index].header.msg_namelen > 0 else { continue }
            let outcome = responder.respond(
                buffers.memory(index), length: min(Int(buffers.received[index].length), Self.slot - Responder.slack),
                capacity: Self.slot, isIPv6: isIPv6,
                from: DatagramOrigin(buffers: buffers, index: index, socket: socket, responder: responder))
            guard case .reply(var length) = outcome else { continue }
            if let limits {
                let reply = UnsafeMutableRawBufferPointer(start: buffers.memory(index), count: length)
                let client = buffers.client(index).address
                let left = limits.lengthToSend(
                    of: reply, to: client, isProven: responder.isProven, responder.counters.count)
                guard let left else { continue }
                length = left
            }
            buffers.prepareReply(replies, to: index, length: length)
            replies &+= 1
        }
        responder.leave()
        send(buffers, count: replies, responder)
    }

    /// Sends all replies; one that cannot be sent does not keep the others back.
    private func send(_ buffers: DatagramBuffers, count: Int, _ responder: Responder) {
        var sent = 0
        while sent < count {
            let result = datagram_send(socket.descriptor, buffers.replies + sent, UInt32(count &- sent))
            if result > 0 {
                sent &+= Int(result)
            } else if errno != EINTR {
                responder.counters.count(.unsendable)
                sent &+= 1
            }
        }
    }
}

/// A datagram in its batch.
private struct DatagramOrigin: QueryOrigin {
    let buffers: DatagramBuffers
    let index: Int
    let socket: UDPSocket
    /// The worker's, which is there for as long as its batch: no reference need be counted.
    unowned(unsafe) let responder: Responder

    var client: PipelineQuery.Peer { buffers.client(index) }

    var server: PipelineQuery.Peer {
        .init(buffers.destination(index) ?? socket.address.ipAddress, port: socket.address.port)
    }

    func makeReturnPath() -> ReturnPath {
        let (socket, name, control) = (socket, buffers.name(index), buffers.replyControl(index))
        guard let limits = responder.rateLimits, !responder.isProven else {
            return { reply in reply.isEmpty || socket.send(reply, to: name, control: control) }
        }
        let (client, state) = (client.address, responder.state)
        return { reply in
            guard !reply.isEmpty else { return true }
            var reply = reply
            let left = reply.withUnsafeMutableBytes { bytes in
                limits.lengthToSend(of: bytes, to: client, isProven: false) { drop in
                    state.countLate(.udp) { $0.count(drop) }
                }
            }
            guard let left else { return true }
            return socket.send(Array(reply.prefix(left)), to: name, control: control)
        }
    }
}
