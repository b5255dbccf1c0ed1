import AsyncHTTPClient
import NIOCore
import NIOSSL
import Registry
import Synchronization

/// A client of an API server, Swiftlet's own or Kubernetes': requests, lists, patches and watches as JSON.
///
/// Connections are kept and shared; `close()` ends them, and must be called before the last reference goes.
package final class APIClient: Sendable {
    /// How long a connection may take to come about, in seconds.
    package static let connectSeconds: Int64 = 5
    /// The longest answer that is read whole, in bytes.
    package static let answerLimit = 256 << 20

    /// How long a stream may be silent: servers send bookmarks every minute or so.
    package static let silenceTime: Duration = .seconds(600)

    /// How long a stream may take to begin: API servers give a long list as much (`--request-timeout`).
    package static let streamTime: Duration = .seconds(90)

    /// How long an answer may take.
    package let answerTime: Duration
    package let access: APIAccess
    /// What is exchanged where certificates have changed.
    private struct Connections {
        var http: HTTPClient
        /// What they are made with; nil without TLS.
        var material: TLSSettings.Material?
        var isClosed = false
    }

    /// The connections in force.
    private let connections: Mutex<Connections>
    /// All but TLS.
    private let configuration: HTTPClient.Configuration
    /// Where all of them are; nil for any event loop of the process.
    private let executor: EventLoopExecutor?
    private let token: TokenSource
    private let userAgent: String
    /// Scheme and authority as the connection is asked for, and what its path begins with.
    private let base: String
    private let hostHeader: String

    /// Reads the certificates and tokens that `access` names; connects to nothing yet.
    ///
    /// - Parameter executor: whose thread all connections are on; nil for any.
    package init(
        _ access: APIAccess, userAgent: String = "swiftlet", answerTime: Duration = .seconds(30),
        silenceTime: Duration = APIClient.silenceTime, executor: EventLoopExecutor? = nil
    ) throws(APIAccessError) {
        self.access = access
        self.executor = executor
        self.userAgent = userAgent
        self.answerTime = answerTime
        token = try TokenSource(access.credentials)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Self.connectSeconds), read: silenceTime.amount))
        configuration.httpVersion = .http1Only
        configuration.decompression = .enabled(limit: .ratio(100))
        // Refusals are told at once; whoever wants to wait for a server does so itself.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Every watch holds a connection for itself.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.http1_1ConnectionDebugInitializer = { Self.keepAlive($0) }
        let server = access.server
        var connectHost = server.host
        if server.isSecure, let name = access.serverName, name != server.host {
            configuration.dnsOverride = [name: server.host]
            connectHost = name
        }
        let authority = ServerURL.authority(host: connectHost, port: server.port)
        base = "\(server.isSecure ? "https" : "http")://\(authority)\(server.path)"
        hostHeader = server.authority
        self.configuration = configuration
        let material = server.isSecure ? try TLSSettings.Material(reading: access) : nil
        connections = Mutex(
            Connections(http: try Self.client(configuration, access, material, executor), material: material))
    }

    private static func client(
        _ configuration: HTTPClient.Configuration, _ access: APIAccess, _ material: TLSSettings.Material?,
        _ executor: EventLoopExecutor?
    ) throws(APIAccessError) -> HTTPClient {
        var configuration = configuration
        configuration.tlsConfiguration = try material.map { material throws(APIAccessError) in
            try TLSSettings.configuration(access, material)
        }
        return HTTPClient(
            eventLoopGroupProvider: executor.map { .shared($0.loop) } ?? .singleton, configuration: configuration)
    }

    /// Reads what `access` names, as `init` does, and connects to nothing.
    package static func check(_ access: APIAccess) throws(APIAccessError) {
        _ = try TokenSource(access.credentials)
        guard access.server.isSecure else { return }
        _ = try TLSSettings.configuration(access, try TLSSettings.Material(reading: access))
    }

    /// Ends all connections; requests that are under way fail.
    package func close() async {
        let http = connections.withLock { connections in
            connections.isClosed = true
            return connections.http
        }
        // It fails where it was closed before, which is as good.
        try? await http.shutdown()
    }

    /// The connections to ask again over where those of `used` did not do: others that are in force by now, or ones with
    /// certificates and a key that have changed in their files. nil where those are as before, or do not fit together.
    ///
    /// What is under way over the former connections is cut, and asked for again by whoever follows something: what
    /// their certificates prove may hold no longer.
    private func connections(after used: HTTPClient) -> HTTPClient? {
        guard access.server.isSecure, let material = try? TLSSettings.Material(reading: access) else { return nil }
        var former: HTTPClient?
        let current = connections.withLock { connections -> HTTPClient? in
            guard !connections.isClosed else { return nil }
            if connections.http !== used { return connections.http }
            guard connections.material != material,
                let http = try? Self.client(configuration, access, material, executor)
            else { return nil }
            former = connections.http
            (connections.http, connections.material) = (http, material)
            return http
        }
        if let former {
            Task { [executor] in
                try? await former.shutdown()
                // Its connections are on that thread to the end.
                withExtendedLifetime(executor) {}
            }
        }
        return current
    }

    /// Sends a request and reads the whole answer.
    ///
    /// - Throws: An error for every status but 2xx.
    package func send(_ call: APICall) async throws(APIClientError) -> APIAnswer {
        let url = displayURL(call)
        return try await withinAnswerTime(call, url: url) { await self.answer(call, url: url) }.get()
    }

    /// What an answer comes to, or that it has taken too long.
    private func withinAnswerTime<Value: Sendable>(
        _ call: APICall, url: String, _ body: @escaping @Sendable () async -> Value
    ) async throws(APIClientError) -> Value {
        let limit = answerTime
        let result = await withTaskGroup(of: Value?.self) { group in
            group.addTask { await body() }
            group.addTask {
                // Cancelled when the answer is there first.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let result { return result }
        throw Task.isCancelled
            ? APIClientError(.cancelled, "cancelled", method: call.method.rawValue, url: url)
            : APIClientError(
                .unreachable, "no answer within \(limit.components.seconds) seconds", method: call.method.rawValue,
                url: url)
    }

    /// Opens a request whose answer does not end, and hands over its lines as they come.
    ///
    /// - Parameter lineLimit: The longest line, in bytes.
    package func lines(_ call: APICall, lineLimit: Int = 16 << 20) async throws(APIClientError) -> APILines {
        let url = displayURL(call)
        let response = try await open(call, url: url, isStream: true)
        guard (200...299).contains(response.status.code) else {
            throw try await withinAnswerTime(call, url: url) { await self.refusal(response, call, url) }
        }
        return APILines(
            body: response.body, lineLimit: lineLimit, method: call.method.rawValue, url: url)
    }

    private func answer(_ call: APICall, url: String) async -> Result<APIAnswer, APIClientError> {
        do throws(APIClientError) {
            let response = try await open(call, url: url, isStream: false)
            guard (200...299).contains(response.status.code) else { throw await refusal(response, call, url) }
            let bytes = try await body(of: response, limit: Self.answerLimit, call, url)
            return .success(
                APIAnswer(
                    code: Int(response.status.code), bytes: bytes,
                    warnings: response.headers["warning"].map(WarningHeader.text), method: call.method.rawValue,
                    url: url))
        } catch {
            return .failure(error)
        }
    }

    /// The head of the answer; a token and certificates that were refused are read again once.
    func open(_ call: APICall, url: String, isStream: Bool) async throws(APIClientError) -> HTTPClientResponse {
        let http = connections.withLock { $0.http }
        let response: HTTPClientResponse
        do {
            response = try await execute(call, over: http, url: url, isStream: isStream)
        } catch {
            // A server that does not take a certificate, or whose own is not taken, ends the connection; what was to be
            // written may have been.
            guard error.cause == .unreachable, call.method == .get, let other = connections(after: http) else {
                throw error
            }
            return try await execute(call, over: other, url: url, isStream: isStream)
        }
        guard response.status == .unauthorized else { return response }
        let hasToken = token.renew()
        guard let other = connections(after: http) ?? (hasToken ? http : nil) else { return response }
        return try await execute(call, over: other, url: url, isStream: isStream)
    }

    private func execute(
        _ call: APICall, over http: HTTPClient, url: String, isStream: Bool
    ) async throws(APIClientError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: base + "\(call.path)" + ResourcePath.query(call.query))
        request.method = .init(rawValue: call.method.rawValue)
        request.headers.add(name: "host", value: hostHeader)
        request.headers.add(name: "user-agent", value: userAgent)
        request.headers.add(name: "accept", value: call.form.rawValue)
        // A compressed stream could keep events back.
        if isStream { request.headers.add(name: "accept-encoding", value: "identity") }
        if let authorization = token.authorization() {
            request.headers.add(name: "authorization", value: authorization)
        }
        if let body = call.body {
            request.headers.add(name: "content-type", value: call.contentType.rawValue)
            request.body = .bytes(ByteBuffer(string: JSONText.text(of: body)))
        }
        do {
            return try await http.execute(
                request, timeout: (isStream ? max(answerTime, Self.streamTime) : answerTime).amount)
        } catch {
            throw TransportFailure.error(error, method: call.method.rawValue, url: url)
        }
    }

    private func body(
        of response: HTTPClientResponse, limit: Int, _ call: APICall, _ url: String
    ) async throws(APIClientError) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await part in response.body {
                guard bytes.count + part.readableBytes <= limit else {
                    throw APIClientError(
                        .malformed, "the answer is longer than \(limit >> 20) MiB", method: call.method.rawValue,
                        url: url)
                }
                bytes += part.readableBytesView
            }
        } catch {
            throw TransportFailure.error(error, method: call.method.rawValue, url: url)
        }
        return bytes
    }

    private func refusal(_ response: HTTPClientResponse, _ call: APICall, _ url: String) async -> APIClientError {
        do {
            let bytes = try await body(of: response, limit: 4 << 20, call, url)
            return APIClientError(
                code: Int(response.status.code), body: bytes, method: call.method.rawValue, url: url)
        } catch {
            return error
        }
    }

    /// The URL for messages: without the query, which tells nobody anything.
    func displayURL(_ call: APICall) -> String { "\(access.server)\(call.path)" }
}

extension Duration {
    fileprivate var amount: TimeAmount {
        .nanoseconds(
            Int64(
                clamping: Int128(components.seconds) * 1_000_000_000
                    + Int128(components.attoseconds / 1_000_000_000)))
    }
}
