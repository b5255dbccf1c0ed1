import DNS
import HTTPTypes
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import Pipeline
import Registry

/// Answers DNS queries over HTTP (RFC 8484): GET and POST at `/dns-query`, by HTTP/1.1 and, with TLS, HTTP/2.
struct HTTPQueries: Sendable {
    private static let path = "/dns-query"
    private static let mediaType = "application/dns-message"
    /// The largest message, in bytes.
    private static let maximumBody = 65535
    /// As long as a GET with the largest message takes, and far more than other fields do.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 96 << 10, maxHeaderListSize: 128 << 10, maxHeaderFieldCount: 100)

    private let loops: LoopResponders
    private let state: ListenerState

    init(_ loops: LoopResponders, _ state: ListenerState) {
        self.loops = loops
        self.state = state
    }

    /// How connections are set up and served: over TLS where there is a certificate.
    enum Channels: Sendable {
        case plain(HTTP1Channel)
        case tls(HTTP2UpgradeChannel)
    }

    func channels(_ tls: TLSConfiguration?) throws -> Channels {
        let stream = HTTP1Channel.Configuration(
            additionalChannelHandlers: [HTTPRequestWatch()], httpDecoderConfiguration: Self.headerLimits)
        guard let tls else { return .plain(HTTP1Channel(responder: respond, configuration: stream)) }
        return .tls(
            try HTTP2UpgradeChannel(
                tlsConfiguration: tls, configuration: .init(streamConfiguration: stream), responder: respond))
    }

    /// Makes a channel serve requests.
    func setUp(_ channel: any Channel, _ channels: Channels) throws -> EventLoopFuture<Void> {
        try channel.pipeline.syncOperations.addHandler(
            HTTPConnectionWatch(part: loops.part(of: channel.eventLoop)))
        let logger = Logger(label: "https") { _ in SwiftLogNoOpLogHandler() }
        switch channels {
        case .plain(let http): return serve(http, channel, logger)
        case .tls(let http): return serve(http, channel, logger)
        }
    }

    private func serve(
        _ http: some ServerChildChannel, _ channel: any Channel, _ logger: Logger
    ) -> EventLoopFuture<Void> {
        http.setup(channel: channel, logger: logger).map { value in
            Task { await http.handle(value: value, logger: logger) }
        }
    }

    // MARK: One request

    @Sendable
    private func respond(
        _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        let result = await answer(request, channel)
        var head = HTTPResponse(status: result.status)
        var body: [UInt8] = []
        switch result {
        case .message(let message):
            head.headerFields[.contentType] = Self.mediaType
            head.headerFields[.cacheControl] = "max-age=\(Self.freshness(of: message))"
            body = message
        case .failure(.methodNotAllowed):
            head.headerFields[.allow] = "GET, POST"
        case .failure: break
        }
        state.count(httpStatus: result.status.code)
        head.headerFields[.contentLength] = "\(body.count)"
        try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private enum Result {
        case message([UInt8])
        /// A body that is still coming is read to its end, or to that of the client's time.
        case failure(HTTPResponse.Status)

        var status: HTTPResponse.Status {
            switch self {
            case .message: .ok
            case .failure(let status): status
            }
        }
    }

    private func answer(_ request: Request, _ channel: any Channel) async -> Result {
        let target = request.head.path ?? ""
        let path = target.prefix { $0 != "?" }
        guard path == Self.path else { return .failure(.notFound) }
        let query: [UInt8]
        switch request.method {
        case .get:
            guard let message = Self.message(inQuery: target.dropFirst(path.count + 1)) else {
                return .failure(.badRequest)
            }
            query = message
        case .post:
            let type = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
            guard type == Self.mediaType else { return .failure(.unsupportedMediaType) }
            switch await Self.body(of: request) {
            case .message(let message): query = message
            case let failure: return failure
            }
        default: return .failure(.methodNotAllowed)
        }
        guard let message = try? await exchange(query, channel) else { return .failure(.badRequest) }
        return message.isEmpty ? .failure(.badRequest) : .message(message)
    }

    private static func body(of request: Request) async -> Result {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumBody {
            return .failure(.contentTooLarge)
        }
        var body: [UInt8] = []
        do {
            for try await piece in request.body {
                guard body.count + piece.readableBytes <= maximumBody else {
                    return .failure(.contentTooLarge)
                }
                body += piece.readableBytesView
            }
        } catch {
            return .failure(.badRequest)
        }
        return .message(body)
    }

    /// The parameter `dns` of a GET (RFC 8484 §4.1.1); nil where there is none, or more than one.
    private static func message(inQuery query: Substring) -> [UInt8]? {
        let values = query.split(separator: "&").filter { $0.hasPrefix("dns=") }
        guard values.count == 1, let value = values.first?.dropFirst(4) else { return nil }
        return Base64URL.decoded(value.utf8, limit: maximumBody)
    }

    /// Asks on the event loop of the connection, whose responder it is.
    private func exchange(_ query: [UInt8], _ channel: any Channel) async throws -> [UInt8] {
        let promise = channel.eventLoop.makePromise(of: [UInt8].self)
        channel.eventLoop.execute {
            guard let client = PipelineQuery.Peer(channel.remoteAddress ?? channel.parent?.remoteAddress),
                let server = PipelineQuery.Peer(channel.localAddress ?? channel.parent?.localAddress)
            else { return promise.fail(ChannelError.ioOnClosedChannel) }
            let part = loops.part(of: channel.eventLoop)
            part.batch {
                let outcome = query.withUnsafeBytes { bytes in
                    part.respond(bytes, from: HTTPOrigin(client: client, server: server, promise: promise)) { reply in
                        promise.succeed(Array(reply))
                    }
                }
                if outcome == .silence { promise.succeed([]) }
            }
        }
        return try await promise.futureResult.get()
    }

    /// How long an answer may be kept, in seconds: its smallest TTL (RFC 8484 §5.1), that of denials being the SOA's
    /// (RFC 2308 §5).
    static func freshness(of message: [UInt8]) -> UInt32 {
        guard let message = DNSMessage.read(message), !message.isTruncated else { return 0 }
        if let least = message.answers.map(\.ttl).min() { return least }
        guard let soa = message.authorities.first(where: { $0.type == .soa }) else { return 0 }
        return min(soa.ttl, StartOfAuthority(soa.data)?.minimum ?? 0)
    }
}

private struct HTTPOrigin: QueryOrigin {
    let client: PipelineQuery.Peer
    let server: PipelineQuery.Peer
    let promise: EventLoopPromise<[UInt8]>

    func makeReturnPath() -> ReturnPath {
        let promise = promise
        return { reply in
            promise.succeed(reply)
            return true
        }
    }
}

/// The alphabet of RFC 4648 §5, without padding.
enum Base64URL {
    /// nil for anything that is not exactly the encoding of at most `limit` bytes.
    static func decoded(_ text: some Collection<UInt8>, limit: Int) -> [UInt8]? {
        guard text.count % 4 != 1, text.count <= (limit * 4 + 2) / 3 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var (bits, count) = (0 as UInt32, 0 as UInt32)
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= 1 << count - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5a: UInt32(character) - 0x41
        case 0x61...0x7a: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
