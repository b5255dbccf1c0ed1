import Descriptors
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// Connections that must come through their TLS handshake soon, and of which no other host may have more than its part.
struct GuardedConnections<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    private let wrapped: Wrapped
    private let peers: PeerCounts

    /// - Parameter maximum: As many connections as there may be in all.
    init(_ wrapped: Wrapped, maximum: Int) {
        self.wrapped = wrapped
        peers = PeerCounts(maximum: max(1, maximum / 4))
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let peer = channel.remoteAddress?.ipAddress ?? ""
        guard peers.enter(peer) else {
            return channel.close().flatMap { channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        }
        Descriptors.noteConnection()
        channel.closeFuture.whenComplete { [peers] _ in
            Descriptors.noteConnectionEnd()
            peers.leave(peer)
        }
        return wrapped.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            if let tls = try? pipeline.handler(type: NIOSSLServerHandler.self) {
                try pipeline.addHandler(HandshakeDeadline(), position: .after(tls))
            }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await wrapped.handle(value: value, logger: logger) }
}

/// How many connections each host has; those of this host are not counted.
private final class PeerCounts: Sendable {
    private let maximum: Int
    private let counts = Mutex<[String: Int]>([:])

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Says false where a host has as many connections as it may have.
    func enter(_ peer: String) -> Bool {
        guard Self.isCounted(peer) else { return true }
        return counts.withLock { counts in
            guard counts[peer, default: 0] < maximum else { return false }
            counts[peer, default: 0] += 1
            return true
        }
    }

    func leave(_ peer: String) {
        guard Self.isCounted(peer) else { return }
        counts.withLock { counts in
            let rest = (counts[peer] ?? 0) - 1
            counts[peer] = rest > 0 ? rest : nil
        }
    }

    private static func isCounted(_ peer: String) -> Bool { !peer.hasPrefix("127.") && peer != "::1" }
}

/// Ends a connection whose TLS handshake does not come to its end.
private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private static let patience = TimeAmount.seconds(10)

    private var end: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(mode: .all, promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            end?.cancel()
            end = nil
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
        context.fireChannelInactive()
    }
}
