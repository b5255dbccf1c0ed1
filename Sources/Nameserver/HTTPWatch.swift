import NIOCore
import Registry

/// Ends an HTTP connection that brings no request in time or does not take its responses, one that keeps more of
/// unfinished requests than all connections together have room for, and one whose listener ends once its requests are
/// answered.
///
/// Stands before TLS, whose handshake it bounds as well; confined to the connection's event loop. The time of each
/// single request is the handlers' behind it.
final class HTTPConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// How long a connection goes on reading once its listener ends.
    private static let lastRead = TimeAmount.milliseconds(20)

    /// Bytes that a connection may bring before a response without their being counted: a handshake and a short request.
    private static let freeBytes = 4096
    /// What the handlers of TLS and HTTP keep for each byte of a request that has not come whole: about 120 KB were seen
    /// for a head of 31 KB.
    private static let costOfByte = 4

    let client: IPAddress
    private let part: LoopResponders.Part
    private var share: ConnectionRoom.Share
    /// Bytes that have come, fewer with each response: how much of them is kept by the handlers behind is not told.
    private var received = 0
    private let deadline = ConnectionDeadline()
    private var context: ChannelHandlerContext?
    /// Requests whose responses the system has not taken yet.
    private var requests = 0
    private var isWriting = false
    private var isClosing = false

    init(part: LoopResponders.Part, client: IPAddress) {
        self.part = part
        self.client = client
        share = ConnectionRoom.Share(of: part.room, for: client)
    }

    /// A request has been answered, and the system has taken the response.
    func noteProgress() {
        deadline.noteQuery()
        // Not none: what came last may be the beginning of another request.
        received -= received / 4
        _ = share.set(cost)
    }

    private var cost: Int { max(0, received - Self.freeBytes) * Self.costOfByte }

    /// Tells what the connection is about now.
    ///
    /// - Parameters:
    ///   - requests: those whose responses the system has not taken yet.
    ///   - isWriting: whether responses wait for the client to take them.
    func update(requests: Int, isWriting: Bool) {
        self.requests = requests
        self.isWriting = isWriting
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
        share.end()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        // In front of TLS: nothing is waited for, and nothing more comes that would be counted.
        guard share.set(cost) else { return context.close(promise: nil) }
        context.fireChannelRead(data)
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
        share.end()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.fireUserInboundEventTriggered(event)
            // What was asked is answered, then the connection ends.
            isClosing = true
            return closeIfDone()
        }
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
            .init(
                isReading: false, isWriting: isWriting || !context.channel.isWritable, isAnswering: requests > 0),
            timeouts, context.channel)
    }
}
