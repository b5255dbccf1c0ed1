import AnswerTable
import CDatagram
import Glibc
import Synchronization

/// One thread that answers the queries of one socket, in batches.
///
/// `@unchecked Sendable`: everything but the stop flag is used by the worker's own thread only, from `run` on.
final class UDPWorker: @unchecked Sendable {
    private static let batch = 64
    /// Room for one datagram, in bytes: what is longer than any query has reason to be is cut off by the kernel.
    private static let slot = 4096

    private let socket: UDPSocket
    private let makeResponder: @Sendable () -> Responder
    private let isStopping = Atomic(false)

    init(socket: UDPSocket, makeResponder: @escaping @Sendable () -> Responder) {
        self.socket = socket
        self.makeResponder = makeResponder
    }

    /// Ends `run` soon; the socket is closed by it.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        socket.shutDown()
    }

    /// Answers queries until `stop`. Blocks its thread.
    func run() {
        defer { socket.close() }
        let responder = makeResponder()
        let buffers = DatagramBuffers(count: Self.batch, slot: Self.slot, hasControl: socket.address.isWildcard)
        defer { buffers.deallocate() }
        while !isStopping.load(ordering: .acquiring) {
            buffers.reset()
            let received = Int(datagram_receive(socket.descriptor, buffers.received, UInt32(Self.batch)))
            guard received > 0 else { continue }
            responder.enter()
            var replies = 0
            for index in 0..<received {
                let length = min(Int(buffers.received[index].length), Self.slot - Responder.slack)
                let reply = responder.respond(
                    buffers.memory(index), length: length, capacity: Self.slot, transport: .udp,
                    client: { buffers.clientAddress(index) })
                guard reply > 0 else { continue }
                buffers.prepareReply(replies, to: index, length: reply)
                replies &+= 1
            }
            responder.leave()
            send(buffers, count: replies)
        }
    }

    /// Sends all replies; one that cannot be sent does not keep the others back.
    private func send(_ buffers: DatagramBuffers, count: Int) {
        var sent = 0
        while sent < count {
            let result = datagram_send(socket.descriptor, buffers.replies + sent, UInt32(count &- sent))
            if result > 0 {
                sent &+= Int(result)
            } else if errno != EINTR {
                sent &+= 1
            }
        }
    }
}

/// The memory of a batch of datagrams, laid out for the kernel once and for all.
private struct DatagramBuffers {
    let received: UnsafeMutablePointer<datagram>
    let replies: UnsafeMutablePointer<datagram>
    private let count: Int
    private let slot: Int
    private let hasControl: Bool
    private let bytes: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let names: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer

    private static let nameLength = socklen_t(MemoryLayout<sockaddr_in6>.size)

    init(count: Int, slot: Int, hasControl: Bool) {
        self.count = count
        self.slot = slot
        self.hasControl = hasControl
        received = .allocate(capacity: count)
        replies = .allocate(capacity: count)
        bytes = .allocate(byteCount: count * slot, alignment: 64)
        vectors = .allocate(capacity: count)
        names = .allocate(capacity: count)
        controls = .allocate(byteCount: count * Int(DATAGRAM_CONTROL_LENGTH), alignment: 16)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: count * slot)
        for index in 0..<count {
            (names + index).initialize(to: sockaddr_in6())
            (vectors + index).initialize(
                to: iovec(iov_base: bytes + index * slot, iov_len: slot - Responder.slack))
            var header = msghdr()
            header.msg_name = UnsafeMutableRawPointer(names + index)
            header.msg_iov = vectors + index
            header.msg_iovlen = 1
            (received + index).initialize(to: datagram(header: header, length: 0))
            (replies + index).initialize(to: datagram(header: header, length: 0))
        }
        reset()
    }

    func deallocate() {
        received.deallocate()
        replies.deallocate()
        bytes.deallocate()
        vectors.deallocate()
        names.deallocate()
        controls.deallocate()
    }

    /// Sets what the kernel reads and overwrites in each call.
    func reset() {
        for index in 0..<count {
            vectors[index].iov_len = slot &- Responder.slack
            received[index].header.msg_namelen = Self.nameLength
            received[index].header.msg_control = hasControl ? controls + index &* Int(DATAGRAM_CONTROL_LENGTH) : nil
            received[index].header.msg_controllen = hasControl ? Int(DATAGRAM_CONTROL_LENGTH) : 0
        }
    }

    func memory(_ index: Int) -> UnsafeMutableRawPointer { bytes + index &* slot }

    /// Makes reply number `reply` out of the datagram at `index`, whose memory holds it.
    func prepareReply(_ reply: Int, to index: Int, length: Int) {
        vectors[index].iov_len = length
        if hasControl { datagram_reply_from_destination(&received[index].header) }
        replies[reply].header = received[index].header
        replies[reply].header.msg_flags = 0
    }

    /// The 4 or 16 bytes of the sender's address, in network order.
    func clientAddress(_ index: Int) -> [UInt8] {
        let name = UnsafeRawPointer(names + index)
        guard name.load(as: sa_family_t.self) == sa_family_t(AF_INET6) else {
            return Array(UnsafeRawBufferPointer(start: name + 4, count: 4))
        }
        return Array(UnsafeRawBufferPointer(start: name + 8, count: 16))
    }
}
