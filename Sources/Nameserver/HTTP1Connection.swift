import ConnectionRules
import NIOCore
import NIOHTTP1
import Pipeline

/// Answers the requests of one HTTP/1.1 connection, one after the other, behind NIO's decoder.
///
/// Confined to the connection's event loop. What one connection may keep here is bounded: a head of
/// `headLimits.maxHeaderListSize`, a body of 64 KiB, and as many bytes of responses as the channel takes before it is not
/// writable any more, with one response beyond: the next request is answered once the client has taken these.
final class HTTP1Connection: ChannelDuplexHandler, LateReplyTaker {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Bytes of a request's head, and its fields: a GET with a query of some 20 KiB.
    private static let headLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    /// Adds all handlers that a connection needs.
    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: true, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: Self.headLimits)
        try pipeline.addHandler(self)
    }

    private enum Stage {
        /// Between requests.
        case idle
        case reading
        /// The response is there before the body was: what still comes of it is dropped.
        case dropping
        /// It has come whole; the client is to take earlier responses before.
        case held([UInt8])
        case answering
    }

    private let part: LoopResponders.Part
    private let watch: HTTPConnectionWatch
    private let state: ListenerState
    private var stage = Stage.idle
    /// How many requests have begun.
    private var count: UInt64 = 0
    private var isKeptAlive = true
    private var query: HTTPQuery?
    private var body: [UInt8] = []
    /// Bytes of responses that the system has not taken yet, of which each takes some for its head.
    private var unwritten = 0
    private static let headCost = 256
    private var isReadHeld = false
    /// Ends the connection where a request takes too long to come.
    private var readTimer: Scheduled<Void>?
    /// The same where the client takes too long over the oldest of the responses.
    private var writeTimer: Scheduled<Void>?
    private var share: ConnectionRoom.Share

    init(part: LoopResponders.Part, watch: HTTPConnectionWatch, state: ListenerState) {
        self.part = part
        share = ConnectionRoom.Share(of: part.room, for: watch.client)
        self.watch = watch
        self.state = state
    }

    // MARK: Events

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let piece):
            guard case .reading = stage, case .body? = query else { return }
            guard body.count + piece.readableBytes <= HTTPQuery.maximumBody else {
                stage = .dropping
                return respond(.contentTooLarge, UnsafeRawBufferPointer(start: nil, count: 0), context)
            }
            body += piece.readableBytesView
        case .end: end(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel(&readTimer)
        cancel(&writeTimer)
        share.end()
        context.fireChannelInactive()
    }

    /// Stops taking bytes in while the client does not take responses.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if case .held(let message) = stage { answer(message, context) }
            if isReadHeld {
                isReadHeld = false
                // One that has become unwritable again holds it anew.
                read(context: context)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Requests

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        stage = .reading
        count &+= 1
        isKeptAlive = head.isKeepAlive
        limit(&readTimer, part.timeouts.read, context)
        watch.update(requests: 1, isWriting: false)
        let query = Self.query(head)
        self.query = query
        guard case .failure(let status) = query else {
            if query == .body, head.expectsContinue {
                let interim = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
            }
            return
        }
        stage = .dropping
        respond(status, UnsafeRawBufferPointer(start: nil, count: 0), context)
    }

    private static func query(_ head: HTTPRequestHead) -> HTTPQuery {
        guard head.authority != nil else { return .failure(.badRequest) }
        // A body in a coding that is not undone here is not what was meant (RFC 9112 §6.1).
        guard head.headers[canonicalForm: "transfer-encoding"].allSatisfy({ $0.lowercased() == "chunked" })
        else { return .failure(.notImplemented) }
        return HTTPQuery(
            method: head.method.rawValue, target: head.originForm,
            contentType: head.headers.first(name: "content-type"),
            contentLength: head.headers.first(name: "content-length"))
    }

    private func end(_ context: ChannelHandlerContext) {
        cancel(&readTimer)
        if case .dropping = stage { return finish(context) }
        guard case .reading = stage, let query else { return }
        let message: [UInt8]
        switch query {
        case .message(let found): message = found
        case .body:
            message = body
            body = []
        case .failure: return
        }
        guard context.channel.isActive else { return }
        if context.channel.isWritable { return answer(message, context) }
        stage = .held(message)
        if !tellRoom() { context.abort() }
    }

    private func answer(_ message: [UInt8], _ context: ChannelHandlerContext) {
        stage = .answering
        guard let peers = ConnectionPeers(context.channel) else { return context.close(promise: nil) }
        let origin = ChannelOrigin(peers: peers, connection: self, place: (), context: context)
        part.batch {
            let outcome = message.withUnsafeBytes { bytes in
                part.respond(bytes, from: origin) { respond(.ok, $0, context) }
            }
            if outcome == .silence {
                respond(.badRequest, UnsafeRawBufferPointer(start: nil, count: 0), context)
            }
        }
    }

    /// A reply has come that was not there at once; empty where there is none.
    func deliver(_ reply: [UInt8], at place: Void, _ context: ChannelHandlerContext) {
        guard context.channel.isActive, case .answering = stage else { return }
        reply.withUnsafeBytes { respond(reply.isEmpty ? .badRequest : .ok, $0, context) }
    }

    // MARK: Responses

    private func respond(
        _ status: HTTPQueryStatus, _ body: UnsafeRawBufferPointer, _ context: ChannelHandlerContext
    ) {
        state.count(httpStatus: status.rawValue)
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status.rawValue))
        for (name, value) in status.fields(body) { head.headers.add(name: name, value: value) }
        if !isKeptAlive { head.headers.add(name: "connection", value: "close") }
        let cost = Self.headCost + body.count
        unwritten += cost
        if context.channel.isActive, !tellRoom() { return context.abort() }
        if writeTimer == nil { limit(&writeTimer, part.timeouts.write, context) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty {
            var message = context.channel.allocator.buffer(capacity: body.count)
            message.writeBytes(body)
            context.write(wrapOutboundOut(.body(.byteBuffer(message))), promise: nil)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // The next request may begin while the end of this response is written.
        let number = count
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (connection, context) = bound.value
            connection.noteWritten(cost, context)
            if case .answering = connection.stage, connection.count == number { connection.finish(context) }
        }
    }

    /// The client has taken a response: the time for the next one begins.
    private func noteWritten(_ cost: Int, _ context: ChannelHandlerContext) {
        unwritten -= cost
        cancel(&writeTimer)
        guard context.channel.isActive else { return }
        if unwritten > 0 { limit(&writeTimer, part.timeouts.write, context) }
        _ = tellRoom()
    }

    /// Tells what is kept here; false where all connections together keep more than there is room for.
    private func tellRoom() -> Bool {
        var kept = unwritten
        if case .held(let message) = stage { kept += message.count }
        return share.set(kept)
    }

    /// The request has come whole, and its response has gone.
    private func finish(_ context: ChannelHandlerContext) {
        cancel(&readTimer)
        stage = .idle
        body = []
        query = nil
        watch.noteProgress()
        watch.update(requests: 0, isWriting: false)
        if !isKeptAlive { context.close(promise: nil) }
    }

    private func limit(_ timer: inout Scheduled<Void>?, _ time: Duration, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(time)) { bound.value.abort() }
    }

    private func cancel(_ timer: inout Scheduled<Void>?) {
        timer?.cancel()
        timer = nil
    }
}
