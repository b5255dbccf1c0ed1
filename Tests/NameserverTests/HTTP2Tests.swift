import DNS
import NIOCore
import NIOEmbedded
import Pipeline
import Testing

@testable import Nameserver

/// An HTTP/2 client that writes each frame as it likes, connected in memory.
final class FrameClient {
    struct Frame {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    enum FrameType {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let priority: UInt8 = 2
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    let channel = EmbeddedChannel()
    private let state: ListenerState
    private let loops: LoopResponders

    init(_ stage: StubStage, most: Int = 128, settings: [UInt8] = []) throws {
        state = ListenerState(content(stage))
        loops = LoopResponders(state, transport: .https, room: ServingLimits().streamBytes)
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 443)
        channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 4000)
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 443)).wait()
        let part = loops.part(of: channel.eventLoop)
        let watch = HTTPConnectionWatch(part: part, client: .v4(0xc000_0202))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(watch)
        try HTTP2Connection(part: part, watch: watch, state: state, most: most).add(to: pipeline)
        write(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        write(FrameType.settings, 0, 0, settings)
        _ = received()
    }

    var isOpen: Bool { channel.isActive }

    func write(_ bytes: [UInt8]) {
        // An error has ended the connection by then.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        channel.embeddedEventLoop.run()
    }

    func write(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) {
        write(Self.bytes(type, flags, stream, payload))
    }

    /// A frame as it is sent.
    static func bytes(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
            + (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) } + payload
    }

    /// Fields as literals without an index (RFC 7541 §6.2.2).
    static func fields(_ fields: [(String, String)]) -> [UInt8] {
        func text(_ text: String) -> [UInt8] {
            let bytes = Array(text.utf8)
            // Seven bits, then the rest in groups of seven (RFC 7541 §5.1).
            guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
            var (length, rest) = ([127] as [UInt8], bytes.count - 127)
            while rest >= 128 {
                length.append(UInt8(rest % 128 + 128))
                rest /= 128
            }
            return length + [UInt8(rest)] + bytes
        }
        return fields.flatMap { [0] + text($0) + text($1) }
    }

    static func request(_ method: String, _ path: String) -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", "dns.test")]
    }

    /// A GET; flags: END_STREAM and END_HEADERS.
    func get(_ stream: UInt32, _ query: TestQuery = TestQuery("a.test.")) {
        write(
            FrameType.headers, 5, stream, Self.fields(Self.request("GET", "/dns-query?dns=\(Self.base64(query.bytes))"))
        )
    }

    /// The head of a POST whose body is to come.
    func post(_ stream: UInt32, _ more: (String, String)...) {
        let fields = Self.request("POST", "/dns-query") + [("content-type", "application/dns-message")] + more
        write(FrameType.headers, 4, stream, Self.fields(fields))
    }

    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[bits >> (18 - 6 * place) & 63]) }
        }
        return text
    }

    /// The frames that have come from the server since the last call.
    func received() -> [Frame] {
        var bytes: [UInt8] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        var frames: [Frame] = []
        while bytes.count >= 9 {
            let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
            guard bytes.count >= 9 + length else { break }
            let stream = bytes[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
            frames.append(
                Frame(type: bytes[3], flags: bytes[4], stream: stream, payload: Array(bytes[9..<(9 + length)])))
            bytes.removeFirst(9 + length)
        }
        return frames
    }

    func finish() { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// The representations of a block of fields (RFC 7541 §6).
private struct FieldBlock {
    private var bytes: ArraySlice<UInt8>
    /// Fields that the reader's table is to keep (§6.2.1).
    private(set) var kept = 0
    private(set) var count = 0

    init(_ block: [UInt8]) {
        bytes = block[...]
        while let first = bytes.first {
            count += 1
            switch first {
            case 0x80...: _ = integer(7)
            case 0x40..<0x80:
                kept += 1
                literal(6)
            case 0x20..<0x40: _ = integer(5)
            default: literal(4)
            }
        }
    }

    private mutating func literal(_ prefix: Int) {
        if integer(prefix) == 0 { text() }
        text()
    }

    private mutating func text() {
        let length = integer(7)
        bytes = bytes.dropFirst(length)
    }

    private mutating func integer(_ prefix: Int) -> Int {
        var value = Int(bytes.popFirst() ?? 0) & (1 << prefix - 1)
        guard value == 1 << prefix - 1 else { return value }
        var shift = 0
        while let byte = bytes.popFirst() {
            value += Int(byte & 127) << shift
            shift += 7
            if byte < 128 { break }
        }
        return value
    }
}

@Suite("HTTP/2, frame by frame", .timeLimit(.minutes(2)))
struct HTTP2Tests {
    private typealias FrameType = FrameClient.FrameType

    @Test("What differs from response to response is not kept in HPACK's table (RFC 7541 §2.3.2)")
    func fieldTable() throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        let blocks = (0..<20).map { number in
            client.get(UInt32(2 * number + 1), TestQuery(String(repeating: "a", count: 1 + number) + ".test."))
            return client.received().filter { $0.type == FrameType.headers }.map { FieldBlock($0.payload) }
        }
        #expect(blocks.allSatisfy { $0.map(\.count) == [4] })
        // The first response brings what is the same in all of them: the type of the content.
        #expect(blocks.map { $0.map(\.kept) } == [[1]] + Array(repeating: [0], count: 19))
    }

    @Test("No more is answered than the client takes; what waits for it is answered when it does")
    func held() throws {
        let answers = LongAnswers()
        // Every stream's window is closed (SETTINGS_INITIAL_WINDOW_SIZE).
        let client = try FrameClient(answers.stage, settings: [0, 4, 0, 0, 0, 0])
        defer { client.finish() }
        let query = FrameClient.base64(TestQuery("a.test.", .txt).bytes)
        let fields = FrameClient.fields(FrameClient.request("GET", "/dns-query?dns=\(query)"))
        client.write((0..<100).flatMap { FrameClient.bytes(FrameType.headers, 5, UInt32(2 * $0 + 1), fields) })
        #expect((1...3).contains(answers.count))
        #expect(client.isOpen)
        #expect(client.received().allSatisfy { $0.type != FrameType.data })
        // One that is given up is not answered later on.
        client.write(FrameType.reset, 0, 199, [0, 0, 0, 8])
        client.write(FrameType.windowUpdate, 0, 0, [0x3f, 0, 0, 0])
        client.write(FrameType.settings, 0, 0, [0, 4, 0x3f, 0, 0, 0])
        #expect(answers.count == 99)
        #expect(client.received().count { $0.type == FrameType.data && $0.flags & 1 == 1 } == 99)
    }

    @Test("A GET is answered by a head and a body; a POST as well, whatever its pieces")
    func requests() throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        client.get(1)
        var frames = client.received().filter { $0.stream == 1 }
        #expect(frames.map(\.type) == [FrameType.headers, FrameType.data])
        #expect(frames.last?.flags == 1)
        #expect(try TestReply(try #require(frames.last).payload).answers.map(\.data.bytes) == [[192, 0, 2, 9]])
        let fields = FrameClient.request("POST", "/dns-query") + [("content-type", "application/dns-message")]
        client.write(FrameType.headers, 4, 3, FrameClient.fields(fields))
        let query = TestQuery("b.test.").bytes
        client.write(FrameType.data, 0, 3, Array(query.prefix(5)))
        #expect(client.received().isEmpty)
        client.write(FrameType.data, 1, 3, Array(query.dropFirst(5)))
        frames = client.received().filter { $0.stream == 3 }
        #expect(try TestReply(try #require(frames.last).payload).code == 0)
        #expect(client.isOpen)
    }

    /// A flood: what is sent in each round, until the connection has ended.
    struct Flood: Sendable, CustomStringConvertible {
        let description: String
        let rounds: Int
        fileprivate let begin: @Sendable (FrameClient) -> Void
        fileprivate let send: @Sendable (FrameClient, UInt32) -> Void
    }

    enum Floods {
        private static let head = FrameClient.fields(FrameClient.request("GET", "/dns-query"))
        private static let post = FrameClient.fields(
            FrameClient.request("POST", "/dns-query") + [("content-type", "application/dns-message")])

        static let all = [
            Flood(
                description: "streams reset at once (CVE-2023-44487)", rounds: 1000, begin: { _ in },
                send: { client, round in
                    client.get(2 * round + 1)
                    client.write(FrameType.reset, 0, 2 * round + 1, [0, 0, 0, 8])
                }),
            Flood(
                description: "streams that must be reset (CVE-2025-8671)", rounds: 1000, begin: { _ in },
                send: { client, round in
                    client.get(2 * round + 1)
                    client.write(FrameType.windowUpdate, 0, 2 * round + 1, [0, 0, 0, 0])
                    client.write(FrameType.headers, 5, 2 * round + 1, FrameClient.fields([("X", "y")]))
                    client.write(FrameType.headers, 5, 2 * round + 1001, FrameClient.fields([("X", "y")]))
                }),
            Flood(
                description: "PING (CVE-2019-9512)", rounds: 1000, begin: { _ in },
                send: { client, _ in client.write(FrameType.ping, 0, 0, [UInt8](repeating: 1, count: 8)) }),
            Flood(
                description: "SETTINGS (CVE-2019-9515)", rounds: 1000, begin: { _ in },
                send: { client, _ in client.write(FrameType.settings, 0, 0, []) }),
            Flood(
                description: "PRIORITY (CVE-2019-9513)", rounds: 1000, begin: { _ in },
                send: { client, round in client.write(FrameType.priority, 0, 2 * round + 1, [0, 0, 0, 0, 1]) }),
            Flood(
                description: "CONTINUATION without an end (CVE-2024-27316)", rounds: 100,
                begin: { $0.write(FrameType.headers, 0, 1, head) },
                send: { client, _ in
                    client.write(FrameType.continuation, 0, 1, FrameClient.fields([("x", "y")]))
                }),
            Flood(
                description: "DATA without bytes (CVE-2019-9518)", rounds: 100,
                begin: { $0.write(FrameType.headers, 4, 1, post) },
                send: { client, _ in client.write(FrameType.data, 0, 1, []) }),
            Flood(
                description: "heads beyond the size", rounds: 10, begin: { _ in },
                send: { client, round in
                    let field = ("x", String(repeating: "y", count: 16_000))
                    client.write(FrameType.headers, 0, 2 * round + 1, head + FrameClient.fields([field]))
                    client.write(FrameType.continuation, 4, 2 * round + 1, FrameClient.fields([field]))
                }),
        ]
    }

    @Test("Bodies that nobody waits for any more take nothing of the connection's window (RFC 9113 §5.2)")
    func window() throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        let piece = [UInt8](repeating: 0, count: 16_000)
        var opened = 0
        for round in 0..<20 as Range<UInt32> {
            // Answered 415 at once; what still comes of the body is dropped.
            let stream = 2 * round + 1
            client.write(
                FrameType.headers, 4, stream, FrameClient.fields(FrameClient.request("POST", "/dns-query")))
            client.write(FrameType.data, 0, stream, piece)
            client.write(FrameType.data, 1, stream, Array(piece.prefix(800)))
            opened += client.received().filter { $0.type == FrameType.windowUpdate && $0.stream == 0 }
                .reduce(0) { $0 + $1.payload.reduce(0) { $0 << 8 | Int($1) } }
            #expect(client.isOpen)
        }
        // All but less than one step of it.
        #expect((320_000...336_000).contains(opened))
        client.post(99)
        client.write(FrameType.data, 1, 99, TestQuery("a.test.").bytes)
        #expect(client.received().contains { $0.stream == 99 && $0.type == FrameType.data })
    }

    @Test("Floods end the connection", arguments: Floods.all)
    func floods(_ flood: Flood) throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        flood.begin(client)
        var round = 0
        while client.isOpen, round < flood.rounds {
            flood.send(client, UInt32(round))
            round += 1
        }
        #expect(!client.isOpen)
    }

    @Test("A client has so many requests at a time")
    func streams() throws {
        let silence = Silence()
        let client = try FrameClient(silence.stage, most: 1000)
        defer { client.finish() }
        for index in 0..<150 { client.get(UInt32(2 * index + 1)) }
        #expect(silence.count == 100)
    }

    @Test("Queries of streams that were reset count as long as they are under way")
    func resetQueries() throws {
        let silence = Silence()
        let client = try FrameClient(silence.stage, most: 5)
        defer { client.finish() }
        for index in 0..<20 {
            client.get(UInt32(2 * index + 1))
            client.write(FrameType.reset, 0, UInt32(2 * index + 1), [0, 0, 0, 8])
        }
        #expect(silence.count == 5)
    }

    /// What makes a stream malformed: the frames sent for it, and the code that it is reset with.
    struct Malformed: Sendable, CustomStringConvertible {
        let description: String
        let code: UInt8
        fileprivate let send: @Sendable (FrameClient, UInt32) -> Void

        static let all = [
            Malformed(
                description: "a field name in capitals (RFC 9113 §8.2.1)", code: 1,
                send: { client, stream in
                    let fields = FrameClient.request("GET", "/dns-query") + [("Accept", "*/*")]
                    client.write(FrameType.headers, 5, stream, FrameClient.fields(fields))
                }),
            Malformed(
                description: "a field of the connection (§8.2.2)", code: 1,
                send: { client, stream in
                    let fields = FrameClient.request("GET", "/dns-query") + [("connection", "close")]
                    client.write(FrameType.headers, 5, stream, FrameClient.fields(fields))
                }),
            Malformed(
                description: "no path (§8.3.1)", code: 1,
                send: { client, stream in
                    let fields = FrameClient.request("GET", "/").filter { $0.0 != ":path" }
                    client.write(FrameType.headers, 5, stream, FrameClient.fields(fields))
                }),
            Malformed(
                description: "a body that is longer than it says (§8.1.1)", code: 1,
                send: { client, stream in
                    client.post(stream, ("content-length", "1"))
                    client.write(FrameType.data, 1, stream, [1, 2, 3])
                }),
            Malformed(
                description: "trailers that end nothing (§8.1)", code: 1,
                send: { client, stream in
                    client.post(stream)
                    client.write(FrameType.headers, 4, stream, FrameClient.fields([("x", "y")]))
                }),
            Malformed(
                description: "a window beyond 2^31 - 1 (§6.9.1)", code: 3,
                send: { client, stream in
                    client.post(stream)
                    client.write(FrameType.windowUpdate, 0, stream, [0x7f, 0xff, 0xff, 0xff])
                }),
        ]
    }

    @Test("A malformed stream is reset; the others of its connection are answered", arguments: Malformed.all)
    func malformed(_ malformed: Malformed) async throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        // One whose body is still to come.
        client.post(1)
        malformed.send(client, 3)
        let frames = client.received()
        #expect(frames.filter { $0.stream == 3 }.map(\.type) == [FrameType.reset])
        #expect(frames.first { $0.stream == 3 }?.payload == [0, 0, 0, malformed.code])
        #expect(!frames.contains { $0.type == FrameType.goAway })
        client.write(FrameType.data, 1, 1, TestQuery("a.test.").bytes)
        client.get(5)
        let answers = client.received().filter { $0.type == FrameType.data }
        #expect(answers.map(\.stream) == [1, 5])
        #expect(try answers.allSatisfy { try TestReply($0.payload).code == 0 })
        #expect(client.isOpen)
    }

    @Test("What is wrong with the connection ends it, with GOAWAY, after a malformed stream too")
    func connectionErrors() throws {
        let client = try FrameClient(.address(9))
        defer { client.finish() }
        client.write(FrameType.headers, 5, 1, FrameClient.fields([("X", "y")]))
        #expect(client.isOpen)
        // DATA for a stream that has never been (§5.1).
        client.write(FrameType.data, 1, 9, [1])
        #expect(client.received().contains { $0.type == FrameType.goAway })
        #expect(!client.isOpen)
    }
}
