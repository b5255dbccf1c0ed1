import NIOCore
import NIOHPACK
import NIOHTTP2
import Pipeline

/// Answers the requests of one HTTP/2 connection (RFC 9113), behind NIO's handler of its frames.
///
/// Confined to the connection's event loop. What one connection may keep here is bounded: `streams` requests at a time
/// with a body of 64 KiB each and a head of `headBytes`, `queries` queries whose replies are not there yet (those of
/// streams that the client has reset included), and `heldBytes` of replies that the client does not take, with one reply
/// beyond: queries are answered once it has taken these. It ends where replies that were not there at once come to
/// more than `unwrittenBytes`, and where all connections together have no room for what it keeps.
final class HTTP2Connection: ChannelDuplexHandler, LateReplyTaker {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// Requests at a time (SETTINGS_MAX_CONCURRENT_STREAMS).
    private static let streams = 100
    /// Bytes of a request's head (SETTINGS_MAX_HEADER_LIST_SIZE): a GET with a query of some 10 KiB.
    private static let headBytes = 16 << 10
    /// Frames in which a request's head may come (CVE-2024-27316 and others): none needs more than two.
    private static let headFrames = 4
    /// Replies for a client that does not take them, in bytes; with more no query is answered.
    private static let heldBytes = 128 << 10
    /// The same; with more the connection ends.
    private static let unwrittenBytes = 512 << 10
    /// The connection's window is opened again when so many bytes of bodies have come.
    private static let windowStep = 16 << 10
    /// The frames that a client may send without asking anything: resets (CVE-2023-44487) and what it is reset for
    /// (CVE-2025-8671), and SETTINGS, PING and PRIORITY together (CVE-2019-9512, CVE-2019-9515), in `rateWindow`.
    private static let resets = 200
    private static let controlFrames = 200
    private static let rateWindow = TimeAmount.seconds(30)

    /// Adds all handlers that a connection needs.
    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(makeFrames())
        try pipeline.addHandler(self)
    }

    /// The handler that stands before this one.
    private func makeFrames() -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: Self.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: Self.headBytes),
        ]
        connection.maximumSequentialContinuationFrames = Self.headFrames
        connection.maximumBufferedControlFrames = 1000
        connection.controlFrameRateLimit.maximumCount = Self.controlFrames
        connection.controlFrameRateLimit.windowLength = Self.rateWindow
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = Self.resets
        stream.streamResetFrameRateLimit.windowLength = Self.rateWindow
        stream.streamErrorRateLimit.maximumCount = Self.resets
        stream.streamErrorRateLimit.windowLength = Self.rateWindow
        return NIOHTTP2Handler(
            mode: .server, frameDelegate: verdicts, connectionConfiguration: connection, streamConfiguration: stream)
    }

    /// One request.
    private struct Stream {
        enum Stage {
            case reading, answering, writing
        }

        var stage = Stage.reading
        /// When the stage began.
        var since: NIODeadline
        var body: [UInt8] = []
        /// Whether the client may still send some of the body.
        var isOpen: Bool
    }

    /// Fields of responses whose values are many.
    private static let variableFields: Set = ["content-length", "cache-control"]

    private let part: LoopResponders.Part
    private let watch: HTTPConnectionWatch
    private let state: ListenerState
    /// Queries under way at a time.
    private let most: Int
    private let verdicts = HTTP2Verdicts()
    private var peers: ConnectionPeers?
    private var streams: [HTTP2StreamID: Stream] = [:]
    /// Queries of this turn, and of former ones while the client does not take replies; at most one for each stream.
    private var asked: [(id: HTTP2StreamID, query: [UInt8])] = []
    /// Their bytes.
    private var askedBytes = 0
    /// Queries whose replies are not there yet.
    private var underWay = 0
    /// Bytes of replies that the system has not taken yet.
    private var unwritten = 0
    /// Bytes of bodies that have not come whole.
    private var unasked = 0
    private var share: ConnectionRoom.Share
    /// What the client may still send on the connection, in bytes (RFC 9113 §6.9.2).
    private var window = 65_535
    /// Bytes of bodies since the connection's window was opened last.
    private var received = 0
    /// Answers with status 200 that are still to be counted.
    private var answered = 0
    private var isReadHeld = false
    /// Whether what waits is to be answered in the next turn.
    private var isHeldDue = false
    /// Looks for streams that take too long; there while any is reading or writing at the end of a turn.
    private var inspection: Scheduled<Void>?

    init(part: LoopResponders.Part, watch: HTTPConnectionWatch, state: ListenerState, most: Int) {
        self.part = part
        share = ConnectionRoom.Share(of: part.room, for: watch.client)
        self.watch = watch
        self.state = state
        self.most = most
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        peers = ConnectionPeers(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inspection?.cancel()
        inspection = nil
        share.end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        inspection?.cancel()
        inspection = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers): begin(frame.streamID, headers, context)
        case .data(let data): take(data, frame.streamID, context)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answerAsked(context)
        context.fireChannelReadComplete()
    }

    /// Stops taking bytes in while the client does not take replies, or has enough queries under way.
    func read(context: ChannelHandlerContext) {
        if mayTake(context) { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        proceed(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let closed as StreamClosedEvent: remove(closed.streamID)
        case let updated as NIOHTTP2WindowUpdatedEvent where updated.streamID == .rootStream:
            if let size = updated.inboundWindowSize { noteWindow(size, context) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !verdicts.concernsOneStream(error) { context.close(promise: nil) }
    }

    // MARK: Requests

    private func begin(
        _ id: HTTP2StreamID, _ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext
    ) {
        guard streams[id] == nil else {
            // Trailers end a body as its last piece does.
            if headers.endStream { end(id, context) }
            return
        }
        // Streams that were reset count as long as their queries are under way.
        guard underWay < most else {
            return write(HTTP2Frame(streamID: id, payload: .rstStream(.refusedStream)), context)
        }
        var (method, target, contentType, contentLength) = ("", "", nil as String?, nil as String?)
        for (name, value, _) in headers.headers {
            switch name {
            case ":method": method = value
            case ":path": target = value
            case "content-type": contentType = value
            case "content-length": contentLength = value
            default: break
            }
        }
        streams[id] = Stream(since: .now(), isOpen: !headers.endStream)
        switch HTTPQuery(
            method: method, target: target, contentType: contentType, contentLength: contentLength)
        {
        case .message(let message): ask(id, message)
        case .body: if headers.endStream { end(id, context) }
        case .failure(let status): respond(id, status, UnsafeRawBufferPointer(start: nil, count: 0), context)
        }
    }

    private func take(
        _ data: HTTP2Frame.FramePayload.Data, _ id: HTTP2StreamID, _ context: ChannelHandlerContext
    ) {
        if data.endStream { streams[id]?.isOpen = false }
        guard let stream = streams[id], stream.stage == .reading, case .byteBuffer(let piece) = data.data else {
            return
        }
        guard stream.body.count + piece.readableBytes <= HTTPQuery.maximumBody else {
            return respond(id, .contentTooLarge, UnsafeRawBufferPointer(start: nil, count: 0), context)
        }
        streams[id]?.body += piece.readableBytesView
        unasked += piece.readableBytes
        if data.endStream { end(id, context) }
    }

    /// Gives the connection's window back what bodies took of it: those too that are dropped before they come here, as
    /// their streams were answered early or reset (RFC 9113 §5.1).
    private func noteWindow(_ size: Int, _ context: ChannelHandlerContext) {
        received += max(0, window - size)
        window = size
        guard received >= Self.windowStep else { return }
        let opened = HTTP2Frame(streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: received))
        // Before it is written, which tells of the window again.
        received = 0
        write(opened, context)
    }

    /// The body of a request is whole.
    private func end(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) {
        streams[id]?.isOpen = false
        if let stream = streams[id], stream.stage == .reading { ask(id, stream.body) }
    }

    private func ask(_ id: HTTP2StreamID, _ query: [UInt8]) {
        streams[id]?.stage = .answering
        dropBody(of: id)
        asked.append((id, query))
        askedBytes += query.count
    }

    private func dropBody(of id: HTTP2StreamID) {
        unasked -= streams[id]?.body.count ?? 0
        streams[id]?.body = []
    }

    private func remove(_ id: HTTP2StreamID) {
        dropBody(of: id)
        if streams.removeValue(forKey: id)?.stage == .answering, let place = asked.firstIndex(where: { $0.id == id }) {
            askedBytes -= asked.remove(at: place).query.count
        }
    }

    /// Answers the queries of a turn as one batch, as many as the client takes replies to.
    private func answerAsked(_ context: ChannelHandlerContext) {
        if let peers, !asked.isEmpty, unwritten < Self.heldBytes {
            part.batch {
                while unwritten < Self.heldBytes, !asked.isEmpty {
                    let (id, query) = asked.removeFirst()
                    askedBytes -= query.count
                    let origin = ChannelOrigin(peers: peers, connection: self, place: id, context: context)
                    let outcome = query.withUnsafeBytes { bytes in
                        part.respond(bytes, from: origin) { respond(id, .ok, $0, context) }
                    }
                    switch outcome {
                    case .reply: break
                    case .later: underWay += 1
                    case .silence:
                        respond(id, .badRequest, UnsafeRawBufferPointer(start: nil, count: 0), context)
                    }
                }
            }
        }
        proceed(context)
    }

    /// A reply has come that was not there at once; empty where there is none.
    func deliver(_ reply: [UInt8], at id: HTTP2StreamID, _ context: ChannelHandlerContext) {
        underWay -= 1
        guard context.channel.isActive else { return }
        if streams[id]?.stage == .answering {
            reply.withUnsafeBytes { respond(id, reply.isEmpty ? .badRequest : .ok, $0, context) }
        }
        proceed(context)
    }

    // MARK: Responses

    private func respond(
        _ id: HTTP2StreamID, _ status: HTTPQueryStatus, _ body: UnsafeRawBufferPointer,
        _ context: ChannelHandlerContext
    ) {
        guard let stream = streams[id], stream.stage != .writing else { return }
        streams[id]?.stage = .writing
        streams[id]?.since = .now()
        dropBody(of: id)
        if status == .ok { answered += 1 } else { state.count(httpStatus: status.rawValue) }
        var headers = HPACKHeaders()
        headers.reserveCapacity(4)
        headers.add(name: ":status", value: status == .ok ? "200" : String(status.rawValue))
        for (name, value) in status.fields(body) {
            // What differs from response to response is not for HPACK's table, which is as long as the client says
            // (SETTINGS_HEADER_TABLE_SIZE, RFC 9113 §6.5.2) and would hold all of it until the end of the connection.
            headers.add(
                name: name, value: value, indexing: Self.variableFields.contains(name) ? .nonIndexable : .indexable)
        }
        let head = HTTP2Frame.FramePayload.Headers(headers: headers, endStream: body.isEmpty)
        let headFrame = HTTP2Frame(streamID: id, payload: .headers(head))
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let count = body.count
        unwritten += count
        written.futureResult.whenComplete { _ in
            let (connection, context) = bound.value
            connection.unwritten -= count
            connection.remove(id)
            connection.watch.noteProgress()
            connection.answerHeld(context)
        }
        if body.isEmpty {
            context.write(wrapOutboundOut(headFrame), promise: written)
        } else {
            context.write(wrapOutboundOut(headFrame), promise: nil)
            var message = context.channel.allocator.buffer(capacity: body.count)
            message.writeBytes(body)
            let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(message), endStream: true)
            context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: .data(data))), promise: written)
        }
        // The rest of its body is not waited for (RFC 9113 §8.1).
        if stream.isOpen { write(HTTP2Frame(streamID: id, payload: .rstStream(.noError)), context) }
    }

    private func write(_ frame: HTTP2Frame, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    // MARK: Bounds

    private func mayTake(_ context: ChannelHandlerContext) -> Bool { context.channel.isWritable && underWay < most }

    /// Answers what waited for the client to take replies; not from within the answering, where replies are written too.
    private func answerHeld(_ context: ChannelHandlerContext) {
        guard !asked.isEmpty, unwritten < Self.heldBytes, !isHeldDue else { return }
        isHeldDue = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (connection, context) = bound.value
            connection.isHeldDue = false
            if context.channel.isActive { connection.answerAsked(context) }
        }
    }

    /// Sends what there is, takes more in where there is room, and looks after the time that streams take.
    private func proceed(_ context: ChannelHandlerContext) {
        if answered > 0 {
            state.count(httpStatus: HTTPQueryStatus.ok.rawValue, answered)
            answered = 0
        }
        context.flush()
        guard context.channel.isActive else { return }
        let hasRoom = share.set(unwritten + unasked + askedBytes)
        guard hasRoom, unwritten <= Self.unwrittenBytes else { return context.abort() }
        if isReadHeld, mayTake(context) {
            isReadHeld = false
            context.read()
        }
        watch.update(requests: streams.count, isWriting: unwritten > 0)
        if inspection == nil, !streams.isEmpty, streams.values.contains(where: { $0.stage != .answering }) {
            inspect(context)
        }
    }

    /// Ends the connection if a stream takes too long, otherwise looks again when the first one might.
    private func inspect(_ context: ChannelHandlerContext) {
        inspection = nil
        let timeouts = part.timeouts
        var next: NIODeadline?
        for stream in streams.values where stream.stage != .answering {
            let time = stream.stage == .reading ? timeouts.read : timeouts.write
            let end = stream.since + TimeAmount(time)
            next = min(next ?? end, end)
        }
        guard let next else { return }
        if next <= .now() { return context.abort() }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        inspection = context.eventLoop.scheduleTask(deadline: next) {
            let (connection, context) = bound.value
            connection.inspect(context)
        }
    }
}
