import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@Suite("Answers that clients do not read, over HTTP/2")
struct UnreadStreamTests {
    private static func tls() throws -> TLSConfiguration {
        let certificate = try NIOSSLCertificate(bytes: Array(TestCertificates.server.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)
        return .makeServerConfiguration(certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
    }

    @Test("Streams that take no byte are bounded, their connection goes on, and its end makes room again")
    func bounded() async throws {
        try await LargeRegistry.serve(tls: Self.tls()) { port in
            let greedy = try await StreamClient(port, window: 0)
            let other = try await StreamClient(port, window: 1 << 20)
            var isRefused = false
            // Without a bound none is ever refused; what is begun takes a while to show.
            for _ in 0..<64 where !isRefused {
                _ = try await greedy.status(of: LargeRegistry.list)
                isRefused = try await other.status(of: "/version") != .ok
            }
            #expect(isRefused)
            #expect(try await other.status(of: "/readyz") == .ok)
            #expect(try await greedy.status(of: "/readyz") == .ok)
            try await greedy.close()
            // The server learns of the end in its own time; each question is an event to wait for.
            var refusals = 0
            while try await other.status(of: "/version") != .ok, refusals < 10_000 { refusals += 1 }
            #expect(refusals < 10_000)
            try await other.close()
        }
    }
}

/// A connection of HTTP/2 over TLS that tells of heads only, and never gives a stream a larger window.
private actor StreamClient {
    enum Status { case ok, other }

    struct Ended: Error {}

    private enum FrameType {
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
    }

    private let channel: any Channel
    private let statuses: AsyncStream<Status>
    private var stream: UInt32 = 1

    /// - Parameter window: How many bytes of an answer are taken.
    init(_ port: UInt16, window: UInt32) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: tls)
        let (statuses, told) = AsyncStream<Status>.makeStream()
        self.statuses = statuses
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let security = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([security, Heads(told)])
                }
            }.connect(host: "127.0.0.1", port: Int(port)).get()
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        // SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.5.2).
        let settings = Self.frame(FrameType.settings, flags: 0, stream: 0, [0, 4] + Self.bytes(of: window))
        try await channel.writeAndFlush(ByteBuffer(bytes: preface + settings))
    }

    /// Asks on a stream of its own, and says what the head of the answer says.
    func status(of path: String) async throws -> Status {
        // GET, https and the path out of the static table, literals without Huffman's code (RFC 7541 §6, appendix A).
        let fields: [UInt8] =
            [0x82, 0x87, 0x04, UInt8(path.utf8.count)] + Array(path.utf8) + [0x01, 9] + Array("127.0.0.1".utf8)
        try await channel.writeAndFlush(
            ByteBuffer(bytes: Self.frame(FrameType.headers, flags: 0x5, stream: stream, fields)))
        stream += 2
        guard let status = await statuses.first(where: { _ in true }) else { throw Ended() }
        return status
    }

    func close() async throws { try await channel.close() }

    private static func frame(_ type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        bytes(of: UInt32(payload.count))[1...] + [type, flags] + bytes(of: stream) + payload
    }

    private static func bytes(of number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    /// Cuts what comes into frames, and tells of those that begin or refuse an answer. On the connection's event loop.
    private final class Heads: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let told: AsyncStream<Status>.Continuation
        private var rest = ByteBuffer()
        /// Of what was told last; the streams are asked on one after the other.
        private var lastStream: UInt32 = 0

        init(_ told: AsyncStream<Status>.Continuation) { self.told = told }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var piece = unwrapInboundIn(data)
            rest.writeBuffer(&piece)
            while let head = rest.getBytes(at: rest.readerIndex, length: 9) {
                let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                guard rest.readableBytes >= 9 + length else { return }
                rest.moveReaderIndex(forwardBy: 9)
                let payload = rest.readBytes(length: length)
                let stream = head[5...].reduce(0) { $0 << 8 | UInt32($1) }
                guard stream > lastStream, head[3] == FrameType.headers || head[3] == FrameType.reset else { continue }
                lastStream = stream
                // The first field of a head is its status; 200 is number 8 of the static table.
                told.yield(head[3] == FrameType.headers && payload?.first == 0x88 ? .ok : .other)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { told.finish() }
    }
}
