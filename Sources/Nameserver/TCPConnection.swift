import DNS
import NIOCore
import Pipeline
import Registry

/// Answers the queries of one TCP or TLS connection (RFC 7766, RFC 7858): as many as come; replies that take time come
/// after those that do not (RFC 7766 §6.2.1.1).
///
/// Confined to the connection's event loop. Queries are taken only as fast as the peer takes the replies, and only so
/// many at a time; what takes too long to come or to be taken ends the connection.
final class TCPConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a connection goes on reading once its listener ends.
    private static let lastRead = TimeAmount.milliseconds(20)

    private let part: LoopResponders.Part
    /// Queries under way at a time.
    private let most: Int
    private var pending = ByteBuffer()
    private var peers: Peers?
    /// Queries whose replies are not there yet.
    private var underWay = 0
    /// Writes that the system has not taken yet.
    private var unwritten = 0
    private var isClosing = false
    /// Whether the channel asked for more to read and was not let.
    private var isReadHeld = false
    private let deadline = ConnectionDeadline()

    private struct Peers {
        var client: PipelineQuery.Peer
        var server: PipelineQuery.Peer
    }

    init(part: LoopResponders.Part, most: Int) {
        self.part = part
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
        guard let client = PipelineQuery.Peer(context.remoteAddress),
            let server = PipelineQuery.Peer(context.localAddress)
        else { return context.close(promise: nil) }
        peers = Peers(client: client, server: server)
        updateDeadline(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
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
        var replies = ByteBuffer()
        part.batch {
            // Replies of one turn are bounded: the rest waits until the peer has taken these.
            while mayTake(context), replies.readableBytes < 65536, let length = nextLength() {
                pending.moveReaderIndex(forwardBy: 2)
                let origin = Origin(
                    client: peers.client, server: peers.server,
                    connection: NIOLoopBound((self, context), eventLoop: context.eventLoop))
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
        pending.discardReadBytes()
        if replies.readableBytes > 0 { write(replies, context) } else { proceed(context) }
    }

    /// A reply has come that was not there at once; empty where there is none.
    fileprivate func deliver(_ reply: [UInt8], _ context: ChannelHandlerContext) {
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
        unwritten += 1
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(replies)).whenComplete { result in
            let (connection, context) = loopBound.value
            connection.unwritten -= 1
            connection.deadline.noteQuery()
            if case .success = result, connection.nextLength() != nil {
                connection.answerPending(context)
            } else {
                connection.proceed(context)
            }
        }
        updateDeadline(context)
    }

    /// Takes more in where there is room, or ends the connection where all is done.
    private func proceed(_ context: ChannelHandlerContext) {
        if isReadHeld, mayTake(context) {
            isReadHeld = false
            context.read()
        }
        updateDeadline(context)
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

    private func updateDeadline(_ context: ChannelHandlerContext) {
        deadline.update(
            .init(
                isReading: pending.readableBytes > 0 && underWay < most, isWriting: unwritten > 0,
                isAnswering: underWay > 0),
            part.timeouts, context.channel)
    }

    private struct Origin: QueryOrigin {
        let client: PipelineQuery.Peer
        let server: PipelineQuery.Peer
        let connection: NIOLoopBound<(TCPConnection, ChannelHandlerContext)>

        func makeReturnPath() -> ReturnPath {
            let connection = connection
            return { reply in
                connection.eventLoop.execute {
                    let (connection, context) = connection.value
                    connection.deliver(reply, context)
                }
                return true
            }
        }
    }
}

extension PipelineQuery.Peer {
    /// nil for anything but an IP address.
    init?(_ address: SocketAddress?) {
        guard let address, let port = address.port.flatMap({ UInt16(exactly: $0) }) else { return nil }
        switch address {
        case .v4(let v4):
            self.init(
                withUnsafeBytes(of: v4.address.sin_addr) { bytes in
                    bytes.baseAddress.map { IPAddress(networkBytes: $0, isIPv6: false) } ?? .v4(0)
                }, port: port)
        case .v6(let v6):
            self.init(
                withUnsafeBytes(of: v6.address.sin6_addr) { bytes in
                    bytes.baseAddress.map { IPAddress(networkBytes: $0, isIPv6: true) } ?? .v6(0)
                }, port: port)
        default: return nil
        }
    }
}
