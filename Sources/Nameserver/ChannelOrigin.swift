import NIOCore
import Pipeline

/// A connection that sends a reply which was not there at once.
protocol LateReplyTaker: AnyObject, SendableMetatype {
    /// What tells one query of the connection from another: a stream of HTTP/2, nothing where replies name themselves.
    associatedtype Place: Sendable

    /// Called on the connection's event loop.
    func deliver(_ reply: [UInt8], at place: Place, _ context: ChannelHandlerContext)
}

/// Where a query on a channel came from.
struct ChannelOrigin<Connection: LateReplyTaker>: QueryOrigin {
    let peers: ConnectionPeers
    let connection: Connection
    let place: Connection.Place
    let context: ChannelHandlerContext

    var client: PipelineQuery.Peer { peers.client }
    var server: PipelineQuery.Peer { peers.server }

    func makeReturnPath() -> ReturnPath {
        let place = place
        let bound = NIOLoopBound((connection, context), eventLoop: context.eventLoop)
        return { reply in
            bound.eventLoop.execute {
                let (connection, context) = bound.value
                connection.deliver(reply, at: place, context)
            }
            return true
        }
    }
}
