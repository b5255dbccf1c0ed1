import NIOCore
import NIOSSL
import NIOTLS
import Registry

/// Makes connections answer DNS queries over HTTP (RFC 8484): GET and POST at `/dns-query`, by HTTP/1.1 and, with TLS,
/// HTTP/2.
struct HTTPQueries: Sendable {
    private let loops: LoopResponders
    private let state: ListenerState
    /// Queries of a connection under way at a time.
    private let most: Int
    /// nil: in plain text, for a proxy in front.
    private let context: NIOSSLContext?

    /// - Parameter tls: the certificate and its key.
    init(_ loops: LoopResponders, _ state: ListenerState, _ tls: TLSConfiguration?, most: Int) throws {
        self.loops = loops
        self.state = state
        self.most = most
        context = try tls.map { try NIOSSLContext(serving: $0, protocols: ["h2", "http/1.1"]) }
    }

    /// Makes a channel serve requests; called on its event loop.
    func setUp(_ channel: any Channel, for client: IPAddress) throws {
        let part = loops.part(of: channel.eventLoop)
        let watch = HTTPConnectionWatch(part: part, client: client)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(watch)
        guard let context else { return try addHTTP1(to: pipeline, part, watch) }
        try pipeline.addTLS(context)
        let bound = NIOLoopBound((part, watch), eventLoop: channel.eventLoop)
        try pipeline.addHandler(
            ApplicationProtocolNegotiationHandler { result, channel in
                let (part, watch) = bound.value
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if case .negotiated("h2") = result {
                        try HTTP2Connection(part: part, watch: watch, state: state, most: most).add(to: pipeline)
                    } else {
                        try addHTTP1(to: pipeline, part, watch)
                    }
                }
            })
    }

    private func addHTTP1(
        to pipeline: ChannelPipeline.SynchronousOperations, _ part: LoopResponders.Part, _ watch: HTTPConnectionWatch
    ) throws {
        try HTTP1Connection(part: part, watch: watch, state: state).add(to: pipeline)
    }
}
