import NIOCore
import NIOEmbedded
import Pipeline
import Testing

@testable import Nameserver

@Suite("Clients over TLS that do not take their replies", .timeLimit(.minutes(2)))
struct SlowReaderTests {
    /// Keeps all that is written, as a socket does whose peer reads nothing.
    private final class FullSocket: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private var promises: [EventLoopPromise<Void>?] = []
        private(set) var bytes = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            bytes += unwrapOutboundIn(data).readableBytes
            promises.append(promise)
        }

        func flush(context: ChannelHandlerContext) {}

        func handlerRemoved(context: ChannelHandlerContext) {
            for promise in promises { promise?.fail(ChannelError.eof) }
            promises = []
        }
    }

    /// A connection that has asked so many queries which wait.
    private struct Client {
        let channel = EmbeddedChannel()
        let socket = FullSocket()
        let connection: TLSConnection
        let context: ChannelHandlerContext

        init(_ stage: StubStage, queries: Int) throws {
            let state = ListenerState(content(stage))
            let loops = LoopResponders(state, transport: .tls, room: ServingLimits().streamBytes)
            channel.localAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 853)
            channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 4000)
            try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 853)).wait()
            connection = TLSConnection(part: loops.part(of: channel.eventLoop), most: 128)
            try channel.pipeline.syncOperations.addHandler(socket)
            try channel.pipeline.syncOperations.addHandler(connection)
            context = try channel.pipeline.syncOperations.context(handler: connection)
            let query = TestSocket.framed(TestQuery("a.test.").bytes)
            try channel.writeInbound(ByteBuffer(bytes: (0..<queries).flatMap { _ in query }))
        }
    }

    @Test("What is kept for one of them is bounded, whatever it has asked for; then its connection ends")
    func bound() throws {
        let silence = Silence()
        let client = try Client(silence.stage, queries: 128)
        defer { _ = try? client.channel.finish(acceptAlreadyClosed: true) }
        let reply = [UInt8](repeating: 0, count: 65_535)
        var replies = 0
        while client.channel.isActive, replies < 128 {
            client.connection.deliver(reply, at: (), client.context)
            replies += 1
        }
        #expect(!client.channel.isActive)
        #expect(client.socket.bytes <= TLSConnection.unwrittenBytes + 65_537)
        #expect(replies == 4)
    }
}
