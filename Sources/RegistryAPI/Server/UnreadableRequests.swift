import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import ObjectRules
import Registry

/// Says by a Status why a request that is no HTTP, or too long to be read, is refused; the server beneath answers such
/// with an empty 400, and closes the connection. Confined to the event loop of its channel.
final class UnreadableRequests: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: String
    private var failure: HTTPParserError?
    private var brokenRule: HTTP1Rules.BrokenRule?

    /// - Parameter limits: What the head of a request may come to, as a message says it.
    init(limits: String) {
        self.limits = limits
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? HTTP1Rules.BrokenRule { brokenRule = event }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { failure = error }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let failure, case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentLength] == "0"
        else { return context.write(data, promise: promise) }
        self.failure = nil
        let reason =
            failure == .headerOverflow
            ? "the head of the request is longer than this server reads: \(limits)"
            : "the request is no HTTP that can be read: \(brokenRule?.reason ?? "\(failure)")"
        let body = ByteBuffer(string: JSONText.text(of: APIStatus.badRequest(reason).document))
        head.headerFields[.contentLength] = "\(body.readableBytes)"
        head.headerFields[.contentType] = "application/json"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
}
