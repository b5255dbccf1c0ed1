import DNS
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Registry

/// One TCP or TLS connection to an upstream: messages behind two bytes of length each (RFC 1035 §4.2.2), many questions
/// under way at the same time (RFC 7766 §6.2.1.1). Lives on its event loop.
final class StreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What becomes of a question on a connection.
    enum Outcome: Sendable {
        case reply(DatagramReply)
        case timeout
        /// The connection ended first.
        ///
        /// - Parameter wasUsed: whether it had given an answer before: then the upstream may just have closed it.
        case closed(String, wasUsed: Bool)
    }

    struct Question {
        let message: [UInt8]
        let questionEnd: Int
        let deadline: NIODeadline
        let done: (Outcome) -> Void
    }

    private struct Pending {
        let question: Question
        /// Of `progress`.
        let number: UInt64
        let since: NIODeadline
        let sent: [UInt8]
        let timer: Scheduled<Void>
    }

    private struct Waiting {
        let question: Question
        let number: UInt64
        let timer: Scheduled<Void>
    }

    private enum State {
        case connecting
        case open(ChannelHandlerContext)
        case closed
    }

    /// The most messages that nobody asked for, and the most bytes in them, that may come without an answer between.
    static let unaskedLimit = (messages: 128, bytes: 256 << 10)

    private var state = State.connecting
    /// There from before the connection stands until it is closed.
    private var channel: (any Channel)?
    /// Questions that came before the connection stood, by their numbers in `progress`.
    private var waiting: [UInt64: Waiting] = [:]
    private var pending: [UInt16: Pending] = [:]
    private var progress = StreamProgress()
    private var inbound = ByteBuffer()
    /// What has come since the last answer that nobody asked for.
    private var unasked = (messages: 0, bytes: 0)
    /// The questions whose time was over before an answer came: it may come yet.
    private var overdue = 0
    private let eventLoop: any EventLoop
    private let ignored: @Sendable (ReplyCheck.Cause) -> Void
    private(set) var hasAnswered = false
    let born = NIODeadline.now()
    private(set) var lastUse = NIODeadline.now()
    /// Whether it is to take no further questions.
    var isSpent = false
    /// The timer that closes it if it is not used; its owner's.
    var expiry: Scheduled<Void>?
    /// Called with the time that an answer took, and whether it has overtaken that of an earlier question.
    var answered: (TimeAmount, Bool) -> Void = { _, _ in }
    /// Called when the time of a question is over, before it hears of it.
    var timedOut: () -> Void = {}
    /// Called when the last question under way is done, and when the connection stands and there is none.
    var becameIdle: () -> Void = {}
    /// Called once, when the connection takes no further questions.
    var ended: () -> Void = {}

    init(on eventLoop: any EventLoop, ignored: @escaping @Sendable (ReplyCheck.Cause) -> Void) {
        self.eventLoop = eventLoop
        self.ignored = ignored
    }

    /// The questions that have no answer yet.
    var load: Int { waiting.count + pending.count }

    /// See `StreamProgress.owedSince`.
    var owedSince: NIODeadline? { progress.owedSince }

    var isConnecting: Bool { if case .connecting = state { true } else { false } }
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// Asks; `done` is called exactly once, on the event loop.
    func ask(_ question: Question) {
        lastUse = .now()
        switch state {
        case .connecting:
            let number = progress.noteQuestion(at: lastUse)
            let timer = eventLoop.assumeIsolated().scheduleTask(deadline: question.deadline) {
                if let late = self.waiting.removeValue(forKey: number) { late.question.done(.timeout) }
            }
            waiting[number] = Waiting(question: question, number: number, timer: timer)
        case .open(let context): send(question, progress.noteQuestion(at: lastUse), context)
        case .closed: question.done(.closed("use of closed network connection", wasUsed: true))
        }
    }

    private func send(_ question: Question, _ number: UInt64, _ context: ChannelHandlerContext) {
        var id: UInt16
        repeat { id = UInt16(truncatingIfNeeded: RandomBits.shared.next()) } while pending[id] != nil
        var message = question.message
        message[0] = UInt8(id >> 8)
        message[1] = UInt8(id & 255)
        let timer = eventLoop.assumeIsolated().scheduleTask(deadline: question.deadline) {
            self.timedOut()
            self.overdue += 1
            self.finish(id, .timeout)
        }
        pending[id] = Pending(question: question, number: number, since: .now(), sent: message, timer: timer)
        var buffer = context.channel.allocator.buffer(capacity: message.count + 2)
        buffer.writeInteger(UInt16(truncatingIfNeeded: message.count))
        buffer.writeBytes(message)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func finish(_ id: UInt16, _ outcome: Outcome) {
        guard let done = pending.removeValue(forKey: id) else { return }
        done.timer.cancel()
        lastUse = .now()
        if case .reply = outcome { answered(lastUse - done.since, progress.noteAnswer(to: done.number)) }
        done.question.done(outcome)
        if pending.isEmpty { becameIdle() }
    }

    /// The connection stands, the handshake of TLS included.
    func open(_ context: ChannelHandlerContext) {
        // Given up meanwhile: then the channel is being closed.
        guard isConnecting else { return }
        state = .open(context)
        let questions = waiting.values.sorted { $0.number < $1.number }
        waiting = [:]
        // They go out only now, and those whose time is over do not.
        progress = StreamProgress()
        for waiting in questions {
            waiting.timer.cancel()
            send(waiting.question, progress.noteQuestion(at: .now()), context)
        }
        // All whom it was opened for may have given up.
        if pending.isEmpty { becameIdle() }
    }

    /// Ends the connection, and with it the questions under way.
    func close(_ reason: String) {
        guard !isClosed else { return }
        state = .closed
        ended()
        let unsent = waiting.values
        waiting = [:]
        for waiting in unsent {
            waiting.timer.cancel()
            waiting.question.done(.closed(reason, wasUsed: false))
        }
        let lost = pending.values
        pending = [:]
        for question in lost {
            question.timer.cancel()
            question.question.done(.closed(reason, wasUsed: hasAnswered))
        }
        channel?.close(promise: nil)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
        // Given up before there was a channel.
        if isClosed { context.channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { channel = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        inbound.writeBuffer(&buffer)
        while !isClosed, let length = inbound.getInteger(at: inbound.readerIndex, as: UInt16.self),
            inbound.readableBytes >= 2 + Int(length)
        {
            inbound.moveReaderIndex(forwardBy: 2)
            guard let message = inbound.readBytes(length: Int(length)) else { break }
            take(message)
        }
        inbound.discardReadBytes()
    }

    private func take(_ message: [UInt8]) {
        let (id, verdict) = message.withUnsafeBytes { bytes -> (UInt16, ReplyCheck.Verdict) in
            guard let id = ReplyCheck.id(bytes) else { return (0, .ignored(.short)) }
            guard let question = pending[id] else { return (id, .ignored(.id)) }
            return (
                id,
                ReplyCheck.verdict(
                    on: bytes, to: question.sent, questionEnd: question.question.questionEnd, isExact: false)
            )
        }
        switch verdict {
        case .ignored(let cause):
            ignored(cause)
            noteUnasked(message, cause)
        case .accepted(let isSpelledAlike):
            hasAnswered = true
            unasked = (0, 0)
            finish(id, .reply(DatagramReply(bytes: message, isSpelledAlike: isSpelledAlike, isCut: false)))
        }
    }

    /// Ends the connection where its upstream goes on sending what nobody asked for.
    private func noteUnasked(_ message: [UInt8], _ cause: ReplyCheck.Cause) {
        if cause == .id, overdue > 0 {
            overdue -= 1
            return
        }
        unasked.messages += 1
        unasked.bytes += message.count
        guard unasked.messages > Self.unaskedLimit.messages || unasked.bytes > Self.unaskedLimit.bytes else { return }
        close("the upstream sends what nobody asked for")
    }

    func channelActive(context: ChannelHandlerContext) {
        // With TLS the connection stands only after the handshake.
        if (try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)) == nil { open(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { open(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close("EOF")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(StreamErrorText.text(error))
    }
}

/// What went wrong with a connection, in one line.
enum StreamErrorText {
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError: return SocketErrorText.text(error.errnoCode)
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { text($0.error) } ?? "no address"
        case is ChannelError: return "\(error)"
        default:
            // Handshakes may end in texts of several lines.
            let text = "\(error)"
            let fault = LogText.handshakeFault(in: text) ?? String(text.prefix(200).map { $0.isNewline ? " " : $0 })
            return "tls: " + fault
        }
    }
}
