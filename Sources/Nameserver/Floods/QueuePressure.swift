import CDatagram
import Glibc

/// Keeps one UDP socket's queue open to all sources while some send more than can be answered.
///
/// The kernel drops what is too much of theirs before it is queued (`datagram_limit_sources`), for a fraction of what an
/// answer costs. For the thread that reads the socket.
struct QueuePressure {
    private let socket: UDPSocket
    private var guardian = FloodGuard()

    init(_ socket: UDPSocket) {
        self.socket = socket
    }

    /// Where something is limited, and nothing comes any more: takes limits back in time.
    mutating func waitWhileLimited() {
        while guardian.isActive {
            var descriptor = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, Int32(FloodGuard.interval / 1_000_000)) == 0 else { return }
            step(fill: 0)
        }
    }

    /// To be called after each batch; costs nothing while batches are not full.
    ///
    /// - Parameter isFull: whether more may be queued than the batch had room for.
    mutating func look(at buffers: DatagramBuffers, received: Int, isFull: Bool) {
        guard isFull || guardian.isActive, received > 0 else { return }
        var (used, limit, dropped): (UInt32, UInt32, UInt32) = (0, 0, 0)
        guard datagram_queue(socket.descriptor, &used, &limit, &dropped) == 0, limit > 0 else { return }
        let fill = Double(used) / Double(limit)
        if fill > 0.25 {
            let now = Self.now()
            for index in 0..<received { guardian.note(buffers.source(index), now: now) }
        }
        step(fill: fill)
    }

    private mutating func step(fill: Double) {
        guard guardian.look(fill: fill, now: Self.now()) else { return }
        let shares = guardian.shares.map { source, share in
            datagram_share(source: source, taken: UInt32(share * Double(UInt32.max)))
        }
        // Where the kernel refuses a filter, all sources are taken as before.
        _ = datagram_limit_sources(
            socket.descriptor, socket.address.isIPv6 ? 1 : 0, shares, UInt32(min(shares.count, FloodGuard.mostShares)))
        socket.limitedSources.store(shares.count, ordering: .relaxed)
    }

    private static func now() -> Int64 { Int64(truncatingIfNeeded: MonotonicTime.nanoseconds()) }
}
