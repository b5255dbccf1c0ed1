import DNS
import NIOCore
import NIOPosix
import NIOSSL
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

@Suite("Upstreams over TCP")
struct StreamTests {
    /// Cuts everything by UDP, answers by TCP.
    private static let cutting: ScriptedUpstream.Script = { asked in
        asked.way == .tcp ? [.send(asked.address(2))] : [.send(asked.reply { $0.isTruncated = true })]
    }

    @Test("A client by UDP whose own limit cuts the answer hears TC")
    func passedOn() async throws {
        let upstream = try await ScriptedUpstream(Self.cutting)
        let asker = try Asker("forward . \(upstream.address)")
        for edns in [nil, EDNS(udpPayload: 1232)] {
            let response = try await asker.ask("big.example.org") { $0.edns = edns }
            #expect(response.isTruncated && response.answers.isEmpty)
        }
        #expect(upstream.connections == 0)
    }

    @Test("A client that takes more gets the whole answer, fetched by TCP")
    func fetched() async throws {
        let upstream = try await ScriptedUpstream(Self.cutting)
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("big.example.org") { $0.edns = EDNS(udpPayload: 4096) }
        #expect(response.lastBytes == [2] && !response.isTruncated)
    }

    @Test(
        "prefer_udp asks by UDP first, and by TCP where the answer is cut, whoever asks",
        arguments: [Transport.udp, .tcp])
    func preferUDP(_ transport: Transport) async throws {
        let upstream = try await ScriptedUpstream(Self.cutting)
        let asker = try Asker("forward . \(upstream.address) {\nprefer_udp\n}")
        #expect(try await asker.ask("big.example.org", transport: transport).lastBytes == [2])
        #expect(upstream.asked.map(\.way) == [.udp, .tcp])
    }

    @Test("A client by TCP is forwarded by TCP, and so is everybody with force_tcp")
    func overTCP() async throws {
        let upstream = try await ScriptedUpstream(Self.cutting)
        let plain = try Asker("forward . \(upstream.address)")
        #expect(try await plain.ask("www.example.org", transport: .tcp).lastBytes == [2])
        let forced = try Asker("forward . \(upstream.address) {\nforce_tcp\nprefer_udp\n}")
        #expect(try await forced.ask("www.example.org", transport: .udp).lastBytes == [2])
        #expect(upstream.asked.allSatisfy { $0.way == .tcp })
    }

    @Test("Where TCP fails, a client by UDP hears TC all the same")
    func brokenTCP() async throws {
        let upstream = try await ScriptedUpstream { asked in
            asked.way == .tcp ? [.close] : [.send(asked.reply { $0.isTruncated = true })]
        }
        let asker = try Asker("forward . \(upstream.address)") { $0.times = .short }
        #expect(try await asker.ask("big.example.org") { $0.edns = EDNS(udpPayload: 4096) }.isTruncated)
    }

    @Test("One connection serves many questions, also several at a time and in any order")
    func pipelining() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}") {
            // A busy machine may take longer for an answer than it takes to open another connection beside it.
            $0.times.leastPatience = $0.times.total
        }
        _ = try await asker.ask("first.example.org")
        try await withThrowingTaskGroup(of: Response.self) { group in
            for number in 0..<20 { group.addTask { try await asker.ask("n\(number).example.org") } }
            for try await response in group { #expect(response.lastBytes == [1]) }
        }
        #expect(upstream.connections == 1)
    }

    @Test("Half a frame is no answer; the rest of it makes one")
    func halfFrames() async throws {
        let upstream = try await ScriptedUpstream { asked in
            let bytes = asked.address()
            let frame = [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
            return [.sendRaw(Array(frame.prefix(1))), .sendRaw(Array(frame[1..<20])), .sendRaw(Array(frame[20...]))]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}")
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
    }

    @Test("A frame that never ends is a failure in time")
    func endlessFrame() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [.sendRaw([0xff, 0xff] + asked.address())]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}") { $0.times = .short }
        let response = try await asker.ask("www.example.org")
        #expect(response.code == .serverFailure)
        #expect(response.failure == "read tcp \(upstream.address): i/o timeout")
    }

    @Test("A false reply on a connection is dropped and counted")
    func falseReply() async throws {
        let upstream = try await ScriptedUpstream { asked in
            var forged = asked.address(66)
            forged[13] ^= 1
            return [.send(forged), .send(asked.address(1))]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}")
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
        #expect(asker.ignored(.question, by: upstream) == 1)
    }

    @Test(
        "A connection whose upstream sends without end what nobody asked for is ended: by messages, and by bytes",
        arguments: [12, 65_000])
    func unasked(_ size: Int) async throws {
        let limit = StreamConnection.unaskedLimit
        let count = min(limit.messages, limit.bytes / size) + 1
        let upstream = try await ScriptedUpstream { asked in
            var forged = Array(asked.address(66).prefix(12))
            forged[0] ^= 0xff
            forged += [UInt8](repeating: 0, count: size - 12)
            return Array(repeating: .send(forged), count: asked.connection == 1 ? count : count - 1)
                + [.send(asked.address(1))]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\nmax_connect_attempts 1\n}")
        let response = try await asker.ask("www.example.org")
        #expect(
            response.failure == "read tcp \(upstream.address): the upstream sends what nobody asked for")
        // One message less is borne, time and again.
        for _ in 0..<2 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        #expect(upstream.connections == 2)
    }

    @Test("A connection that the upstream closed meanwhile is replaced without a word")
    func closedMeanwhile() async throws {
        let upstream = try await ScriptedUpstream { asked in
            asked.number == 1 ? [.close] : [.send(asked.address())]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}")
        for _ in 0..<2 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        #expect(upstream.connections == 2)
    }

    @Test("An upstream that closes at once is a failure with the system's words")
    func closing() async throws {
        let upstream = try await ScriptedUpstream { _ in [.close] }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}") { $0.times = .short }
        let response = try await asker.ask("www.example.org")
        #expect(response.failure == "read tcp \(upstream.address): EOF")
        #expect(response.extendedError?.code == .networkError)
    }

    @Test("Connections that are over their age are not used again")
    func age() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\nmax_age 1ns\n}")
        for _ in 0..<3 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        #expect(upstream.connections == 3)
    }

    @Test("A connection that is not used any more is closed in time, however often it was", .timeLimit(.minutes(1)))
    func expiry() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\nexpire 300ms\n}")
        for _ in 0..<50 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        await until { upstream.openConnections == 0 }
        #expect(upstream.connections == 1 && upstream.openConnections == 0)
        // Nor is the next one kept, whose timer is another.
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
        await until { upstream.openConnections == 0 }
        #expect(upstream.connections == 2 && upstream.openConnections == 0)
    }

    @Test("A configuration that ends lets go of its connections at once", .timeLimit(.minutes(1)))
    func retired() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\nexpire 1h\n}")
        let work = Task { await asker.stage.run() }
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
        #expect(upstream.openConnections == 1)
        work.cancel()
        await until { upstream.openConnections == 0 }
        #expect(upstream.connections == 1 && upstream.openConnections == 0)
    }

    @Test("An upstream that never shakes hands is a failure in time")
    func silentHandshake() async throws {
        let upstream = try await ScriptedUpstream { _ in [] }
        let asker = try Asker("forward . tls://\(upstream.address) {\nmax_connect_attempts 1\n}") { $0.times = .short }
        let response = try await asker.ask("www.example.org")
        #expect(response.failure == "read tcp-tls \(upstream.address): i/o timeout")
        #expect(upstream.connections == 1)
    }

    @Test("A handshake without an end leaves no connection behind", .timeLimit(.minutes(1)))
    func endlessHandshake() async throws {
        let upstream = try await ScriptedUpstream { _ in [] }
        let asker = try Asker("forward . tls://\(upstream.address) {\nmax_connect_attempts 1\n}") {
            $0.times = Forwarder.Times(total: .seconds(1), attempt: .seconds(1), dial: .milliseconds(100))
        }
        let response = try await asker.ask("www.example.org")
        #expect(response.failure == "read tcp-tls \(upstream.address): i/o timeout")
        await until { upstream.openConnections == 0 }
        #expect(upstream.connections == 1 && upstream.openConnections == 0)
    }

    @Test("A connection given up before it stood is ended when it does", .timeLimit(.minutes(1)))
    func givenUpEarly() async throws {
        let upstream = try await ScriptedUpstream { _ in [] }
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let bootstrap = ClientBootstrap(group: eventLoop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let connection = StreamConnection(on: channel.eventLoop) { _ in }
                connection.close("given up")
                let context = try NIOSSLContext(configuration: .makeClientConfiguration())
                let tls = try NIOSSLClientHandler(context: context, serverHostname: nil)
                try channel.pipeline.syncOperations.addHandlers(tls, connection)
            }
        }
        let channel = try? await bootstrap.connect(host: "127.0.0.1", port: Int(upstream.port)).get()
        await until { !(channel?.isActive ?? false) && upstream.openConnections == 0 }
        #expect(channel?.isActive != true && upstream.openConnections == 0)
    }

    @Test("A connection that stands when nobody waits for it any more counts as unused", .timeLimit(.minutes(1)))
    func unusedFromTheStart() async throws {
        let upstream = try await ScriptedUpstream { _ in [] }
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let connection = StreamConnection(on: channel.eventLoop) { _ in }
                connection.becameIdle = { [weak connection] in connection?.close("retired") }
                try channel.pipeline.syncOperations.addHandler(connection)
            }
        }
        _ = try? await bootstrap.connect(host: "127.0.0.1", port: Int(upstream.port)).get()
        await until { upstream.connections == 1 && upstream.openConnections == 0 }
        #expect(upstream.openConnections == 0)
    }

    /// Keeps the questions of a connection, so that they can be answered together.
    private final class Desk: Sendable {
        private let asked = Mutex<[ScriptedUpstream.Asked]>([])

        /// All that came, once they are so many.
        func all(_ count: Int, with asked: ScriptedUpstream.Asked) -> [ScriptedUpstream.Act] {
            self.asked.withLock { all in
                all.append(asked)
                return all.count < count ? [] : all.map { .send($0.address()) }
            }
        }
    }

    @Test("A question that takes the upstream long does not hold up others, where it answers one after the other")
    func inOrder() async throws {
        let blocked = Mutex<Set<Int>>([])
        let upstream = try await ScriptedUpstream { asked in
            if asked.message.question?.name == DomainName("slow.example.org") {
                blocked.withLock { _ = $0.insert(asked.connection) }
            }
            return blocked.withLock { $0.contains(asked.connection) } ? [] : [.send(asked.address())]
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}") {
            $0.times = Forwarder.Times(total: .seconds(30), attempt: .seconds(1))
        }
        _ = try await asker.ask("first.example.org")
        let slow = Task { try await asker.ask("slow.example.org") }
        await until { !blocked.withLock({ $0.isEmpty }) }
        #expect(try await asker.ask("quick.example.org").lastBytes == [1])
        #expect(try await slow.value.code == .serverFailure)
        #expect(upstream.connections <= StreamPool.connectionLimit)
    }

    @Test("Questions of a connection that the upstream closed go out again together")
    func closedUnderWay() async throws {
        let upstream = try await ScriptedUpstream { asked in
            switch asked.number {
            case 0: [.send(asked.address())]
            case 1..<20: []
            case 20: [.close]
            default: [.send(asked.address())]
            }
        }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}")
        _ = try await asker.ask("first.example.org")
        try await withThrowingTaskGroup(of: Response.self) { group in
            for number in 0..<20 { group.addTask { try await asker.ask("n\(number).example.org") } }
            for try await response in group { #expect(response.lastBytes == [1]) }
        }
        #expect(upstream.connections == 2)
    }

    @Test("Where descriptors are scarce, the connection that there is takes all questions, and the first is opened")
    func scarceDescriptors() async throws {
        let desk = Desk()
        let upstream = try await ScriptedUpstream { desk.all(60, with: $0) }
        let asker = try Asker("forward . \(upstream.address) {\nforce_tcp\n}") {
            $0.areDescriptorsScarce = { true }
        }
        try await withThrowingTaskGroup(of: Response.self) { group in
            for number in 0..<60 { group.addTask { try await asker.ask("n\(number).example.org") } }
            for try await response in group { #expect(response.lastBytes == [1]) }
        }
        #expect(upstream.connections == 1)
    }

    @Test("Where descriptors are scarce, questions by UDP go out from a port that there is")
    func scarceDescriptorsByUDP() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address)") { $0.areDescriptorsScarce = { true } }
        for number in 0..<60 { _ = try await asker.ask("n\(number).example.org") }
        let opened = asker.metrics.counter(
            "coredns_proxy_conn_cache_misses_total", "",
            ["proxy_name": "forward", "to": upstream.address, "proto": "udp"]
        ).value
        // Another one where the first has come of age.
        #expect((1...2).contains(opened))
    }
}
