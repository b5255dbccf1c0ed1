import ConnectionRules
import NIOCore
import NIOHTTP1

/// What HTTP/1 asks of a server and the library beneath leaves to it (RFC 9110, RFC 9112): one Host field, the authority
/// of the target before it, an answer to `Expect: 100-continue`, and clients of HTTP/1.0.
///
/// Confined to the event loop of its channel. A request that breaks a rule goes on as an error of the parser, which is
/// answered by 400, and an event before it that says why.
final class HTTP1Rules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    struct BrokenRule: Sendable {
        let reason: String
    }

    /// Puts the rules in front of whatever reads requests of HTTP/1, as there is on a connection that is not HTTP/2.
    final class Placement: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Any

        func handlerAdded(context: ChannelHandlerContext) {
            let pipeline = context.pipeline.syncOperations
            let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            guard let decoder else { return }
            do {
                try pipeline.addHandler(HTTP1Rules(), position: .after(decoder))
            } catch {
                context.close(promise: nil)
            }
        }
    }

    /// Requests whose responses have not been written to their ends.
    private var unanswered = 0
    /// Whether the last of them waits to be told that its body may come.
    private var isContinueDue = false
    /// Whether the client speaks HTTP/1.0, of which no further request is taken.
    private var isOld = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        guard let host = head.authority else {
            context.fireUserInboundEventTriggered(
                BrokenRule(reason: "one Host field must say whom the request is for, spelled as a host and a port"))
            return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
        }
        head.headers.remove(name: "Host")
        if !host.isEmpty { head.headers.add(name: "Host", value: host) }
        isOld = head.isOld
        // It may not know of bodies whose length is not told before (RFC 9112 §6.1).
        if isOld { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        isContinueDue = isContinueDue || head.expectsContinue
        unanswered += 1
        tellToContinue(context)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            // What was refused by its head is not waited for any more.
            if unanswered == 1 { isContinueDue = false }
            if isOld {
                head.version = .http1_0
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            unanswered = max(0, unanswered - 1)
            tellToContinue(context)
        }
    }

    /// Tells a client that waits with its body to send it (RFC 9110 §10.1.1), once it is that request's turn.
    private func tellToContinue(_ context: ChannelHandlerContext) {
        guard isContinueDue, unanswered == 1 else { return }
        isContinueDue = false
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
}
