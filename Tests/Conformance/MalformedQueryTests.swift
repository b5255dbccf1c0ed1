import LDNS
import Testing

/// A message that is no proper query, by what is wrong with it.
struct MalformedQuery: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    /// The header's ID, with RD set.
    static let id: [UInt8] = [0x47, 0x11]
    /// A question for `web.prod.svc.cluster.local. A`.
    static let question: [UInt8] = Array("\u{3}web\u{4}prod\u{3}svc\u{7}cluster\u{5}local\0\0\u{1}\0\u{1}".utf8)
    /// An A record of the root.
    static let record: [UInt8] = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]

    init(_ description: String, flags: UInt16 = 0x0100, counts: [UInt16] = [1, 0, 0, 0], _ body: [UInt8]) {
        testDescription = description
        bytes = Self.id + RawQuery.wire([flags]) + RawQuery.wire(counts) + body
    }

    /// A name of 255 bytes and one of 256, as the question's.
    static func longName(_ length: Int) -> [UInt8] {
        var name: [UInt8] = []
        while name.count < length - 1 {
            let count = min(63, length - 2 - name.count)
            name += [UInt8(count)] + Array(repeating: 0x61, count: count)
        }
        return name + [0, 0, 1, 0, 1]
    }
}

@Suite("Messages that are no proper queries (RFC 1035 §4.1, RFC 6891 §6.1)")
struct MalformedQueryTests {
    private static let question = MalformedQuery.question
    private static let record = MalformedQuery.record

    private static func opt(_ options: [UInt8], length: UInt16? = nil) -> [UInt8] {
        [0, 0, 41, 4, 208, 0, 0, 0, 0] + RawQuery.wire([length ?? UInt16(options.count)]) + options
    }

    private static func cookie(_ length: UInt8) -> [UInt8] {
        opt([0, 10, 0, length] + Array(repeating: 1, count: Int(length)))
    }

    /// Sends a message and then a good query over the same socket: what came before the good query's reply.
    private func replies(to message: [UInt8], overTCP: Bool) throws -> [[UInt8]] {
        let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: overTCP)
        try client.send(message)
        var replies: [[UInt8]] = []
        // Each reply is awaited before the next message goes out: over UDP order is not promised otherwise.
        if let reply = try? client.receive(seconds: 0.3) { replies.append(reply) }
        let good = try RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: 0xbeef)
        try client.send(good.bytes)
        while true {
            let reply = try client.receive()
            if reply.starts(with: [0xbe, 0xef]) { return replies }
            replies.append(reply)
        }
    }

    /// Counts that are not those of the records.
    private static let miscounted: [MalformedQuery] = [
        MalformedQuery("no question", counts: [0, 0, 0, 0], []),
        MalformedQuery("a question that is not counted", counts: [0, 0, 0, 0], question),
        MalformedQuery("two questions", counts: [2, 0, 0, 0], question + question),
        MalformedQuery("65535 questions", counts: [65535, 0, 0, 0], question),
        MalformedQuery("a counted question that is not there", []),
        MalformedQuery("two answers", counts: [1, 2, 0, 0], question + record + record),
        MalformedQuery("two authorities", counts: [1, 0, 2, 0], question + record + record),
        MalformedQuery("three additional records", counts: [1, 0, 0, 3], question + record + record + record),
        MalformedQuery("an answer that is not there", counts: [1, 1, 0, 0], question),
        MalformedQuery("an OPT record that is not there", counts: [1, 0, 0, 1], question),
    ]

    /// Questions that cannot be read.
    private static let misnamed: [MalformedQuery] = [
        MalformedQuery("a label of 64 bytes", [64] + Array(repeating: 0x61, count: 64) + [0, 0, 1, 0, 1]),
        MalformedQuery("a label of a reserved kind", [0x80, 0x61, 0, 0, 1, 0, 1]),
        MalformedQuery("a label that runs over the end", [5, 0x61, 0x62]),
        MalformedQuery("a name without its end", [1, 0x61]),
        MalformedQuery("a name of 256 bytes", MalformedQuery.longName(256)),
        MalformedQuery("a pointer to itself", [0xc0, 12, 0, 1, 0, 1]),
        MalformedQuery("two pointers in a circle", [0xc0, 14, 0xc0, 12, 0, 1, 0, 1]),
        MalformedQuery("a label and a pointer back to it", [1, 0x61, 0xc0, 12, 0, 1, 0, 1]),
        MalformedQuery("a pointer behind the end", [0xff, 0xff, 0, 1, 0, 1]),
        MalformedQuery("half a pointer", [0xc0]),
        MalformedQuery("no type", question.dropLast(4)), MalformedQuery("no class", question.dropLast(2)),
        MalformedQuery("half a class", question.dropLast(1)),
    ]

    /// OPT records that cannot be read.
    private static let misbuilt: [MalformedQuery] = [
        MalformedQuery("data that runs over the end", counts: [1, 0, 0, 1], question + opt([], length: 1)),
        MalformedQuery("half an OPT record", counts: [1, 0, 0, 1], question + opt([]).dropLast(4)),
        MalformedQuery("an OPT record with a name", counts: [1, 0, 0, 1], question + [1, 0x61] + opt([])),
        MalformedQuery("an OPT record as an answer", counts: [1, 1, 0, 0], question + opt([])),
        MalformedQuery("an OPT record as an authority", counts: [1, 0, 1, 0], question + opt([])),
        MalformedQuery(
            "an OPT record as an authority, and one more", counts: [1, 0, 1, 1], question + opt([]) + opt([])),
    ]

    /// OPT records that can be read and not be used.
    private static let unusable: [MalformedQuery] = [
        MalformedQuery("half an option", counts: [1, 0, 0, 1], question + opt([0, 3, 0])),
        MalformedQuery("an option that runs over its record", counts: [1, 0, 0, 1], question + opt([0, 3, 0, 1])),
        MalformedQuery("two OPT records", counts: [1, 0, 0, 2], question + opt([]) + opt([])),
        MalformedQuery("a cookie of 7 bytes", counts: [1, 0, 0, 1], question + cookie(7)),
        MalformedQuery("a cookie of 9 bytes", counts: [1, 0, 0, 1], question + cookie(9)),
        MalformedQuery("a cookie of 15 bytes", counts: [1, 0, 0, 1], question + cookie(15)),
        MalformedQuery("a cookie of 41 bytes", counts: [1, 0, 0, 1], question + cookie(41)),
        MalformedQuery("an empty cookie", counts: [1, 0, 0, 1], question + cookie(0)),
    ]

    @Test(
        "FORMERR with a bare header; ID and RD are copied", arguments: miscounted + misnamed + misbuilt, [false, true])
    func formatError(_ query: MalformedQuery, overTCP: Bool) throws {
        let bare = MalformedQuery.id + [0x81, 1] + Array(repeating: 0, count: 8)
        #expect(try replies(to: query.bytes, overTCP: overTCP) == [bare])
    }

    @Test(
        "FORMERR with an OPT record where that of the query cannot be used (RFC 6891 §7, RFC 7873 §5.2.2)",
        arguments: unusable, [false, true])
    func unusableOPT(_ query: MalformedQuery, overTCP: Bool) throws {
        let head = MalformedQuery.id + [0x81, 1, 0, 1, 0, 0, 0, 0, 0, 1]
        #expect(try replies(to: query.bytes, overTCP: overTCP) == [head + Self.question + Self.opt([])])
    }

    @Test("NOTIMP with a bare header for every opcode but QUERY; opcode and RD are copied", arguments: 1...15)
    func notImplemented(_ opcode: UInt16) throws {
        for (flags, isCut) in [(opcode << 11, false), (opcode << 11 | 0x0100, false), (opcode << 11, true)] {
            let query = MalformedQuery("opcode", flags: flags, isCut ? [] : Self.question)
            let bare = MalformedQuery.id + RawQuery.wire([0x8000 | flags | 4, 0, 0, 0, 0])
            #expect(try replies(to: query.bytes, overTCP: false) == [bare])
            #expect(try replies(to: query.bytes, overTCP: true) == [bare])
        }
    }

    @Test(
        "Responses and scraps of a header are met with silence, and the next query is answered",
        arguments: [
            MalformedQuery("a response", flags: 0x8000, question),
            MalformedQuery("a response of opcode 4", flags: 0xa000, question),
            MalformedQuery("a response without a question", flags: 0x8180, counts: [0, 0, 0, 0], []),
        ], [false, true])
    func silence(_ query: MalformedQuery, overTCP: Bool) throws {
        #expect(try replies(to: query.bytes, overTCP: overTCP) == [])
    }

    @Test("Up to 11 bytes are met with silence", arguments: [0, 1, 2, 11], [false, true])
    func scraps(_ count: Int, overTCP: Bool) throws {
        let query = MalformedQuery("whole", Self.question)
        #expect(try replies(to: Array(query.bytes.prefix(count)), overTCP: overTCP) == [])
    }

    @Test(
        "What is merely odd is answered",
        arguments: [
            MalformedQuery("bytes behind the question", question + [1, 2, 3]),
            MalformedQuery("bytes behind the OPT record", counts: [1, 0, 0, 1], question + opt([]) + [0]),
            MalformedQuery("one answer", counts: [1, 1, 0, 0], question + record),
            MalformedQuery("one authority", counts: [1, 0, 1, 0], question + record),
            MalformedQuery("a record and an OPT record", counts: [1, 0, 0, 2], question + record + opt([])),
            MalformedQuery("AA, TC, RA, Z, AD and a code", flags: 0x07ef, question),
        ], [false, true])
    func odd(_ query: MalformedQuery, overTCP: Bool) throws {
        let found = try replies(to: query.bytes, overTCP: overTCP)
        try #require(found.count == 1)
        let reply = try WireWitness(found[0])
        #expect(reply.rcodeName == "NOERROR")
        #expect(reply.flags == [.qr, .aa, .rd])
        #expect(reply.answer == ["web.prod.svc.cluster.local. 5 IN A 10.96.0.10"])
    }

    @Test("A name of 255 bytes is a name")
    func longest() throws {
        let query = MalformedQuery("255 bytes", MalformedQuery.longName(255))
        let found = try replies(to: query.bytes, overTCP: false)
        try #require(found.count == 1)
        #expect(try WireWitness(found[0]).rcodeName == "REFUSED")
    }
}
