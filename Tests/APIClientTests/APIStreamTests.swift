@testable import APIClient
import Registry
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct APIStreamTests {
    private static func with(
        credentials: APIAccess.Credentials = .none, answer: @escaping @Sendable (TestRequest) -> TestAnswer,
        body: (APIClient) async throws -> Void
    ) async throws {
        try await TestServer.with(answer) { server in
            let url = try #require(ServerURL("http://127.0.0.1:\(server.port)"))
            let client = try APIClient(APIAccess(server: url, credentials: credentials))
            do {
                try await body(client)
            } catch {
                await client.close()
                throw error
            }
            await client.close()
        }
    }

    private static func text(_ stream: APIStream) async throws -> String {
        var bytes: [UInt8] = []
        for try await part in stream.parts { part.withBytes { bytes += $0 } }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let call = APICall(.get, ResourcePath(.service))

    @Test("A body comes in parts, uncompressed")
    func parts() async throws {
        try await Self.with(
            answer: { request in
                .parts([request.headers["accept-encoding"] ?? "", "|", "second"], .complete)
            },
            body: { client in
                let stream = try await client.stream(Self.call)
                #expect(stream.code == 200 && stream.isSuccess)
                #expect(try await Self.text(stream) == "identity|second")
            })
    }

    @Test("A refusal is handed over with what it says of waiting")
    func refusal() async throws {
        let status = #"{"kind":"Status","reason":"TooManyRequests","message":"later"}"#
        try await Self.with(
            answer: { _ in .json(429, status, headers: [("retry-after", "12")]) },
            body: { client in
                let stream = try await client.stream(Self.call)
                #expect(stream.code == 429 && stream.retryAfter == .seconds(12))
                let refusal = await stream.refusal()
                #expect(refusal.reason == "TooManyRequests" && refusal.description == "later")
            })
    }

    @Test(
        "Times to wait that are no numbers, or beyond all bounds, do no harm",
        arguments: ["soon", "-5", "99999999999999999999"])
    func oddRetryAfter(_ text: String) async throws {
        try await Self.with(
            answer: { _ in .json(503, "", headers: [("retry-after", text)]) },
            body: { client in
                let stream = try await client.stream(Self.call)
                #expect(stream.retryAfter ?? .zero <= .seconds(3600))
                _ = await stream.refusal()
            })
    }

    @Test("An answer that breaks off is an error")
    func breakOff() async throws {
        try await Self.with(
            answer: { _ in .parts(["half"], .breakOff) },
            body: { client in
                let stream = try await client.stream(Self.call)
                await #expect(throws: APIClientError.self) { try await Self.text(stream) }
            })
    }

    @Test("A token of a file is read again when it is refused")
    func rotation() async throws {
        let folder = try TemporaryFolder()
        try folder.write("token", "old")
        let access = APIAccess.Credentials.tokenFile(folder.path("token"), initial: nil)
        try await Self.with(
            credentials: access,
            answer: { request in
                request.headers["authorization"] == "Bearer new" ? .json(200, "{}") : .json(401, "")
            },
            body: { client in
                #expect(try await client.stream(Self.call).code == 401)
                try folder.write("token", "new")
                let stream = try await client.stream(Self.call)
                #expect(stream.code == 200)
                #expect(try await Self.text(stream) == "{}")
            })
    }
}
