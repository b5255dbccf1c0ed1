import Foundation
import NIOCore
import NIOEmbedded
import Pipeline
import Registry
import TestSupport
import Testing

@testable import Nameserver

@Suite("Room for what connections keep", .timeLimit(.minutes(2)))
struct ConnectionRoomTests {
    private static func client(_ number: Int) -> IPAddress { .v4(UInt32(0x7f00_0000 + number)) }

    @Test("One client has half of the room, and others find some however many keep all they may")
    func clients() {
        let room = ConnectionRoom(most: 1_000_000)
        var greedy = (1...4).map { ConnectionRoom.Share(of: room, for: Self.client($0)) }
        var kept: [Int] = []
        for index in greedy.indices {
            var bytes = 0
            while greedy[index].set(bytes + 500) { bytes += 500 }
            kept.append(bytes)
            // What came last was too much: its connection keeps what it did.
            let keeps = greedy[index].set(bytes)
            #expect(keeps)
        }
        #expect(kept == [500_000, 250_000, 125_000, 62_500])
        // Another connection of the first client has a handshake's room, as long as there is any at all.
        var second = ConnectionRoom.Share(of: room, for: Self.client(1))
        let (little, more, none) = (second.set(4096), second.set(4097), second.set(0))
        #expect(little && !more && none)
        var modest = ConnectionRoom.Share(of: room, for: Self.client(9))
        let fits = modest.set(31_000)
        #expect(fits)
    }

    @Test("However many threads there are, a client that is alone may send the largest request")
    func threads() {
        let limits = ServingLimits()
        #expect(limits.streamBytes(ofEach: 2) == 32 << 20 && limits.streamBytes(ofEach: 256) == 256 << 10)
        #expect(limits.streamBytes(ofEach: 1024) == 256 << 10 && limits.streamBytes(ofEach: 0) == 64 << 20)
        let room = ConnectionRoom(most: limits.streamBytes(ofEach: 1024))
        var alone = ConnectionRoom.Share(of: room, for: Self.client(1))
        // A request of 64 KiB and its headers, beside a record of TLS and what is being decoded of it.
        let fits = alone.set((64 << 10) + (16 << 10) + (16 << 10))
        #expect(fits)
    }

    @Test("Where the process may have little memory, connections have less, and those over TLS are fewer")
    func littleMemory() {
        let limits = ServingLimits(memory: 160 << 20)
        #expect(limits.streamBytes == 10 << 20 && limits.encryptedBytes == 40 << 20)
        #expect(ServingLimits(memory: 4 << 30).streamBytes == 64 << 20)
        #expect(ServingLimits(memory: 1).streamBytes == 256 << 10)
        var small = ServingLimits()
        small.encryptedBytes = 8 * (48 << 10)
        let count = ConnectionLimits(small)
        func enter(_ number: Int, _ transport: Transport) -> Bool { count.enter(Self.client(number), transport) }
        // A quarter for each client, in either kind; TCP costs too little to be told.
        #expect(enter(1, .https) && enter(1, .https) && !enter(1, .https) && !enter(1, .tls) && enter(1, .tcp))
        #expect((2...4).allSatisfy { client in (0..<4).allSatisfy { _ in enter(client, .tls) } })
        #expect(!enter(5, .tls) && enter(5, .tcp))
        count.leave(Self.client(1), .https)
        #expect(enter(5, .tls) && enter(5, .tls) && !enter(6, .tls))
        count.leave(Self.client(1), .https)
        count.leave(Self.client(1), .tcp)
        #expect(enter(1, .https) && !enter(1, .https))
    }

    @Test("Little connections as well have no more than there is")
    func little() {
        let room = ConnectionRoom(most: 100_000)
        var shares = (0..<30).map { _ in ConnectionRoom.Share(of: room, for: Self.client(1)) }
        #expect(shares.indices.count { shares[$0].set(4000) } == 25)
    }

    @Test("What a connection's handlers tell behind its end is not kept")
    func end() throws {
        let state = ListenerState(content(StubStage.address(9)))
        let part = LoopResponders(state, transport: .tls, room: 20_000).part(of: EmbeddedEventLoop())
        let channel = EmbeddedChannel()
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 853)).wait()
        let watch = TLSWatch(part: part, client: Self.client(1))
        try channel.pipeline.syncOperations.addHandler(watch)
        try channel.writeInbound(ByteBuffer(bytes: [23, 3, 3, 0x40, 0] + [UInt8](repeating: 0, count: 8000)))
        try channel.close().wait()
        // TLS tells of the end of a handshake when the connection has broken in it.
        watch.noteProgress()
        var other = ConnectionRoom.Share(of: part.room, for: Self.client(1))
        let isFree = other.set(10_000)
        #expect(isFree)
    }

    @Test("All keep no more than there is room for, and what has ended leaves nothing behind")
    func histories() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let room = ConnectionRoom(most: 100_000)
        var shares = (0..<60).map { ConnectionRoom.Share(of: room, for: Self.client($0 % 7)) }
        var kept = [Int](repeating: 0, count: shares.count)
        for _ in 0..<20_000 {
            let index = Int.random(in: shares.indices, using: &random)
            kept[index] = Int.random(in: 0...9000, using: &random)
            if !shares[index].set(kept[index]) {
                // The connection ends.
                _ = shares[index].set(0)
                kept[index] = 0
            }
            #expect(kept.reduce(0, +) <= 100_000, "seed \(seed)")
        }
        for index in shares.indices { _ = shares[index].set(0) }
        var last = ConnectionRoom.Share(of: room, for: Self.client(0))
        let (half, more) = (last.set(50_000), last.set(50_001))
        #expect(half && !more, "seed \(seed)")
    }

    @Test("Records of TLS are followed, however they are cut")
    func records() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var stream: [UInt8] = []
            /// How much of a record has begun after so many bytes.
            var begun = [0]
            for _ in 0..<10 {
                let length =
                    [0, 1, 255, 256, 16_640, 65_535, .random(in: 0...700, using: &random)]
                    .randomElement(using: &random) ?? 0
                stream += [23, 3, 3, UInt8(length >> 8), UInt8(length & 255)]
                stream += [UInt8](repeating: .random(in: 0...255, using: &random), count: length)
                begun += (1..<(5 + length)).map { $0 } + [0]
            }
            var records = TLSRecords()
            var read = 0
            while read < stream.count {
                let count = min(stream.count - read, .random(in: 1...3000, using: &random))
                records.take(stream[read..<(read + count)])
                read += count
                #expect(records.begun == begun[read], "seed \(seed), byte \(read)")
            }
        }
    }

    @Test("What TLS keeps of a client's bytes counts until it makes something of them")
    func beforeTLS() throws {
        let state = ListenerState(content(StubStage.address(9)))
        let part = LoopResponders(state, transport: .tls, room: 20_000).part(of: EmbeddedEventLoop())
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 853)).wait()
        let watch = TLSWatch(part: part, client: Self.client(1))
        try channel.pipeline.syncOperations.addHandler(watch)
        // Handshakes of which none ends: whole records count as well.
        let record = [22, 3, 3, 0x0f, 0xa0] + [UInt8](repeating: 0, count: 4000)
        for _ in 0..<2 { try channel.writeInbound(ByteBuffer(bytes: record)) }
        #expect(channel.isActive)
        watch.noteProgress()
        for _ in 0..<2 { try channel.writeInbound(ByteBuffer(bytes: record)) }
        try channel.writeInbound(ByteBuffer(bytes: record.prefix(1000)))
        #expect(channel.isActive)
        // Of all that, the record that has begun is left.
        watch.noteProgress()
        try channel.writeInbound(ByteBuffer(bytes: record.dropFirst(1000)))
        try channel.writeInbound(ByteBuffer(bytes: record))
        #expect(channel.isActive)
        _ = try? channel.writeInbound(ByteBuffer(bytes: record))
        #expect(!channel.isActive)
        var other = ConnectionRoom.Share(of: part.room, for: Self.client(1))
        let isFree = other.set(10_000)
        #expect(isFree)
    }

    @Test("Handshakes over TLS that do not end are bounded together, and other clients are served")
    func handshakes() async throws {
        let certificate = try await TestCertificate(serial: 1)
        let parts = ProcessInfo.processInfo.activeProcessorCount
        var limits = ServingLimits()
        limits.streamBytes = 100_000 * parts
        limits.leastStreamBytes = 0
        let listeners = Listeners(limits: limits)
        var served = content(StubStage.address(9))
        served.timeouts.read = .seconds(3600)
        served.timeouts.idle = .seconds(3600)
        let listener = try await listeners.open(
            ListenerSettings(.tls, [Loopback.wildcard]), served, tls: certificate.configuration)
        let port = listener.addresses[0].port
        let begun: [UInt8] = [22, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 15_000)
        let clients = try (0..<(8 * parts)).map { _ in
            let client = try TestSocket(
                .stream, to: ListenAddress(bytes: [127, 0, 0, 1], port: port),
                from: ListenAddress(bytes: [127, 0, 0, 2], port: 0))
            client.send(begun)
            return client
        }
        await until { clients.count(where: { $0.hasEnded }) > 0 }
        // Half of each loop's part is three of them; those that have ended are as many as the others at least.
        await until { listeners.counters.connectionCount(.tls) <= 3 * parts }
        let output = try await run(
            "kdig",
            [
                "@127.0.0.1", "-p", "\(port)", "+tls", "+tls-ca=\(certificate.file)", "+tls-hostname=dns.test",
                "a.test.", "A",
            ])
        #expect(output.contains("192.0.2.9"), "\(output)")
        for client in clients { client.close() }
        await until { listeners.counters.connectionCount(.tls) == 0 }
        await listeners.stop()
    }

    @Test(
        "A client whose connections keep what they may ends nobody else's",
        arguments: [ListenerSettings.Scheme.dns, .tls])
    func others(_ scheme: ListenerSettings.Scheme) async throws {
        let half = try #require(Half.all.first { $0.scheme == scheme })
        let parts = ProcessInfo.processInfo.activeProcessorCount
        var limits = ServingLimits()
        limits.streamBytes = 600_000 * parts
        limits.leastStreamBytes = 0
        let listeners = Listeners(limits: limits)
        var served = content(StubStage.address(9))
        served.timeouts.read = .seconds(3600)
        let listener = try await listeners.open(
            ListenerSettings(scheme, [Loopback.wildcard], workers: parts), served)
        func client(_ last: UInt8) throws -> TestSocket {
            let client = try TestSocket(
                .stream, to: ListenAddress(bytes: [127, 0, 0, 1], port: listener.addresses[0].port),
                from: ListenAddress(bytes: [127, 0, 0, last], port: 0))
            client.send(half.bytes)
            return client
        }
        let greedy = try (0..<(10 * parts)).map { _ in try client(2) }
        await until { greedy.count(where: { $0.hasEnded }) >= 5 * parts }
        // Nine parts in ten of the room were gone, were it not for each client's share.
        let others = try (0..<parts).map { _ in try client(3) }
        for other in others {
            other.send(half.rest)
            #expect(await onThread { !other.receive().isEmpty })
        }
        for client in greedy + others { client.close() }
        await listeners.stop()
    }

    /// A query that is no good one in two parts, and room for one of it and not for three
    /// of its first parts: what a connection keeps is counted by the memory that it is in.
    struct Half: Sendable, CustomTestStringConvertible {
        static let all = [
            Half(scheme: .dns, transport: .tcp, bytes: message, rest: Array(zeros.prefix(5535)), room: 300_000),
            Half(scheme: .tls, transport: .tls, bytes: message, rest: Array(zeros.prefix(5535)), room: 300_000),
            Half(scheme: .https, transport: .https, bytes: request, rest: Array(zeros.prefix(5000)), room: 800_000),
            Half(scheme: .https, transport: .https, bytes: head, rest: Array("\r\n\r\n".utf8), room: 300_000),
        ]
        private static let zeros = [UInt8](repeating: 0, count: 60_000)
        private static let message = [255, 255] + zeros
        private static let request =
            Array(
                """
                POST /dns-query HTTP/1.1\r\nhost: a\r\ncontent-type: application/dns-message\r\n\
                content-length: 65000\r\n\r\n
                """.utf8) + zeros
        private static let head =
            Array("GET /dns-query?dns=".utf8) + [UInt8](repeating: 0x41, count: 15_000)
            + Array(" HTTP/1.1\r\nhost: a\r\na: ".utf8) + [UInt8](repeating: 0x79, count: 15_500)

        let scheme: ListenerSettings.Scheme
        let transport: Transport
        let bytes: [UInt8]
        let rest: [UInt8]
        let room: Int

        var testDescription: String { "\(transport.rawValue), \(bytes.count) bytes" }
    }

    @Test("Connections that together keep too much are ended; others are served", arguments: Half.all)
    func room(_ half: Half) async throws {
        // Each worker or loop has its part of the room.
        let parts = ProcessInfo.processInfo.activeProcessorCount
        var limits = ServingLimits()
        limits.streamBytes = half.room * parts
        limits.leastStreamBytes = 0
        let listeners = Listeners(limits: limits)
        var served = content(StubStage.address(9))
        served.timeouts.read = .seconds(3600)
        let listener = try await listeners.open(
            ListenerSettings(half.scheme, [Loopback.address], workers: parts), served)
        let clients = try (0...(2 * parts)).map { _ in
            let client = try TestSocket(.stream, to: listener.addresses[0])
            client.send(half.bytes)
            return client
        }
        // At least three share a part: the one that goes over it ends.
        await until { clients.contains(where: { $0.hasEnded }) }
        for client in clients { client.close() }
        await until { listeners.counters.connectionCount(half.transport) == 0 }
        // What they kept is given back: there is room again on each part.
        for _ in 0...parts {
            let other = try TestSocket(.stream, to: listener.addresses[0])
            other.send(half.bytes)
            other.send(half.rest)
            #expect(await onThread { !other.receive().isEmpty })
            other.close()
        }
        await listeners.stop()
    }
}
