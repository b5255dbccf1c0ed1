import DNS
import Pipeline
import Testing

@testable import Nameserver

/// Content that answers every question by one chain.
func content(_ stages: StubStage..., zone: String = ".", isCounted: Bool = false) -> ListenerContent {
    ListenerContent(
        router: Router([
            ServerBlockRoute(
                zone: DomainName(zone) ?? .root, label: "dns://:53", chain: Chain(stages), isCounted: isCounted)
        ]), timeouts: .patient)
}

extension ServingLimits {
    /// For tests that hold queries back: a machine with other work may be slower than any limit meant for clients.
    static var patient: ServingLimits {
        var limits = ServingLimits()
        limits.queryTime = .seconds(600)
        limits.endTime = .seconds(600)
        return limits
    }
}

extension Timeouts {
    static var patient: Timeouts {
        var timeouts = Timeouts()
        timeouts.read = .seconds(600)
        timeouts.write = .seconds(600)
        timeouts.idle = .seconds(600)
        return timeouts
    }
}

enum Loopback {
    static let address = ListenAddress(bytes: [127, 0, 0, 1], port: 0)
    static let wildcard = ListenAddress(bytes: [0, 0, 0, 0], port: 0)
    static let wildcard6 = ListenAddress(bytes: [UInt8](repeating: 0, count: 16), port: 0)
}

@Suite("Listeners", .timeLimit(.minutes(2)))
struct ListenerTests {
    private static func name(_ index: Int) throws -> DomainName { try TestServer.name("n\(index).test.") }

    private static func query(_ index: Int) -> [UInt8] {
        var query = TestQuery("n\(index).test.")
        query.id = UInt16(index)
        return query.bytes
    }

    @Test("UDP replies that take time come in the order they are there, from the address that was asked")
    func lateReplies() async throws {
        let gate = Gate()
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.wildcard], workers: 2),
            content(
                StubStage { query, _ in
                    await gate.pass(query.name)
                    return query.server.address == .v4(0x7f00_0005) ? .address(1, for: query) : Response(.refused)
                }))
        // A connected socket takes replies from the address it asked only.
        let client = try TestSocket(
            .datagram, to: ListenAddress(bytes: [127, 0, 0, 5], port: listener.addresses[0].port))
        defer { client.close() }
        for index in 1...3 { client.send(Self.query(index)) }
        await gate.wait(for: 3)
        for index in [2, 3, 1] {
            gate.release(try Self.name(index))
            let reply = try TestReply(await onThread { client.receive() })
            #expect(reply.id == index)
            #expect(reply.answers.count == 1)
        }
        await listeners.stop()
    }

    @Test("IPv6 replies that take time leave from the address that was asked")
    func lateReplies6() async throws {
        let gate = Gate()
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.wildcard6], workers: 1),
            content(
                StubStage { query, _ in
                    await gate.pass(query.name)
                    return query.server.address == .v6(1) ? .address(1, for: query) : Response(.refused)
                }))
        let client = try TestSocket(
            .datagram, to: ListenAddress.loopback(isIPv6: true).with(port: listener.addresses[0].port))
        defer { client.close() }
        client.send(Self.query(7))
        await gate.wait(for: 1)
        gate.open()
        #expect(try TestReply(await onThread { client.receive() }).answers.count == 1)
        await listeners.stop()
    }

    @Test("TCP replies that take time come after those that do not; what a client has under way is bounded")
    func outOfOrder() async throws {
        let gate = Gate()
        var limits = ServingLimits()
        limits.queriesPerConnection = 4
        let listeners = Listeners(limits: limits)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1),
            content(
                StubStage { query, _ in
                    if query.type == .a { await gate.pass(query.name) }
                    return .address(1, for: query)
                }))
        let client = try TestSocket(.stream, to: listener.addresses[0])
        defer { client.close() }
        // Three that wait leave room for others to pass them.
        for index in 1...3 { client.send(TestSocket.framed(Self.query(index))) }
        await gate.wait(for: 3)
        var quick = TestQuery("quick.test.", .txt)
        quick.id = 99
        client.send(TestSocket.framed(quick.bytes))
        #expect(try TestReply(await onThread { client.receiveMessage() }).id == 99)
        // The fourth takes the last place; those behind it wait in the connection, quick or not.
        client.send(TestSocket.framed(Self.query(4)))
        await gate.wait(for: 4)
        for id in [100, 101] as [UInt16] {
            quick.id = id
            client.send(TestSocket.framed(quick.bytes))
        }
        gate.release(try Self.name(4))
        let order = await onThread { (0..<3).map { _ in (try? TestReply(client.receiveMessage()))?.id ?? -1 } }
        #expect(order == [4, 100, 101])
        gate.open()
        let rest = await onThread { (0..<3).map { _ in (try? TestReply(client.receiveMessage()))?.id ?? -1 } }
        #expect(Set(rest) == [1, 2, 3])
        await listeners.stop()
    }

    @Test("An address in use is told, unless it is taken over; ports are the same for UDP and TCP")
    func addressInUse() async throws {
        let listeners = Listeners(limits: .patient)
        let first = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1), content(.address(1)))
        for scheme in ListenerSettings.Scheme.allCases {
            do {
                _ = try await listeners.open(ListenerSettings(scheme, first.addresses), content(.address(2)))
                Issue.record("\(scheme) was opened twice")
            } catch {
                #expect(error.description.hasSuffix("another program listens there"))
            }
        }
        let second = try await listeners.open(
            ListenerSettings(.dns, first.addresses, workers: 1, takesOver: true), content(.address(2)))
        #expect(second.addresses == first.addresses)
        await listeners.close(first)
        for type in [TestSocket.Kind.datagram, .stream] {
            let client = try TestSocket(type, to: second.addresses[0])
            defer { client.close() }
            let query = Self.query(1)
            client.send(type == .stream ? TestSocket.framed(query) : query)
            let reply = await onThread { type == .stream ? client.receiveMessage() : client.receive() }
            #expect(try TestReply(reply).answers.map(\.data.bytes) == [[192, 0, 2, 2]])
        }
        await listeners.stop()
    }

    @Test("A listener that ends answers what is under way, and ends its connections")
    func ending() async throws {
        let gate = Gate()
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1),
            content(
                StubStage { query, _ in
                    await gate.pass(query.name)
                    return .address(1, for: query)
                }))
        let udp = try TestSocket(.datagram, to: listener.addresses[0])
        let tcp = try TestSocket(.stream, to: listener.addresses[0])
        let idle = try TestSocket(.stream, to: listener.addresses[0])
        defer { for socket in [udp, tcp, idle] { socket.close() } }
        udp.send(Self.query(1))
        tcp.send(TestSocket.framed(Self.query(2)))
        await gate.wait(for: 2)
        async let stopped: Void = listeners.close(listener)
        // The connection without a query ends while the others still wait.
        #expect(await onThread { idle.isEnded() })
        gate.open()
        #expect(try TestReply(await onThread { udp.receive() }).id == 1)
        #expect(try TestReply(await onThread { tcp.receiveMessage() }).id == 2)
        #expect(await onThread { tcp.isEnded() })
        await stopped
        await listeners.stop()
        await #expect(throws: NameserverError.self) {
            try await listeners.open(ListenerSettings(.dns, [Loopback.address]), content(.address(1)))
        }
    }
}
