import EmbeddedRegistry
import Testing

@testable import RegistryAPI

@Suite("What HTTP/1 asks of a server", .timeLimit(.minutes(2)))
struct HTTP1RulesTests {
    private static func serve(_ body: @Sendable (UInt16) async throws -> Void) async throws {
        let settings = try APISettings(host: "127.0.0.1", port: 0)
        try await LargeRegistry.serve(settings, store: try RegistryStore(location: .memory), body)
    }

    /// The request line and the fields of a request.
    private static func head(_ lines: String...) -> [UInt8] {
        Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let lines: [String]
        let status: Int
        var testDescription: String { lines.joined(separator: " | ") }

        init(_ lines: String..., status: Int) {
            self.lines = lines
            self.status = status
        }
    }

    private static let hosts = [
        Row("GET /version HTTP/1.1", "Host: 127.0.0.1", status: 200),
        Row("GET /version HTTP/1.1", "Host: localhost:8001", status: 200),
        Row("GET /version HTTP/1.1", status: 400),
        Row("GET /version HTTP/1.1", "Host: 127.0.0.1", "Host: evil.example", status: 400),
        Row("GET /version HTTP/1.1", "Host: 127.0.0.1", "host: 127.0.0.1", status: 400),
        Row("GET /version HTTP/1.1", "Host: [::1]:8001", status: 200),
        Row("GET /version HTTP/1.1", "Host: [::1]", status: 200),
        Row("GET /version HTTP/1.1", "Host: [::1].evil.example", status: 403),
        Row("GET /version HTTP/1.1", "Host: evil.example", status: 403),
        Row("GET http://evil.example/version HTTP/1.1", "Host: 127.0.0.1", status: 403),
        Row("GET HTTP://127.0.0.1:8001/version HTTP/1.1", "Host: evil.example", status: 200),
        Row("GET http://user@127.0.0.1/version HTTP/1.1", "Host: 127.0.0.1", status: 400),
        Row("GET /version HTTP/1.1", "Host: 127.0.0.1|x", status: 400),
        Row("GET /version HTTP/1.1", "Host:", status: 200),
        Row("GET /version HTTP/1.0", status: 200),
        Row("GET /version HTTP/1.0", "Host: evil.example", status: 403),
        Row("GET /version HTTP/1.0", "Host: 127.0.0.1", "Host: 127.0.0.1", status: 400),
    ]

    @Test("A request is for one host: the target's, else that of its one Host field (RFC 9112 §3.2)", arguments: hosts)
    func host(_ row: Row) async throws {
        try await Self.serve { port in
            let bytes = Array((row.lines + ["Connection: close"]).joined(separator: "\r\n").utf8) + Self.head("", "")
            let reply = try await RawClient(port, sending: bytes).reply()
            #expect(reply.status == row.status)
            // The reason is said as Kubernetes says it.
            #expect(row.status == 200 || reply.body.contains(#""code":\#(row.status)"#))
        }
    }

    private static let namespace = #"{"metadata":{"name":"x"}}"#
    private static let creation = "POST /api/v1/namespaces?dryRun=All HTTP/1.1"

    @Test("A client that waits to be told to send its body is told (RFC 9110 §10.1.1), a refused one by its status")
    func expectation() async throws {
        try await Self.serve { port in
            let fields = ["Content-Type: application/json", "Connection: close", "Expect: 100-Continue"]
            let length = "Content-Length: \(Self.namespace.utf8.count)"
            let bytes = Self.head(([Self.creation, "Host: 127.0.0.1", length] + fields).joined(separator: "\r\n"))
            let client = try await RawClient(port, sending: bytes)
            #expect(await client.head() == "HTTP/1.1 100 Continue")
            await client.send(Array(Self.namespace.utf8))
            let reply = try await client.reply()
            #expect(reply.status == 201 && reply.isWhole)
        }
    }

    @Test("Behind another request a client is told once that one is answered")
    func expectationBehind() async throws {
        try await Self.serve { port in
            let first = Self.head("GET /version HTTP/1.1", "Host: 127.0.0.1")
            let second = Self.head(
                Self.creation, "Host: 127.0.0.1", "Content-Type: application/json", "Connection: close",
                "Content-Length: \(Self.namespace.utf8.count)", "Expect: 100-continue")
            let client = try await RawClient(port, sending: first + second)
            let answer = await client.head()
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            // The body of the first answer stands before it.
            #expect(await client.head().hasSuffix("}HTTP/1.1 100 Continue"))
            await client.send(Array(Self.namespace.utf8))
            #expect(try await client.reply().status == 201)
        }
    }

    @Test("A client of HTTP/1.0 gets bodies without chunks, which the end of the connection ends (RFC 9112 §6.1, §9.3)")
    func oldClient() async throws {
        try await Self.serve { port in
            for target in ["/version", "/api/v1/namespaces", "/api/v1/namespaces?watch=true&timeoutSeconds=1"] {
                for fields in [[], ["Connection: keep-alive"]] {
                    let lines = ["GET \(target) HTTP/1.0"] + fields
                    let reply = try await RawClient(port, sending: Self.head(lines.joined(separator: "\r\n"))).reply()
                    let head = reply.head.lowercased()
                    #expect(reply.status == 200 && head.contains("connection: close"), "\(target)")
                    #expect(!head.contains("transfer-encoding"), "\(target)")
                    // Of nothing there are no changes.
                    let isJSON = reply.body.hasPrefix("{") && reply.body.hasSuffix("}")
                    #expect(target.contains("watch") ? reply.body.isEmpty : isJSON, "\(target)")
                }
            }
        }
    }
}
