import Descriptors
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Synchronization

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

/// The connections that are open, with their places. Any thread.
final class OpenConnections: Sendable {
    private struct State {
        var places: ConnectionPlaces<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - maximum: the most connections at a time.
    ///   - share: the most of one address.
    init(_ maximum: Int, share: Int) {
        state = Mutex(State(places: ConnectionPlaces(maximum, share: share)))
    }

    /// Says false where there is no place for a connection; closes another one where it gets its place.
    func enter(_ channel: any Channel) -> Bool {
        let (id, host) = (ObjectIdentifier(channel), channel.remoteAddress?.ipAddress ?? "")
        let isShort = Descriptors.areScarce(forProbes: true)
        let (isTaken, former) = state.withLock { state -> (Bool, (any Channel)?) in
            switch state.places.enter(id, of: host, isShort: isShort) {
            case .refused: return (false, nil)
            case .taken:
                state.channels[id] = channel
                return (true, nil)
            case .takenOver(let former):
                state.channels[id] = channel
                return (true, state.channels[former])
            }
        }
        if isTaken { Descriptors.noteConnection() }
        former?.close(mode: .all, promise: nil)
        return isTaken
    }

    /// A connection that has entered is closed.
    func leave(_ channel: any Channel) {
        Descriptors.noteConnectionEnd()
        state.withLock { state in
            state.places.leave(ObjectIdentifier(channel))
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }
}

/// Has connections of HTTP/1.0 end after their first answer (RFC 9112 §9.3): their clients may wait for the end.
///
/// Confined to the connection's event loop.
private final class SingleRequests: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), !head.isKeepAlive else {
            return context.fireChannelRead(data)
        }
        // What the version implies and the request does not say: the server looks for this field only.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
