import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A request as a test sees it.
struct TestRequest: Sendable {
    let method: String
    let uri: String
    let headers: [String: String]
    let body: String
    /// How many requests came before.
    let number: Int

    /// The path without the query.
    var path: String { String(uri.prefix { $0 != "?" }) }
}

/// What a test has the server do about a request.
enum TestAnswer: Sendable {
    case json(Int, String, headers: [(String, String)] = [])
    /// Parts of a body that are sent one by one; then the answer ends, breaks off or stays open.
    case parts([String], TestEnd)
    /// A head with this status, and a body that does not come.
    case head(Int)
    /// The request is read, and nothing is said.
    case silence
    /// The connection is closed without an answer.
    case hangUp
}

enum TestEnd: Sendable {
    case complete, breakOff, open
}

/// A tiny HTTP server on a port of the loopback interface.
final class TestServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let recorder: Recorder

    var requests: [TestRequest] { recorder.requests }

    /// Runs a body while the server answers.
    static func with(
        certificate: (chain: String, key: String)? = nil, clientAuthority: String? = nil,
        _ answer: @escaping @Sendable (TestRequest) -> TestAnswer, _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await TestServer(certificate: certificate, clientAuthority: clientAuthority, answer)
        do {
            try await body(server)
        } catch {
            try? await server.channel.close()
            throw error
        }
        try? await server.channel.close()
    }

    private init(
        certificate: (chain: String, key: String)?, clientAuthority: String?,
        _ answer: @escaping @Sendable (TestRequest) -> TestAnswer
    ) async throws {
        var context: NIOSSLContext?
        if let certificate {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8)).map {
                    .certificate($0)
                },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem)))
            if let clientAuthority {
                configuration.certificateVerification = .noHostnameVerification
                configuration.trustRoots = .certificates(
                    try NIOSSLCertificate.fromPEMBytes(Array(clientAuthority.utf8)))
            }
            context = try NIOSSLContext(configuration: configuration)
        }
        let tls = context
        let recorder = Recorder()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(TestHandler(recorder: recorder, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.recorder = recorder
    }

}

private final class Recorder: Sendable {
    private let log = Mutex<[TestRequest]>([])

    var requests: [TestRequest] { log.withLock { $0 } }

    func record(method: String, uri: String, headers: [String: String], body: String) -> TestRequest {
        log.withLock { log in
            let request = TestRequest(method: method, uri: uri, headers: headers, body: body, number: log.count)
            log.append(request)
            return request
        }
    }
}

/// Confined to the event loop of its channel.
private final class TestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let recorder: Recorder
    private let answer: @Sendable (TestRequest) -> TestAnswer
    private var head: HTTPRequestHead?
    private var body = ""

    init(recorder: Recorder, answer: @escaping @Sendable (TestRequest) -> TestAnswer) {
        self.recorder = recorder
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let part):
            body += String(buffer: part)
        case .end:
            guard let head else { return }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            respond(
                answer(recorder.record(method: "\(head.method)", uri: head.uri, headers: headers, body: body)),
                context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func respond(_ answer: TestAnswer, _ context: ChannelHandlerContext) {
        switch answer {
        case .silence: break
        case .hangUp: context.close(promise: nil)
        case .head(let status):
            write(
                .head(
                    HTTPResponseHead(
                        version: .http1_1, status: .init(statusCode: status), headers: ["content-length": "100"])),
                context)
            context.flush()
        case .json(let status, let text, let headers):
            var fields = HTTPHeaders([("content-type", "application/json"), ("content-length", "\(text.utf8.count)")])
            for (name, value) in headers { fields.add(name: name, value: value) }
            write(
                .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)), context)
            write(.body(.byteBuffer(ByteBuffer(string: text))), context)
            writeEnd(context)
        case .parts(let parts, let end):
            write(
                .head(
                    HTTPResponseHead(
                        version: .http1_1, status: .ok,
                        headers: [
                            "content-type": "application/json", "transfer-encoding": "chunked",
                        ])), context)
            for part in parts {
                write(.body(.byteBuffer(ByteBuffer(string: part))), context)
                context.flush()
            }
            switch end {
            case .complete: writeEnd(context)
            case .breakOff: context.close(promise: nil)
            case .open: break
            }
        }
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }

    private func writeEnd(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
