import NIOCore
import NIOEmbedded
import Pipeline
import Registry
import Testing

@testable import Nameserver

@Suite("Clients of streams that do not take their replies", .timeLimit(.minutes(2)))
struct SlowReaderTests {
    /// Keeps all that is written, as a socket does whose peer reads nothing; not writable with more than 64 KiB.
    private final class FullSocket: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private var promises: [EventLoopPromise<Void>?] = []
        /// All that was ever written.
        private(set) var bytes = 0
        private var kept = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let count = unwrapOutboundIn(data).readableBytes
            bytes += count
            kept += count
            promises.append(promise)
            guard kept > 65_536, let channel = context.channel as? EmbeddedChannel, channel.isWritable else { return }
            channel.isWritable = false
            channel.pipeline.fireChannelWritabilityChanged()
        }

        /// The peer has read all.
        func drain(_ channel: EmbeddedChannel) {
            let written = promises
            (promises, kept) = ([], 0)
            channel.isWritable = true
            for promise in written { promise?.succeed(()) }
            channel.pipeline.fireChannelWritabilityChanged()
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
            connection = TLSConnection(
                part: loops.part(of: channel.eventLoop), client: .v4(0xc000_0202), watch: nil, most: 128)
            try channel.pipeline.syncOperations.addHandler(socket)
            try channel.pipeline.syncOperations.addHandler(connection)
            context = try channel.pipeline.syncOperations.context(handler: connection)
            let query = TestSocket.framed(TestQuery("a.test.").bytes)
            try channel.writeInbound(ByteBuffer(bytes: (0..<queries).flatMap { _ in query }))
        }
    }

    @Test("Of an HTTP/1.1 connection's requests no more are answered than the client takes responses to")
    func http1() throws {
        let answers = LongAnswers()
        let state = ListenerState(content(answers.stage))
        let loops = LoopResponders(state, transport: .https, room: ServingLimits().streamBytes)
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 443)
        channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 4000)
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 443)).wait()
        let part = loops.part(of: channel.eventLoop)
        let watch = HTTPConnectionWatch(part: part, client: .v4(0xc000_0202))
        let socket = FullSocket()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers(socket, watch)
        try HTTP1Connection(part: part, watch: watch, state: state).add(to: pipeline)
        let query = FrameClient.base64(TestQuery("a.test.", .txt).bytes)
        let request = "GET /dns-query?dns=\(query) HTTP/1.1\r\nHost: dns.test\r\n\r\n"
        try channel.writeInbound(ByteBuffer(string: String(repeating: request, count: 500)))
        #expect((1...2).contains(answers.count) && socket.bytes < 130_000)
        // Whoever reads gets all of them, in any pace.
        var rounds = 0
        while answers.count < 500, rounds < 500 {
            let before = answers.count
            socket.drain(channel)
            #expect((1...2).contains(answers.count - before))
            rounds += 1
        }
        socket.drain(channel)
        #expect(answers.count == 500 && socket.bytes > 500 * 48_000 && channel.isActive)
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
