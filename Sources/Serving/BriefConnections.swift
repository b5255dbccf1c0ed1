import Descriptors
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Connections of probes and scrapers: each lives a short time, and no host has more than its share.
///
/// Without that, a client that begins requests and never ends them would hold all the connections there may be.
struct BriefConnections<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    /// From accept to the end, whatever is sent meanwhile.
    private static var lifetime: TimeAmount { .seconds(15) }

    private let wrapped: Wrapped
    private let shares: Shares

    /// - Parameter share: the most connections of one address.
    init(_ wrapped: Wrapped, share: Int) {
        self.wrapped = wrapped
        shares = Shares(maximum: share)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let peer = channel.remoteAddress?.ipAddress ?? ""
        guard !Descriptors.areScarce(forProbes: true), shares.enter(peer) else {
            return channel.close().flatMap { channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        }
        let end = channel.eventLoop.scheduleTask(in: Self.lifetime) { channel.close(mode: .all, promise: nil) }
        channel.closeFuture.whenComplete { [shares] _ in
            end.cancel()
            shares.leave(peer)
        }
        return wrapped.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await wrapped.handle(value: value, logger: logger) }
}

/// How many connections each address has.
private final class Shares: Sendable {
    private let maximum: Int
    private let counts = Mutex<[String: Int]>([:])

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Says false where an address has as many as it may have.
    func enter(_ peer: String) -> Bool {
        counts.withLock { counts in
            guard counts[peer, default: 0] < maximum else { return false }
            counts[peer, default: 0] += 1
            return true
        }
    }

    func leave(_ peer: String) {
        counts.withLock { counts in
            let rest = (counts[peer] ?? 0) - 1
            counts[peer] = rest > 0 ? rest : nil
        }
    }
}
