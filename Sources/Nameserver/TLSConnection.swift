import NIOCore
import NIOTLS
import Pipeline
import Registry

/// Answers the queries of one TLS connection (RFC 7858, RFC 7766): as many as come; replies that take time come
/// after those that do not (RFC 7766 §6.2.1.1).
///
/// Confined to the connection's event loop. Queries are taken only as fast as the peer takes the replies, and only so
/// many at a time; what takes too long to come or to be taken ends the connection, and so do more than `unwrittenBytes`
/// of replies, which can be only where many that were not there at once come for a peer that takes none, and bytes for
/// which all connections together have no room.
final class TLSConnection: ChannelDuplexHandler, LateReplyTaker {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a connection goes on reading once its listener ends.
    private static let lastRead = TimeAmount.milliseconds(20)
    /// Replies for a peer that does not take them, in bytes; with more the connection ends.
    static let unwrittenBytes = 256 << 10

    private let part: LoopResponders.Part
    /// nil without TLS.
    private let watch: TLSWatch?
    /// Queries under way at a time.
    private let most: Int
    private var pending = ByteBuffer()
    private var peers: ConnectionPeers?
    /// Queries whose replies are not there yet.
    private var underWay = 0
    /// Bytes of replies that the system has not taken yet.
    private var unwritten = 0
    private var isClosing = false
    /// Whether the channel asked for more to read and was not let.
    private var isReadHeld = false
    private let deadline = ConnectionDeadline()
    private var share: ConnectionRoom.Share

    init(part: LoopResponders.Part, client: IPAddress, watch: TLSWatch?, most: Int) {
        self.part = part
        self.watch = watch
        share = ConnectionRoom.Share(of: part.room, for: client)
        self.most = most
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard peers == nil else { return }
        peers = ConnectionPeers(context.channel)
        guard peers != nil else { return context.close(promise: nil) }
        updateBounds(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline.cancel()
        share.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // TLS may hand over what came before the end behind it.
        guard context.channel.isActive else { return }
        watch?.noteProgress()
        var bytes = unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        answerPending(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerPending(context)
        context.fireChannelWritabilityChanged()
    }

    /// Stops taking bytes in while the peer does not take replies, or has enough queries under way.
    func read(context: ChannelHandlerContext) {
        if mayTake(context) { context.read() } else { isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // What was asked is answered, then the connection ends.
            isClosing = true
            closeIfDone(context)
        case is ChannelShouldQuiesceEvent:
            // What the kernel holds by now is read before.
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.lastRead) {
                let (connection, context) = loopBound.value
                connection.isClosing = true
                connection.closeIfDone(context)
            }
        case TLSUserEvent.handshakeCompleted: watch?.noteProgress()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Queries and replies

    private func mayTake(_ context: ChannelHandlerContext) -> Bool { context.channel.isWritable && underWay < most }

    private func answerPending(_ context: ChannelHandlerContext) {
        guard let peers else { return }
        guard nextLength() != nil else { return proceed(context) }
        var replies = context.channel.allocator.buffer(capacity: max(512, 2 * pending.readableBytes))
        part.batch {
            // Replies of one turn are bounded: the rest waits until the peer has taken these.
            while mayTake(context), replies.readableBytes < 65536, let length = nextLength() {
                pending.moveReaderIndex(forwardBy: 2)
                let origin = ChannelOrigin(peers: peers, connection: self, place: (), context: context)
                let outcome = pending.withUnsafeReadableBytes { bytes in
                    part.respond(UnsafeRawBufferPointer(rebasing: bytes[..<length]), from: origin) { reply in
                        replies.writeInteger(UInt16(truncatingIfNeeded: reply.count))
                        replies.writeBytes(reply)
                    }
                }
                pending.moveReaderIndex(forwardBy: length)
                if outcome == .later { underWay += 1 }
                deadline.noteQuery()
            }
        }
        // What is idle keeps no memory.
        if pending.readableBytes == 0 { pending = ByteBuffer() } else { pending.discardReadBytes() }
        if replies.readableBytes > 0 { write(replies, context) } else { proceed(context) }
    }

    /// A reply has come that was not there at once; empty where there is none.
    func deliver(_ reply: [UInt8], at place: Void, _ context: ChannelHandlerContext) {
        underWay -= 1
        guard context.channel.isActive else { return }
        if !reply.isEmpty {
            var message = context.channel.allocator.buffer(capacity: reply.count + 2)
            message.writeInteger(UInt16(truncatingIfNeeded: reply.count))
            message.writeBytes(reply)
            write(message, context)
        }
        answerPending(context)
    }

    private func write(_ replies: ByteBuffer, _ context: ChannelHandlerContext) {
        let count = replies.readableBytes
        unwritten += count
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(replies)).whenComplete { result in
            let (connection, context) = loopBound.value
            connection.unwritten -= count
            connection.deadline.noteQuery()
            if case .success = result, connection.nextLength() != nil {
                connection.answerPending(context)
            } else {
                connection.proceed(context)
            }
        }
        if unwritten > Self.unwrittenBytes { return context.abort() }
        updateBounds(context)
    }

    /// Takes more in where there is room, or ends the connection where all is done.
    private func proceed(_ context: ChannelHandlerContext) {
        if isReadHeld, mayTake(context) {
            isReadHeld = false
            context.read()
        }
        updateBounds(context)
        closeIfDone(context)
    }

    /// The length of the query at the front, once all of it is here (RFC 1035 §4.2.2).
    private func nextLength() -> Int? {
        guard let length = pending.getInteger(at: pending.readerIndex, as: UInt16.self),
            pending.readableBytes >= 2 + Int(length)
        else { return nil }
        return Int(length)
    }

    private func closeIfDone(_ context: ChannelHandlerContext) {
        if isClosing, underWay == 0, unwritten == 0, nextLength() == nil { context.close(promise: nil) }
    }

    /// Tells what is kept here, and which deadlines hold for what is under way; without room for it the connection ends.
    private func updateBounds(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let kept = pending.readableBytes > 0 ? pending.storageCapacity : 0
        guard share.set(kept + unwritten) else { return context.abort() }
        deadline.update(
            .init(
                isReading: pending.readableBytes > 0 && underWay < most, isWriting: unwritten > 0,
                isAnswering: underWay > 0),
            part.timeouts, context.channel)
    }
}
