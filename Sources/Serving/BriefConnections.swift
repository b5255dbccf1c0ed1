import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypesHTTP1

/// Connections of probes and scrapers: each lives a short time, and no host keeps others out.
///
/// Without that, clients that begin requests and never end them would hold all the connections there may be.
struct BriefConnections<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    private let wrapped: Wrapped
    private let lifetime: TimeAmount
    private let open: OpenConnections

    /// - Parameters:
    ///   - open: those that are open, of other listeners too.
    ///   - lifetime: from accept to the end, whatever is sent meanwhile.
    init(_ wrapped: Wrapped, among open: OpenConnections, lifetime: Duration) {
        self.wrapped = wrapped
        self.open = open
        self.lifetime = TimeAmount(lifetime)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard open.enter(channel) else {
            return channel.close().flatMap { channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        }
        let end = channel.eventLoop.scheduleTask(in: lifetime) { channel.close(mode: .all, promise: nil) }
        channel.closeFuture.whenComplete { [open] _ in
            end.cancel()
            open.leave(channel)
        }
        return wrapped.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(SingleRequests(), position: .before(codec))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await wrapped.handle(value: value, logger: logger) }
}
