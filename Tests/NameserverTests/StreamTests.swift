import DNS
import Foundation
import Glibc
import Pipeline
import TestSupport
import Testing

@testable import Nameserver

@Suite("Many queries on one connection (RFC 7766)", .timeLimit(.minutes(2)))
struct StreamTests {
    /// Both ways of serving a stream, each without encryption.
    enum Schemes {
        static let all: [ListenerSettings.Scheme] = [.dns, .tls]
    }

    /// Answers by the number in the first label, so that replies can be told apart; TXT by 50 kB.
    private static let stage = StubStage { query, _ in
        var response = Response.address(1, for: query)
        if query.type == .txt {
            response.answers = (0..<200).map { number in
                Record(
                    owner: query.name, ttl: 1,
                    data: RecordData(type: .txt, bytes: [255] + [UInt8](repeating: number, count: 255)))
            }
        }
        return response
    }

    private static func query(_ id: Int, _ type: RecordType = .a) -> [UInt8] {
        var query = TestQuery("n\(id).test.", type)
        query.id = UInt16(id)
        return TestSocket.framed(query.bytes)
    }

    @Test("All queries of one write are answered, small and large, in the order they came", arguments: Schemes.all)
    func pipelining(_ scheme: ListenerSettings.Scheme) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address], workers: 2), content(Self.stage))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        let count = 3000
        async let isSent = onThread {
            client.send((0..<count).flatMap { Self.query($0, $0 % 500 == 7 ? .txt : .a) })
        }
        let replies = await onThread { (0..<count).map { _ in client.receiveMessage() } }
        #expect(await isSent)
        for (id, reply) in replies.enumerated() {
            let reply = try TestReply(reply)
            #expect(reply.id == id && reply.code == 0)
            #expect(reply.answers.count == (id % 500 == 7 ? 200 : 1))
        }
        await listeners.stop()
    }

    @Test("A query that comes in single bytes is answered, and the ones behind it", arguments: Schemes.all)
    func bytes(_ scheme: ListenerSettings.Scheme) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address]), content(Self.stage))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        var on: Int32 = 1
        setsockopt(client.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        for byte in Self.query(1) + Self.query(2) { client.send([byte]) }
        for id in 1...2 { #expect(try TestReply(await onThread { client.receiveMessage() }).id == id) }
        await listeners.stop()
    }

    @Test(
        "What was asked before the client ended its side is answered, then the connection ends", arguments: Schemes.all)
    func halfClosed(_ scheme: ListenerSettings.Scheme) async throws {
        let gate = Gate()
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.address]),
            content(
                StubStage { query, _ in
                    if query.type == .txt { await gate.pass(query.name) }
                    return .address(1, for: query)
                }))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        client.send(Self.query(1, .txt) + Self.query(2))
        #expect(try TestReply(await onThread { client.receiveMessage() }).id == 2)
        shutdown(client.descriptor, Int32(SHUT_WR))
        await gate.wait(for: 1)
        gate.open()
        #expect(try TestReply(await onThread { client.receiveMessage() }).id == 1)
        #expect(await onThread { client.isEnded() })
        await listeners.stop()
    }

    @Test("Clients that are connected when a listener ends are answered, taken or not")
    func waiting() async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 2), content(Self.stage))
        let clients = try (0..<200).map { _ in try TestSocket(.stream, to: listener.addresses[0]) }
        defer { for client in clients { client.close() } }
        for (id, client) in clients.enumerated() { client.send(Self.query(id)) }
        async let stopped: Void = listeners.stop()
        for (id, client) in clients.enumerated() {
            #expect(try TestReply(await onThread { client.receiveMessage() }).id == id)
            #expect(await onThread { client.isEnded() })
        }
        await stopped
        #expect(listeners.counters.connectionCount(.tcp) == 0)
    }

    @Test("However many clients wait to be taken when a listener ends, they are answered")
    func backlog() async throws {
        var (entered, release): ([Int32], [Int32]) = ([0, 0], [0, 0])
        try #require(pipe(&entered) == 0 && pipe(&release) == 0)
        let (isEntered, isReleased) = ((read: entered[0], write: entered[1]), (read: release[0], write: release[1]))
        defer { for end in entered + release { close(end) } }
        let held = try TestServer.name("held.test.")
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1),
            content(
                StubStage { query, _ in
                    // Holds the thread itself, which takes nobody meanwhile.
                    var byte: UInt8 = 1
                    if query.name == held, write(isEntered.write, &byte, 1) == 1 { _ = read(isReleased.read, &byte, 1) }
                    return .address(1, for: query)
                }))
        let first = try TestSocket(.stream, to: listener.addresses[0])
        first.send(TestSocket.framed(TestQuery("held.test.").bytes))
        await onThread {
            var byte: UInt8 = 0
            _ = read(isEntered.read, &byte, 1)
        }
        let clients = try (0..<100).map { _ in try TestSocket(.stream, to: listener.addresses[0]) }
        defer { for client in clients + [first] { client.close() } }
        for (id, client) in clients.enumerated() { client.send(Self.query(id)) }
        async let stopped: Void = listeners.stop()
        // Lets the end be asked for; where it comes later, the clients are taken as always.
        for _ in 0..<100 { await Task.yield() }
        var byte: UInt8 = 1
        #expect(write(isReleased.write, &byte, 1) == 1)
        for (id, client) in clients.enumerated() {
            #expect(try TestReply(await onThread { client.receiveMessage() }).id == id)
        }
        await stopped
    }

    @Test("Answers that come late for a client that takes none are kept up to a bound, then the connection ends")
    func unreadLateReplies() async throws {
        let gate = Gate()
        let listeners = Listeners(limits: .patient)
        var served = content(
            StubStage { query, next in
                await gate.pass(query.name)
                return await Self.stage.respond(to: query, next: next)
            })
        served.timeouts.write = .seconds(3600)
        let listener = try await listeners.open(ListenerSettings(.dns, [Loopback.address], workers: 1), served)
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        // Together 6.6 MB: more than sockets and the bound hold.
        var small: Int32 = 4096
        setsockopt(client.descriptor, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        client.send((0..<128).flatMap { Self.query($0, .txt) })
        await gate.wait(for: 128)
        gate.open()
        await until { listeners.counters.connectionCount(.tcp) == 0 }
        await listeners.stop()
    }
}
