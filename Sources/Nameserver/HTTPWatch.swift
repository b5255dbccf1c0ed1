import NIOCore
import NIOHTTPTypes

/// Ends an HTTP connection that brings no request in time or does not take its responses, and one whose listener ends
/// once its requests are answered.
///
/// Stands before TLS; confined to the connection's event loop.
final class HTTPConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// How long a connection goes on reading once its listener ends.
    private static let lastRead = TimeAmount.milliseconds(20)

    private let part: LoopResponders.Part
    private let deadline = ConnectionDeadline()
    private var context: ChannelHandlerContext?
    /// Requests whose responses the system has not taken yet.
    private var requests = 0
    private var isClosing = false

    init(part: LoopResponders.Part) {
        self.part = part
    }

    /// The watch of the connection that a channel is, or is a stream of.
    static func of(_ channel: any Channel) -> HTTPConnectionWatch? {
        for candidate in [channel, channel.parent].compactMap(\.self)
        where candidate.eventLoop === channel.eventLoop {
            if let found = try? candidate.pipeline.syncOperations.handler(type: HTTPConnectionWatch.self) {
                return found
            }
        }
        return nil
    }

    var timeouts: Timeouts { part.timeouts }

    func begin() {
        requests += 1
        update()
    }

    func end() {
        requests -= 1
        deadline.noteQuery()
        update()
        closeIfDone()
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        update()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        update()
        context.fireChannelActive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        update()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        // What the kernel holds by now is read before. The handlers behind are not told: they would not wait for it.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lastRead) {
            bound.value.isClosing = true
            bound.value.closeIfDone()
        }
    }

    private func closeIfDone() {
        if isClosing, requests == 0 { context?.channel.close(mode: .all, promise: nil) }
    }

    private func update() {
        guard let context, context.channel.isActive else { return }
        var timeouts = part.timeouts
        // The head of a request is not told from the pause before it.
        timeouts.idle += timeouts.read
        deadline.update(
            .init(isReading: false, isWriting: !context.channel.isWritable, isAnswering: requests > 0), timeouts,
            context.channel)
    }
}

/// Bounds the time that a request's body may take to come, and that its response may take to go.
///
/// One for each HTTP/1.1 connection and each HTTP/2 stream; confined to its event loop.
final class HTTPRequestWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var connection: HTTPConnectionWatch?
    private var reading: Scheduled<Void>?
    private var writing: Scheduled<Void>?
    private var requests = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            connection = connection ?? HTTPConnectionWatch.of(context.channel)
            requests += 1
            connection?.begin()
            reading?.cancel()
            reading = end(context.channel, after: connection?.timeouts.read)
        case .end:
            reading?.cancel()
            reading = nil
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        writing?.cancel()
        writing = end(context.channel, after: connection?.timeouts.write)
        let promise = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.finish() }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        while requests > 0 { finish() }
        reading?.cancel()
        context.fireChannelInactive()
    }

    /// The response of a request has gone, or the connection has.
    private func finish() {
        guard requests > 0 else { return }
        requests -= 1
        writing?.cancel()
        writing = nil
        connection?.end()
    }

    private func end(_ channel: any Channel, after time: Duration?) -> Scheduled<Void>? {
        time.map { channel.eventLoop.scheduleTask(in: TimeAmount($0)) { channel.close(mode: .all, promise: nil) } }
    }
}
