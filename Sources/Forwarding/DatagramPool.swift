import Corefile
import Glibc
import NIOCore
import Synchronization

/// The sockets towards one upstream: a few at random ports, each of which is soon replaced by another one.
///
/// A question goes out on a socket drawn at random (RFC 5452 §9.2).
final class DatagramPool: Sendable {
    /// The sockets open at the same time, those apart that only wait for replies.
    static let socketLimit = 16
    /// The questions that one socket takes.
    static let usesOfSocket = 128

    struct Failure: Error {
        var reason: UpstreamFailure
        /// Replies came that were not taken for the case of their letters alone.
        var sawOtherCase: Bool

        init(_ reason: UpstreamFailure, sawOtherCase: Bool = false) {
            self.reason = reason
            self.sawOtherCase = sawOtherCase
        }
    }

    private let place: UpstreamPlace
    private let loop: DatagramLoop
    private let metrics: UpstreamMetrics
    private let areDescriptorsScarce: @Sendable () -> Bool
    /// A socket that the loop reads, which alone keeps it: one that is done is closed then, not when another one is
    /// drawn in its place.
    private struct Slot {
        weak var socket: DatagramSocket?
    }

    private let slots = Mutex([Slot](repeating: Slot(), count: socketLimit))

    /// - Parameter areDescriptorsScarce: no further socket is opened then, where there is one.
    init(
        _ place: UpstreamPlace, loop: DatagramLoop, metrics: UpstreamMetrics,
        areDescriptorsScarce: @escaping @Sendable () -> Bool
    ) {
        self.place = place
        self.areDescriptorsScarce = areDescriptorsScarce
        self.loop = loop
        self.metrics = metrics
    }

    /// Sends a message and waits for its reply; see `DatagramSocket.exchange`.
    nonisolated(nonsending) func exchange(
        _ message: [UInt8], questionEnd: Int, isExact: Bool, until deadline: ContinuousClock.Instant
    ) async -> Result<DatagramReply, Failure> {
        for _ in 0..<8 {
            let socket: DatagramSocket
            do {
                socket = try drawSocket()
            } catch {
                return .failure(Failure(failure(error.code)))
            }
            let result = await socket.exchange(
                message, questionEnd: questionEnd, isExact: isExact, until: deadline)
            switch result {
            case .success(let reply): return .success(reply)
            case .failure(.retired): continue
            case .failure(.busy):
                return .failure(Failure(UpstreamFailure(.busy, "too many questions for \(place) under way")))
            case .failure(.timeout(let sawOtherCase)):
                let failure = UpstreamFailure(
                    .timeout, operation: "read", proto: "udp", local: socket.localText, remote: "\(place)",
                    "i/o timeout")
                return .failure(Failure(failure, sawOtherCase: sawOtherCase))
            case .failure(.network(let operation, let code)):
                let failure = UpstreamFailure(
                    .network, operation: operation, proto: "udp", local: socket.localText, remote: "\(place)",
                    "\(operation): \(SocketErrorText.text(code))")
                return .failure(Failure(failure))
            }
        }
        return .failure(Failure(UpstreamFailure(.busy, "no socket for \(place)")))
    }

    private func failure(_ code: Int32) -> UpstreamFailure {
        UpstreamFailure(
            .network, operation: "dial", proto: "udp", remote: "\(place)",
            "connect: \(SocketErrorText.text(code))")
    }

    private func drawSocket() throws(DatagramSocket.SystemError) -> DatagramSocket {
        let slot = Int(RandomBits.shared.next() % UInt64(Self.socketLimit))
        if let socket = slots.withLock({ $0[slot].socket }), socket.isFit(uses: Self.usesOfSocket) {
            metrics.countReuse(.udp)
            return socket
        }
        if areDescriptorsScarce(), let socket = anySocket() {
            metrics.countReuse(.udp)
            return socket
        }
        metrics.countConnection(.udp)
        guard let address = place.socketAddress else { throw DatagramSocket.SystemError(code: ENODEV) }
        let socket = try DatagramSocket(address) { [metrics] cause in metrics.countIgnored(cause) }
        guard loop.add(socket) else { throw DatagramSocket.SystemError(code: EMFILE) }
        let former = slots.withLock { slots in
            defer { slots[slot].socket = socket }
            return slots[slot].socket
        }
        former?.retire()
        return socket
    }

    /// A socket that takes questions, however many it has had; nil where there is none.
    private func anySocket() -> DatagramSocket? {
        var random = SharedRandomBits()
        return slots.withLock { $0 }.compactMap(\.socket).filter { $0.isFit(uses: .max) }.randomElement(using: &random)
    }
}
