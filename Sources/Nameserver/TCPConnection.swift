import DNS
import NIOCore

/// Answers the queries of one TCP connection (RFC 7766): as many as come, in the order they come.
///
/// Confined to the connection's event loop. Queries are taken only as fast as the peer takes the replies, and a
/// connection that brings no complete query for the idle time is closed.
final class TCPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let responder: Responder
    private let scratch: UnsafeMutableRawPointer
    private let idleTimeout: TimeAmount
    private let transport: Transport
    private var pending = ByteBuffer()
    private var client: [UInt8] = []
    private var idle: Scheduled<Void>?
    private var isClosing = false

    /// The largest message, in bytes, and room behind it.
    static let scratchLength = 65535 + Responder.slack

    /// - Parameter scratch: `scratchLength` bytes that no other thread uses.
    init(responder: Responder, scratch: UnsafeMutableRawPointer, idleTimeout: TimeAmount) {
        self.responder = responder
        self.scratch = scratch
        self.idleTimeout = idleTimeout
        transport = .tcp(idleTimeout: UInt16(clamping: idleTimeout.nanoseconds / 100_000_000))
    }

    func channelActive(context: ChannelHandlerContext) {
        client = Self.addressBytes(context.remoteAddress)
        restartIdleTimer(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        idle?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        answerPending(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            answerPending(context)
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Stops taking bytes in while the peer does not take replies.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The peer has sent all it wants to: what it asked is answered, then the connection ends.
        if case ChannelEvent.inputClosed = event {
            isClosing = true
            closeIfDone(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answerPending(_ context: ChannelHandlerContext) {
        var replies = ByteBuffer()
        responder.enter()
        // Replies of one turn are bounded: the rest waits until the peer has taken these.
        while context.channel.isWritable, replies.readableBytes < 65536, let length = nextLength() {
            pending.moveReaderIndex(forwardBy: 2)
            pending.withUnsafeReadableBytes { bytes in
                scratch.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(scratch), byteCount: length)
            }
            pending.moveReaderIndex(forwardBy: length)
            let reply = responder.respond(
                scratch, length: length, capacity: 65535, transport: transport, client: { [client] in client })
            restartIdleTimer(context)
            guard reply > 0 else { continue }
            replies.writeInteger(UInt16(truncatingIfNeeded: reply))
            replies.writeBytes(UnsafeRawBufferPointer(start: scratch, count: reply))
        }
        responder.leave()
        pending.discardReadBytes()
        let hasMore = nextLength() != nil
        guard replies.readableBytes > 0 else { return closeIfDone(context) }
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(replies)).whenSuccess {
            let (connection, context) = loopBound.value
            if hasMore { connection.answerPending(context) } else { connection.closeIfDone(context) }
        }
    }

    /// The length of the query at the front, once all of it is here (RFC 1035 §4.2.2).
    private func nextLength() -> Int? {
        guard let length = pending.getInteger(at: pending.readerIndex, as: UInt16.self),
            pending.readableBytes >= 2 + Int(length)
        else { return nil }
        return Int(length)
    }

    private func closeIfDone(_ context: ChannelHandlerContext) {
        if isClosing, nextLength() == nil { context.close(promise: nil) }
    }

    private func restartIdleTimer(_ context: ChannelHandlerContext) {
        idle?.cancel()
        let channel = context.channel
        idle = context.eventLoop.scheduleTask(in: idleTimeout) { channel.close(promise: nil) }
    }

    private static func addressBytes(_ address: SocketAddress?) -> [UInt8] {
        switch address {
        case .v4(let v4): withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
        case .v6(let v6): withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
        default: []
        }
    }
}

extension TCPConnection: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
}
