import DNS
import Foundation
import Pipeline
import TestSupport
import Testing

@testable import Nameserver

@Suite("Clients that keep connections to no good end", .timeLimit(.minutes(2)))
struct HostileClientTests {
    private static func content(read: Duration, write: Duration, idle: Duration) -> ListenerContent {
        var content = NameserverTests.content(
            StubStage { query, _ in
                var response = Response.address(1, for: query)
                let owner = query.name
                if query.type == .txt {
                    response.answers = (0..<200).map { number in
                        Record(
                            owner: owner, ttl: 1,
                            data: RecordData(type: .txt, bytes: [255] + [UInt8](repeating: number, count: 255)))
                    }
                }
                return response
            })
        content.timeouts.read = read
        content.timeouts.write = write
        content.timeouts.idle = idle
        return content
    }

    private static let long = Duration.seconds(3600)
    private static let short = Duration.milliseconds(100)
    private static let query = TestSocket.framed(TestQuery("a.test.").bytes)

    @Test(
        "Half a message ends the connection, however many bytes still come",
        arguments: [ListenerSettings.Scheme.dns, .tls], [1, 2, 3, 20])
    func halfMessages(_ scheme: ListenerSettings.Scheme, _ length: Int) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address]),
            Self.content(read: Self.short, write: Self.long, idle: Self.long))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        // A whole query first: the connection has been a good one.
        client.send(Self.query + Self.query.prefix(length))
        #expect(try TestReply(await onThread { client.receiveMessage() }).code == 0)
        #expect(await onThread { client.isEnded() })
        await listeners.stop()
    }

    @Test("A connection without a query ends, TLS handshake or not", arguments: ListenerSettings.Scheme.allCases)
    func idle(_ scheme: ListenerSettings.Scheme) async throws {
        let certificate = try await TestCertificate(serial: 1)
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address]),
            Self.content(read: Self.short, write: Self.long, idle: Self.short), tls: certificate.configuration)
        for start in [[], [22, 3, 1]] as [[UInt8]] {
            let client = try TestSocket(.stream, to: listener.addresses[0])
            defer { client.close() }
            client.send(start)
            #expect(await onThread { client.isEnded() })
        }
        await listeners.stop()
    }

    @Test("Who does not take replies is cut off, and what is kept for it is bounded")
    func unread() async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address]),
            Self.content(read: Self.long, write: Self.short, idle: Self.long))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        // Far more than sockets hold: sending fails once the server has ended the connection.
        let isCutOff = await onThread {
            let query = TestSocket.framed(TestQuery("a.test.", .txt).bytes)
            let many = (0..<1000).flatMap { _ in query }
            for _ in 0..<10_000 where !client.send(many) { return true }
            return false
        }
        #expect(isCutOff)
        await listeners.stop()
    }

    @Test("TLS records that are none end the connection; the next one is served", arguments: ["tls", "https"])
    func garbage(_ name: String) async throws {
        let scheme = try #require(ListenerSettings.Scheme(rawValue: name))
        let certificate = try await TestCertificate(serial: 1)
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address]),
            Self.content(read: Self.long, write: Self.long, idle: Self.long), tls: certificate.configuration)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let client = try TestSocket(.stream, to: listener.addresses[0])
            defer { client.close() }
            client.send((0..<500).map { _ in .random(in: 128...255, using: &generator) })
            #expect(await onThread { client.isEnded() })
        }
        let output = try await run(
            "openssl", ["s_client", "-connect", "\(listener.addresses[0])", "-alpn", name == "tls" ? "dot" : "h2"])
        #expect(output.contains("ALPN protocol: \(name == "tls" ? "dot" : "h2")"), "\(output)")
        await listeners.stop()
    }

    @Test(
        "HTTP heads without an end, and bodies that never come, end the connection",
        arguments: [
            "GET /dns-query HTTP/1.1\r\nHost: a\r\nX: ", "POST /dns-query HTTP/1.1\r\nHost: a\r\n",
            "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\nContent-Length: 50\r\n\r\nabc",
            "G",
        ])
    func slowRequests(_ start: String) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.https, [Loopback.address]),
            Self.content(read: Self.short, write: Self.long, idle: Self.short))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        client.send(Array(start.utf8))
        #expect(await onThread { client.isEnded() })
        await listeners.stop()
    }

    @Test("Headers beyond all bounds are not kept")
    func endlessHeaders() async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.https, [Loopback.address]),
            Self.content(read: Self.short, write: Self.long, idle: Self.short))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        let isEnded = await onThread {
            client.send(Array("GET /dns-query HTTP/1.1\r\nHost: a\r\n".utf8))
            let field = Array("X-Field: \(String(repeating: "x", count: 1000))\r\n".utf8)
            for _ in 0..<10_000 where !client.send(field) { return true }
            return client.isEnded()
        }
        #expect(isEnded)
        await listeners.stop()
    }

    @Test("A client, and all together, have so many connections; those that end make room")
    func connections() async throws {
        var limits = ServingLimits()
        limits.connections = 3
        limits.connectionsPerClient = 2
        let listeners = Listeners(limits: limits)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.wildcard]),
            Self.content(read: Self.long, write: Self.long, idle: Self.long))
        func connection(from last: UInt8) throws -> TestSocket {
            try TestSocket(
                .stream, to: ListenAddress(bytes: [127, 0, 0, 1], port: listener.addresses[0].port),
                from: ListenAddress(bytes: [127, 0, 0, last], port: 0))
        }
        func isServed(_ client: TestSocket) async -> Bool {
            client.send(Self.query)
            return await onThread { !client.receiveMessage().isEmpty }
        }
        let first = try connection(from: 1)
        let second = try connection(from: 1)
        #expect(await isServed(first))
        #expect(await isServed(second))
        let third = try connection(from: 1)
        #expect(await isServed(third) == false)
        let other = try connection(from: 2)
        #expect(await isServed(other))
        let last = try connection(from: 3)
        #expect(await isServed(last) == false)
        first.close()
        // The server hears of it soon.
        await until { listeners.counters.connectionCount(.tcp) <= 2 }
        let again = try connection(from: 1)
        #expect(await isServed(again))
        for socket in [second, third, other, last, again] { socket.close() }
        await listeners.stop()
    }
}
