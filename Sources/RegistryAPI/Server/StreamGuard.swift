import NIOCore

/// Sees to the end of connections that answers are streamed on.
///
/// A client that hangs up is noticed though nothing is written, and one that does not read is cut off. Confined to the
/// event loop of its channel.
final class StreamGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    /// How long a client may leave what is written to it unread.
    private static let patience = TimeAmount.seconds(30)

    /// What is streamed on the connection at present.
    var stream: ConnectionHandle?
    private var cutOff: Scheduled<Void>?

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who streams does not read what comes meanwhile: the end of it is the end of the client.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent, let stream {
            stream.didClose()
            self.stream = nil
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        cutOff?.cancel()
        cutOff = nil
        if !context.channel.isWritable {
            let channel = context.channel
            cutOff = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(mode: .all, promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    private func finish() {
        cutOff?.cancel()
        cutOff = nil
        stream?.didClose()
        stream = nil
    }
}
