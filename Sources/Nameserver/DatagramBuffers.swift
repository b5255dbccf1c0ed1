import CDatagram
import Glibc
import Pipeline
import Registry

/// The memory of a batch of datagrams, laid out for the kernel once and for all.
struct DatagramBuffers {
    let received: UnsafeMutablePointer<datagram>
    let replies: UnsafeMutablePointer<datagram>
    private let count: Int
    private let slot: Int
    /// Bytes from one datagram's room to the next one's: not a power of two, as the beginnings of all datagrams would
    /// fall on the same few lines of the processor's first cache then.
    private let stride: Int
    private let hasControl: Bool
    private let bytes: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let names: UnsafeMutablePointer<sockaddr_in6>
    private let controls: UnsafeMutableRawPointer

    private static let nameLength = socklen_t(MemoryLayout<sockaddr_in6>.size)

    /// - Parameters:
    ///   - slot: room for one datagram, in bytes.
    ///   - hasControl: whether datagrams come with the address they were sent to.
    init(count: Int, slot: Int, hasControl: Bool) {
        self.count = count
        self.slot = slot
        stride = slot + 192
        self.hasControl = hasControl
        received = .allocate(capacity: count)
        replies = .allocate(capacity: count)
        bytes = Self.zeroedPages(count * stride)
        vectors = .allocate(capacity: count)
        names = .allocate(capacity: count)
        controls = .allocate(byteCount: count * Int(DATAGRAM_CONTROL_LENGTH), alignment: 16)
        for index in 0..<count {
            (names + index).initialize(to: sockaddr_in6())
            (vectors + index).initialize(
                to: iovec(iov_base: bytes + index * stride, iov_len: slot - Responder.slack))
            var header = msghdr()
            header.msg_name = UnsafeMutableRawPointer(names + index)
            header.msg_iov = vectors + index
            header.msg_iovlen = 1
            (received + index).initialize(to: datagram(header: header, length: 0))
            (replies + index).initialize(to: datagram(header: header, length: 0))
        }
        reset(count)
    }

    /// Memory that the system hands over as it is used: a worker that has little to do uses few of its slots.
    private static func zeroedPages(_ size: Int) -> UnsafeMutableRawPointer {
        let pages = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else { preconditionFailure("no memory for \(size) bytes of datagrams") }
        return pages
    }

    func deallocate() {
        received.deallocate()
        replies.deallocate()
        munmap(bytes, count * stride)
        vectors.deallocate()
        names.deallocate()
        controls.deallocate()
    }

    /// Sets what the kernel reads, and overwrites in each call that receives `number` datagrams; nothing where that is
    /// negative, as of a call that failed.
    func reset(_ number: Int) {
        for index in 0..<max(0, min(number, count)) {
            vectors[index].iov_len = slot &- Responder.slack
            received[index].header.msg_namelen = Self.nameLength
            received[index].header.msg_control = hasControl ? controls + index &* Int(DATAGRAM_CONTROL_LENGTH) : nil
            received[index].header.msg_controllen = hasControl ? Int(DATAGRAM_CONTROL_LENGTH) : 0
        }
    }

    func memory(_ index: Int) -> UnsafeMutableRawPointer { bytes + index &* stride }

    /// Makes reply number `reply` out of the datagram at `index`, whose memory holds it.
    func prepareReply(_ reply: Int, to index: Int, length: Int) {
        vectors[index].iov_len = length
        if hasControl { datagram_reply_from_destination(&received[index].header) }
        replies[reply].header = received[index].header
        replies[reply].header.msg_flags = 0
    }

    /// The sender of a datagram, as the kernel has it.
    func name(_ index: Int) -> sockaddr_in6 { names[index] }

    /// The sender's address and port.
    func client(_ index: Int) -> PipelineQuery.Peer {
        let name = UnsafeRawPointer(names + index)
        let port = UInt16(bigEndian: name.load(fromByteOffset: 2, as: UInt16.self))
        let isIPv6 = name.load(as: sa_family_t.self) == sa_family_t(AF_INET6)
        return .init(IPAddress(networkBytes: name + (isIPv6 ? 8 : 4), isIPv6: isIPv6), port: port)
    }

    /// The sender's address, the first eight bytes of an IPv6 one, as a number.
    func source(_ index: Int) -> UInt64 {
        let name = UnsafeRawPointer(names + index)
        return name.load(as: sa_family_t.self) == sa_family_t(AF_INET6)
            ? UInt64(bigEndian: name.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            : UInt64(UInt32(bigEndian: name.load(fromByteOffset: 4, as: UInt32.self)))
    }

    /// The address a datagram was sent to; nil where the socket's own says so.
    func destination(_ index: Int) -> IPAddress? {
        guard hasControl else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { address in
            guard let base = address.baseAddress else { return nil }
            let length = datagram_destination(&received[index].header, base)
            return length > 0 ? IPAddress(networkBytes: base, isIPv6: length == 16) : nil
        }
    }

    /// The control data of a reply to a datagram.
    func replyControl(_ index: Int) -> [UInt8] {
        guard hasControl else { return [] }
        datagram_reply_from_destination(&received[index].header)
        let header = received[index].header
        return Array(UnsafeRawBufferPointer(start: header.msg_control, count: Int(header.msg_controllen)))
    }
}

extension IPAddress {
    /// The address of 4 or 16 bytes in network order.
    init(networkBytes bytes: UnsafeRawPointer, isIPv6: Bool) {
        self =
            isIPv6
            ? .v6(UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self)))
            : .v4(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    }
}
