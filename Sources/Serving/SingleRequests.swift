import NIOCore
import NIOHTTP1

/// Has connections of HTTP/1.0 end after their first answer (RFC 9112 §9.3): their clients may wait for the end.
///
/// Confined to the connection's event loop.
final class SingleRequests: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), !head.isKeepAlive else {
            return context.fireChannelRead(data)
        }
        // What the version implies and the request does not say: the server looks for this field only.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
