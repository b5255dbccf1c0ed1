import EmbeddedRegistry
import Foundation
import Testing

@testable import RegistryAPI

/// Bodies of requests that clients begin and do not end, with room for a megabyte of them.
@Suite("Bodies that do not come to their end", .timeLimit(.minutes(2)))
struct HeldBodyTests {
    private static let tokens = """
        reader-0123456789,reader,read
        writer-0123456789,writer,admin
        second-0123456789,second,admin
        """
    private static let size = 200_000

    private static func serve(
        patience: Duration = .seconds(60), _ body: @Sendable (UInt16) async throws -> Void
    ) async throws {
        var settings = try APISettings(
            host: "127.0.0.1", port: 0, tokens: AccessTokenBook(try AccessTokens(tokens, file: "tokens")))
        settings.maximumBodyBytes = 1 << 20
        settings.bodyPatience = patience
        try await LargeRegistry.serve(settings, store: try RegistryStore(location: .memory), body)
    }

    /// The beginning of a request, with so many bytes of a body that is longer than that.
    private static func begun(_ method: String, by user: String, _ count: Int) -> [UInt8] {
        Array(
            ("\(method) /api/v1/namespaces HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Authorization: Bearer \(user)-0123456789\r\nContent-Type: application/json\r\n"
                + "Content-Length: 3000000\r\n\r\n" + String(repeating: " ", count: count)).utf8)
    }

    /// The status of a whole write, which changes nothing.
    private static func write(_ port: UInt16, by user: String) async throws -> Int {
        let padding = String(repeating: "x", count: size)
        let body = #"{"metadata":{"name":"x","annotations":{"a":"\#(padding)"}}}"#
        let head =
            "POST /api/v1/namespaces?dryRun=All HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            + "Authorization: Bearer \(user)-0123456789\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        return try await RawClient(port, sending: Array((head + body).utf8)).reply().status
    }

    @Test("Of requests that only read, or may not be made, no body is taken in: they hold up nobody")
    func unread() async throws {
        try await Self.serve { port in
            var held: [(client: RawClient, code: Int)] = []
            for _ in 0..<8 {
                for (method, code) in [("GET", 200), ("POST", 403)] {
                    held.append((try await RawClient(port, sending: Self.begun(method, by: "reader", Self.size)), code))
                }
            }
            for (client, code) in held { #expect(try await client.reply().status == code) }
            #expect(try await Self.write(port, by: "writer") == 201)
        }
    }

    @Test("One user has half of the room for bodies: others find room beside")
    func share() async throws {
        try await Self.serve { port in
            var held: [RawClient] = []
            for _ in 0..<2 {
                held.append(try await RawClient(port, sending: Self.begun("POST", by: "writer", Self.size)))
            }
            // What was sent takes a while to come.
            var code = 0
            for _ in 0..<1000 where code != 429 { code = try await Self.write(port, by: "writer") }
            #expect(code == 429)
            #expect(try await Self.write(port, by: "second") == 201)
            withExtendedLifetime(held) {}
        }
    }

    @Test("A body that does not grow, or grows too slowly, ends its connection, and its room is free again")
    func slow() async throws {
        try await Self.serve(patience: .milliseconds(300)) { port in
            let still = try await RawClient(port, sending: Self.begun("POST", by: "writer", Self.size))
            let slow = try await RawClient(port, sending: Self.begun("POST", by: "writer", Self.size))
            let drip = Task {
                while await slow.send([0x20]) { try await Task.sleep(for: .milliseconds(50)) }
            }
            #expect(try await still.reply().status == 0)
            #expect(try await slow.reply().status == 0)
            _ = await drip.result
            var code = 0
            for _ in 0..<1000 where code != 201 { code = try await Self.write(port, by: "writer") }
            #expect(code == 201)
        }
    }
}
