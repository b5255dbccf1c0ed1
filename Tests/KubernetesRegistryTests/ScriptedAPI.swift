import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request to a scripted server.
struct ScriptedRequest: Sendable {
    let uri: String
    let headers: [String: String]
    /// How many requests for the same path came before.
    let number: Int

    /// The path without the query.
    var path: String { String(uri.prefix { $0 != "?" }) }

    func has(_ item: String) -> Bool {
        guard let mark = uri.firstIndex(of: "?") else { return false }
        return uri[uri.index(after: mark)...].split(separator: "&").contains { $0 == item }
    }

    var isWatch: Bool { has("watch=true") }
    /// Whether only the version and the number of objects are wanted.
    var isCount: Bool { has("limit=1") }
    var isStreamingList: Bool { has("sendInitialEvents=true") }
}

/// An API server that does what a test tells it, however wrong, on a port of loopback.
final class ScriptedAPI: Sendable {
    enum Answer: Sendable {
        /// A whole body.
        case body(Int, String, headers: [(String, String)] = [])
        /// Lines of a stream; then it ends, breaks off in the middle of a chunk or stays open.
        case stream([String], End)
        /// Nothing at all.
        case silence
        /// The connection is closed without a word.
        case hangUp
    }

    enum End: Sendable {
        case complete, breakOff, open
    }

    fileprivate struct State {
        var requests: [ScriptedRequest] = []
        var streams: [String: [any Channel]] = [:]
        var observers:
            [(condition: @Sendable (ScriptedRequest) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
                []
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared

    fileprivate final class Shared: Sendable {
        let state = Mutex(State())
        let answer: @Sendable (ScriptedRequest) -> Answer

        init(_ answer: @escaping @Sendable (ScriptedRequest) -> Answer) { self.answer = answer }

        func record(uri: String, headers: [String: String]) -> ScriptedRequest {
            let (request, observers) = state.withLock { state in
                let path = uri.prefix { $0 != "?" }
                let request = ScriptedRequest(
                    uri: uri, headers: headers, number: state.requests.filter { $0.path == path }.count)
                state.requests.append(request)
                let met = state.observers.filter { $0.condition(request) }.map(\.continuation)
                state.observers.removeAll { $0.condition(request) }
                return (request, met)
            }
            for observer in observers { observer.resume() }
            return request
        }

        func opened(_ path: String, _ channel: any Channel) {
            state.withLock { $0.streams[path, default: []].append(channel) }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [ScriptedRequest] { shared.state.withLock { $0.requests } }

    /// Runs a body while the server answers.
    static func with(
        _ answer: @escaping @Sendable (ScriptedRequest) -> Answer, _ body: (ScriptedAPI) async throws -> Void
    ) async throws {
        let server = try await ScriptedAPI(answer)
        do {
            try await body(server)
        } catch {
            try? await server.channel.close()
            throw error
        }
        try? await server.channel.close()
    }

    private init(_ answer: @escaping @Sendable (ScriptedRequest) -> Answer) async throws {
        let shared = Shared(answer)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(ScriptedHandler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.shared = shared
    }

    /// Waits until a request like this has come, or the test's time is over.
    func request(where condition: @escaping @Sendable (ScriptedRequest) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = shared.state.withLock { state in
                    if Task.isCancelled || state.requests.contains(where: condition) { return true }
                    state.observers.append((condition, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let observers = shared.state.withLock { state in
                defer { state.observers = [] }
                return state.observers
            }
            for observer in observers { observer.continuation.resume() }
        }
    }

    /// Sends text on the stream of a path that was opened last.
    func push(_ path: String, _ text: String) {
        guard let channel = shared.state.withLock({ $0.streams[path]?.last }) else { return }
        channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
    }

    /// Ends the streams of a path, as a server that goes away.
    func cut(_ path: String) {
        let channels = shared.state.withLock { $0.streams.removeValue(forKey: path) ?? [] }
        for channel in channels { channel.close(promise: nil) }
    }

    /// Ends the stream of a path that was opened last, as a server whose time-out has come.
    func end(_ path: String) {
        guard let channel = shared.state.withLock({ $0.streams[path]?.popLast() }) else { return }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }
}

/// Confined to the event loop of its channel.
private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let shared: ScriptedAPI.Shared
    private var head: HTTPRequestHead?

    init(_ shared: ScriptedAPI.Shared) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            let request = shared.record(uri: head.uri, headers: headers)
            respond(request, shared.answer(request), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func respond(_ request: ScriptedRequest, _ answer: ScriptedAPI.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .silence: break
        case .hangUp: context.close(promise: nil)
        case .body(let status, let text, let headers):
            var fields = HTTPHeaders([("content-type", "application/json"), ("content-length", "\(text.utf8.count)")])
            for (name, value) in headers { fields.add(name: name, value: value) }
            write(
                .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)), context)
            write(.body(.byteBuffer(ByteBuffer(string: text))), context)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .stream(let parts, let end):
            let fields: HTTPHeaders = ["content-type": "application/json", "transfer-encoding": "chunked"]
            write(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)), context)
            for part in parts { write(.body(.byteBuffer(ByteBuffer(string: part))), context) }
            // Whoever has read what the stream says may cut it at once.
            if case .open = end { shared.opened(request.path, context.channel) }
            context.flush()
            switch end {
            case .complete: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .breakOff: context.close(promise: nil)
            case .open: break
            }
        }
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }
}
