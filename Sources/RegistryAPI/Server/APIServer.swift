import Descriptors
import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOPosix
import ObjectRules
import Registry

/// Serves the API over HTTP/1.1, and over TLS by HTTP/2 as well.
package struct APIServer: Sendable {
    private static let idleTimeout: TimeAmount = .seconds(90)
    /// Far more than any client of the API sends, in bytes and in number.
    private static let headerLimits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 200)
    private static let headerLimitsText =
        "\(headerLimits.maxHeaderFieldSize >> 10) KiB for the target and for a field, "
        + "\(headerLimits.maxHeaderListSize >> 10) KiB and \(headerLimits.maxHeaderFieldCount) fields in all"

    /// How much of a body that is too long is read all the same, in bytes.
    private static let maximumDrainedSize = 16 << 20
    /// How much of a body that is not looked at may be sent all the same on a connection that goes on, in bytes.
    private static let maximumIgnoredSize = 256 << 10
    /// RFC 9111 §5.5; a name that is legal.
    private static let warning = HTTPField.Name("Warning") ?? .contentType

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin

    private let settings: APISettings
    private let service: APIService
    private let budget: BodyBudget
    private let turns: BodyTurns
    private let answers: AnswerBudget
    private let logger: Logger

    package init(settings: APISettings, service: APIService, logger: Logger) {
        self.settings = settings
        budget = BodyBudget(maximum: settings.maximumBodyBytes)
        turns = BodyTurns(maximum: settings.maximumBodyValues, patience: settings.turnPatience)
        answers = AnswerBudget(maximum: settings.maximumAnswerBytes, patience: settings.answerPatience)
        self.service = service
        self.logger = logger
    }

    /// Listens until the task is cancelled; throws where the address cannot be listened on.
    ///
    /// - Parameter onListening: Called with the port once connections are taken.
    package func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        var stream = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                HTTP1Rules.Placement(), StreamGuard(), UnreadableRequests(limits: Self.headerLimitsText),
            ],
            idleTimeout: Self.idleTimeout,
            httpDecoderConfiguration: Self.headerLimits)
        stream.idleTimeout = Self.idleTimeout
        if let tls = settings.tls {
            let channel = try HTTP2UpgradeChannel(
                tlsConfiguration: tls,
                configuration: .init(idleTimeout: .seconds(90), streamConfiguration: stream),
                responder: respond)
            try await run(channel, onListening: onListening)
        } else {
            try await run(HTTP1Channel(responder: respond, configuration: stream), onListening: onListening)
        }
    }

    private func run(
        _ channel: some ServerChildChannel, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let maximum = Descriptors.connections(upTo: settings.maximumConnections)
        let server = Server(
            childChannelSetup: GuardedConnections(channel, maximum: maximum),
            configuration: ServerConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(maximum)),
            onServerRunning: { channel in
                try? await AcceptPause.add(to: channel)
                onListening(channel.localAddress?.port ?? 0)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "api") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await Self.run(server)
        } catch let error as IOError {
            throw ListenFailure(reason: String(cString: strerror(error.errnoCode)))
        }
    }

    /// How long requests and watches may take to end once the server does.
    private static let endTime = Duration.milliseconds(500)

    /// Runs a server until the task is cancelled.
    ///
    /// A server that is cancelled may drop connections that it has accepted and not begun, which NIO takes for a mistake
    /// that ends the process: so it is asked to end first, takes no more connections, and is cancelled after a while.
    private static func run(_ server: Server<some ServerChildChannel>) async throws {
        let serving = Task { try await server.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task {
                let limit = Task {
                    try await Task.sleep(for: endTime)
                    serving.cancel()
                }
                try? await server.shutdownGracefully()
                limit.cancel()
            }
        }
    }

    /// Why an address cannot be listened on, as the system says it.
    struct ListenFailure: Error, CustomStringConvertible {
        let reason: String

        var description: String { reason }
    }

    // MARK: One request

    @Sendable
    private func respond(
        _ request: HummingbirdCore.Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        let connection = ConnectionHandle { channel.close(mode: .all, promise: nil) }
        let (response, hold, admission) = await answer(request, channel: channel, connection: connection)
        // Until the client has taken it: small answers may wait in a stream of HTTP/2 until that is closed.
        if Self.isStream(channel) { channel.closeFuture.whenComplete { _ in hold.giveAll() } }
        defer { if !Self.isStream(channel) { hold.giveAll() } }
        var head = HTTPResponse(status: .init(code: response.code))
        head.headerFields[.contentType] = response.contentType
        head.headerFields[.cacheControl] = "no-cache, private"
        for warning in response.warnings {
            head.headerFields.append(HTTPField(name: Self.warning, value: "299 - \"\(Self.quoted(warning))\""))
        }
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { head.headerFields[name] = value }
        }
        switch response.body {
        case .bytes(let bytes):
            head.headerFields[.contentLength] = "\(bytes.count)"
            // HTTP/2 has no such field, and ends the stream alone (RFC 9113 §8.2.2).
            if response.closesConnection, !Self.isStream(channel) { head.headerFields[.connection] = "close" }
            if request.method == .head { return try await writer.writeResponse(head) }
            if bytes.count <= Self.portion {
                try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            } else {
                var body = try await writer.writeHead(head)
                try await Self.write(bytes, to: &body, on: channel)
                try await body.finish(nil)
            }
            if response.closesConnection { channel.close(mode: .all, promise: nil) }
        case .stream(let produce):
            if request.method == .head { return try await writer.writeResponse(head) }
            let stay = stay(of: request, as: admission, connection)
            defer { if let stay { settings.tokens?.leave(stay) } }
            let expiry = Self.expiry(of: admission, on: channel, connection)
            defer { expiry?.cancel() }
            try await Self.guardStream(connection, on: channel)
            var body = try await writer.writeHead(head)
            try await produce { bytes in
                let had = hold.size
                guard bytes.count <= AnswerBudget.requestCost || hold.takeAtOnce(bytes.count) else {
                    throw APIStatus.answersWait
                }
                try await Self.write(bytes, to: &body, on: channel)
                hold.give(hold.size - had)
            }
            try await Self.guardStream(nil, on: channel)
            try await body.finish(nil)
        }
    }

    /// How much of an answer is handed to its connection at once, in bytes: the next portion waits until the client has
    /// taken nearly all of it.
    private static let portion = 32 << 10

    private static func write(
        _ bytes: [UInt8], to body: inout some ResponseBodyWriter, on channel: any Channel
    ) async throws {
        for start in stride(from: 0, to: bytes.count, by: portion) {
            try await body.write(ByteBuffer(bytes: bytes[start..<min(start + portion, bytes.count)]))
            // Whether the connection takes more shows once its event loop has seen the portion, which nobody else waits for.
            try await channel.eventLoop.submit {}.get()
        }
    }

    /// Whether a channel is one stream of a connection: that has the listener for its parent.
    private static func isStream(_ channel: any Channel) -> Bool { channel.parent?.parent != nil }

    /// Lets the handler of a stream know when its client hangs up; nil where it has ended.
    private static func guardStream(_ connection: ConnectionHandle?, on channel: any Channel) async throws {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: StreamGuard.self).stream = connection
        }.get()
    }

    /// The answer to a request, the room that it has until it is written, and what it was let in by; nil for nothing.
    private func answer(
        _ request: HummingbirdCore.Request, channel: any Channel, connection: ConnectionHandle
    ) async -> (APIResponse, AnswerBudget.Hold, Admission?) {
        do {
            let admission = try await admission(of: request, channel: channel)
            let identity = admission.identity
            // Who only asks whether the server is well hears so, however busy it is.
            guard !Self.asksForHealth(request) else {
                var response = APIResponse(text: HealthPage.text(target: request.head.path ?? ""))
                response.closesConnection = Self.isStream(channel) || Self.hasLongBody(request)
                return (response, .unlimited, admission)
            }
            var read: APIRequest
            do {
                read = try APIRequest(
                    method: request.method.rawValue, target: request.head.path ?? "/",
                    accept: request.headers[values: .accept].joined(separator: ","),
                    contentType: request.headers[.contentType] ?? "", userAgent: request.headers[.userAgent] ?? "",
                    identity: identity, connection: connection)
            } catch {
                throw APIStatus.badRequest("the request target is no URL")
            }
            let user = settings.needsIdentity ? identity.name : nil
            let hold = BodyBudget.Hold(budget, user: user)
            defer { hold.release() }
            // Of no other request is a body looked at.
            let needsBody = !Self.isRead(request) && service.admits(read)
            if needsBody { read.body = try await body(of: request, hold, channel: channel) }
            let answer = try await room(of: user, isWrite: !Self.isRead(request))
            read.answer = answer
            let turn = try await turn(of: read, user: user)
            defer { turn?.end() }
            var response = await service.respond(to: read)
            if !needsBody, Self.hasLongBody(request) { response.closesConnection = true }
            if case .bytes(let bytes) = response.body, !response.isShared {
                if Self.isRead(request) {
                    guard answer.takeAtOnce(bytes.count) else { throw APIStatus.answersWait }
                } else {
                    // It has been done: that is said, room or not.
                    answer.owe(bytes.count)
                }
            }
            return (response, answer, admission)
        } catch let status as APIStatus {
            var response = Self.refusal(status)
            if status == .unauthorized { response.headers.append(("WWW-Authenticate", "Bearer")) }
            return (response, .unlimited, nil)
        } catch {
            return (Self.refusal(.badRequest("the request could not be read: \(error)")), .unlimited, nil)
        }
    }

    /// The answer to a request that is not let in: what is still being sent is not read, and for a client that does not
    /// read it is not kept.
    private static func refusal(_ status: APIStatus) -> APIResponse {
        var response = APIResponse(status)
        response.closesConnection = true
        return response
    }

    /// Room for the answer to a request, for which is waited for a while.
    private func room(of user: String?, isWrite: Bool) async throws -> AnswerBudget.Hold {
        guard let hold = await answers.enter(user: user, isWrite: isWrite) else {
            throw APIStatus.answersWait
        }
        return hold
    }

    /// The turn of a request's body, for which is waited; nil where it has none.
    private func turn(of request: APIRequest, user: String?) async throws -> BodyTurns.Turn? {
        guard !request.body.isEmpty else { return nil }
        let values = BodyWeight.values(in: request.body, contentType: request.contentType)
        guard let turn = await turns.take(values, user: user) else { throw APIStatus.answersWait }
        return turn
    }

    private static func isRead(_ request: HummingbirdCore.Request) -> Bool {
        request.method == .get || request.method == .head
    }

    private static func asksForHealth(_ request: HummingbirdCore.Request) -> Bool {
        request.method == .get
            && ["/readyz", "/livez", "/healthz"].contains(request.head.path?.prefix { $0 != "?" } ?? "")
    }

    /// Whether a request has a body that is not worth reading to its end.
    private static func hasLongBody(_ request: HummingbirdCore.Request) -> Bool {
        if let length = request.headers[.contentLength] { return Int(length).map { $0 > maximumIgnoredSize } ?? true }
        return request.headers[.transferEncoding] != nil
    }

    /// The whole body of a request.
    ///
    /// One that is too long is read further for a while: a client that is still sending does not see the answer. One
    /// that does not go on ends the connection.
    private func body(
        of request: HummingbirdCore.Request, _ hold: BodyBudget.Hold, channel: any Channel
    ) async throws -> [UInt8] {
        let deadline = BodyDeadline(channel, patience: settings.bodyPatience)
        defer { deadline.end() }
        let tooLarge = APIStatus.requestEntityTooLarge(limit: BodyReader.maximumSize)
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > Self.maximumDrainedSize { throw tooLarge }
        var (body, size) = ([UInt8](), 0)
        for try await piece in request.body {
            deadline.renew()
            size += piece.readableBytes
            guard size <= Self.maximumDrainedSize else { break }
            guard size <= BodyReader.maximumSize else {
                body = []
                continue
            }
            guard hold.take(piece.readableBytes) else {
                throw APIStatus.tooManyRequests(
                    "the server has as many bodies of requests to read as it may; try again later",
                    retryAfterSeconds: 1)
            }
            body += piece.readableBytesView
        }
        guard size <= BodyReader.maximumSize else { throw tooLarge }
        // The end of the connection reads as that of the body.
        guard !deadline.isOver, length.map({ $0 == size }) ?? true else {
            throw APIStatus.badRequest("the body of the request does not come to its end")
        }
        return body
    }

    /// Who sends a request: the owner of its token, or of its certificate.
    private func admission(of request: HummingbirdCore.Request, channel: any Channel) async throws -> Admission {
        guard settings.needsIdentity else {
            try Self.checkAuthority(request.head.authority)
            try Self.checkOrigin(of: request)
            return Admission(identity: .trusted)
        }
        if request.headers[.authorization] != nil {
            guard let token = Self.token(of: request), let identity = settings.tokens?.identity(of: token) else {
                throw APIStatus.unauthorized
            }
            return Admission(identity: identity)
        }
        if settings.acceptsClientCertificates {
            for candidate in [channel, channel.parent].compactMap(\.self) {
                guard let shown = try await ClientCertificate.shown(on: candidate, at: time(nil)) else { continue }
                try Self.checkOrigin(of: request)
                return Admission(identity: shown.identity, certificateEnd: shown.end)
            }
        }
        // Who only asks whether the server is well need not say who that is.
        if Self.asksForHealth(request) {
            return Admission(identity: Identity(name: "system:anonymous", roles: [.read]))
        }
        throw APIStatus.unauthorized
    }

    /// What a request shows to be let in (RFC 6750 §2.1); nil where that is no token.
    private static func token(of request: HummingbirdCore.Request) -> String? {
        guard let parts = request.headers[.authorization]?.split(separator: " ", maxSplits: 1), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1])
    }

    /// Ends a watch as soon as its token lets in the same no more; nil where it was begun without one.
    private func stay(
        of request: HummingbirdCore.Request, as admission: Admission?, _ connection: ConnectionHandle
    ) -> Int? {
        guard let tokens = settings.tokens, let token = Self.token(of: request), let admission else { return nil }
        return tokens.stay(token, as: admission.identity) { connection.abort() }
    }

    /// Ends a watch behind the last second of its client's certificate; nil where it was begun without one.
    private static func expiry(
        of admission: Admission?, on channel: any Channel, _ connection: ConnectionHandle
    ) -> Scheduled<Void>? {
        guard let end = admission?.certificateEnd else { return nil }
        // Certificates for ever end so far away that it is no number of nanoseconds, watches by themselves before.
        let rest = min(max(0, end - time(nil)), 366 * 86400)
        return channel.eventLoop.scheduleTask(in: .seconds(Int64(rest) + 1)) { connection.abort() }
    }

    /// Without authentication a page in a browser must not get here by a name of its own for 127.0.0.1.
    private static func checkAuthority(_ authority: String?) throws {
        guard let authority, !authority.isEmpty else { return }
        var host = authority[...]
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            // Behind it a port, or nothing: else it is a name that begins like an address.
            let rest = host[host.index(after: end)...]
            if rest.isEmpty || rest.hasPrefix(":") { host = host[..<end].dropFirst() }
        } else if let colon = host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        guard host == "localhost" || IPAddress(String(host)) != nil else {
            throw APIStatus.forbidden(
                path: "/", "the host \"\(host.prefix(64))\" is none of this server's: use 127.0.0.1 or localhost")
        }
    }

    /// What a browser sends by itself, without a token, may come from any page that is open in it.
    private static func checkOrigin(of request: HummingbirdCore.Request) throws {
        let site = request.headers[fetchSite]
        let origin = request.headers[.origin]
        let own = request.head.authority.map { ["http://\($0)", "https://\($0)"] } ?? []
        guard site == nil || site == "same-origin" || site == "none", origin.map({ own.contains($0) }) ?? true else {
            throw APIStatus.forbidden(path: "/", "requests of other sites' pages are not answered")
        }
    }

    /// A text inside the quotes of a header field (RFC 9110 §5.6.4).
    private static func quoted(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(1024).flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
                case 0x20...0x7e: [byte]
                default: [UInt8(ascii: "?")]
                }
            }, as: UTF8.self)
    }
}
