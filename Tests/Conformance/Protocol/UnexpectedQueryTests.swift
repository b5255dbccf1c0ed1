import LDNS
import Testing

/// A query of RFC 8906 §8, and what is to come back.
struct UnexpectedQuery: Sendable, CustomTestStringConvertible {
    /// What the reply's answer section holds.
    enum Answer: Sendable {
        case soa, nothing
    }

    /// The OPT record of a query.
    struct OPT: Sendable {
        var size: UInt16 = 1232
        var version: UInt8 = 0
        var flags: UInt16 = 0
        /// Codes and data.
        var options: [(UInt16, [UInt8])] = []

        var wire: [UInt8] {
            RawQuery.opt(
                size: size, version: version, flags: flags,
                options: options.flatMap { RawQuery.wire([$0.0, UInt16($0.1.count)]) + $0.1 })
        }
    }

    let testDescription: String
    var type = "SOA"
    /// The second 16 bits of the header.
    var flags: UInt16 = 0
    var opt: OPT?
    var code = "NOERROR"
    var answer = Answer.soa
    /// The flags beside QR and AA.
    var replyFlags: WireWitness.Flags = []
    /// The codes of the options that come back.
    var options: Set<UInt16> = []
    var isDNSSECOK = false

    init(_ description: String, _ change: (inout Self) -> Void = { _ in }) {
        testDescription = description
        change(&self)
    }

    /// A query of EDNS 1.
    static func version1(_ description: String, flags: UInt16 = 0, options: [(UInt16, [UInt8])] = []) -> Self {
        Self(description) { query in
            query.opt = OPT(version: 1, flags: flags, options: options)
            (query.code, query.answer) = ("BADVERS", .nothing)
            query.isDNSSECOK = flags & 0x8000 != 0
        }
    }

    /// A query of EDNS 0.
    static func version0(
        _ description: String, flags: UInt16 = 0, options: [(UInt16, [UInt8])] = [], back: Set<UInt16> = []
    ) -> Self {
        Self(description) { query in
            query.opt = OPT(flags: flags, options: options)
            query.options = back
            query.isDNSSECOK = flags & 0x8000 != 0
        }
    }

    /// Options that are assigned: NSID, a client's subnet, EXPIRE and COOKIE, as §8.2.10 has them.
    static let assigned: [(UInt16, [UInt8])] = [
        (3, []), (8, [0, 1, 0, 0]), (9, []), (10, [1, 2, 3, 4, 5, 6, 7, 8]),
    ]

    /// §8.1: without EDNS.
    static let basic: [Self] = [
        Self("8.1.1 SOA"),
        Self("8.1.2 a type that nobody knows") { ($0.type, $0.answer) = ("TYPE1000", .nothing) },
        Self("8.1.3.1 CD") { ($0.flags, $0.replyFlags) = (0x0010, .cd) },
        Self("8.1.3.2 AD") { $0.flags = 0x0020 },
        Self("8.1.3.3 the last reserved bit") { $0.flags = 0x0040 },
        Self("8.1.3.4 RD") { ($0.flags, $0.replyFlags) = (0x0100, .rd) },
        Self("all of them") { ($0.flags, $0.replyFlags) = (0x0170, [.rd, .cd]) },
    ]

    /// §8.2: with EDNS.
    static let extended: [Self] = [
        version0("8.2.1 EDNS 0"),
        version1("8.2.2 EDNS 1"),
        version0("8.2.3 an unknown option", options: [(100, [])]),
        version0("an unknown option with data", options: [(100, [1, 2, 3])]),
        version0("8.2.4 an unknown flag", flags: 0x0040),
        version0("all unknown flags", flags: 0x7fff),
        version1("8.2.5 EDNS 1 and an unknown flag", flags: 0x0040),
        version1("8.2.6 EDNS 1 and an unknown option", options: [(100, [])]),
        version1("EDNS 1 and known options", options: assigned),
        version0("8.2.8 DO", flags: 0x8000),
        version1("8.2.9 EDNS 1 and DO", flags: 0x8000),
        version0("8.2.10 several options", options: assigned, back: [3, 9, 10]),
        version0(
            "several options, DO, unknown ones and an unknown flag", flags: 0x8040,
            options: assigned + [(100, []), (65001, [0])], back: [3, 9, 10]),
        version0(
            "unknown options between known ones", options: [(100, [])] + assigned + [(101, [7])], back: [3, 9, 10]),
        Self("an unknown type, DO and an unknown option") { query in
            query.opt = OPT(flags: 0x8000, options: [(100, [])])
            (query.type, query.answer, query.isDNSSECOK) = ("TYPE1000", .nothing, true)
        },
        Self("CD, AD, RD and EDNS") { query in
            query.opt = OPT()
            (query.flags, query.replyFlags) = (0x0130, [.rd, .cd])
        },
        Self("a payload below 512 bytes counts as 512 (RFC 6891 §6.2.3)") { $0.opt = OPT(size: 0) },
    ]

    /// The zones asked: ready-made answers, ones from a stage, and names of addresses.
    static let zones = ["cluster.local", "example.org", "in-addr.arpa"]
}

@Suite("Queries that servers are known to fail at (RFC 8906 §8)")
struct UnexpectedQueryTests {
    @Test(
        "Each is answered as the RFC wants it, over UDP and TCP",
        arguments: UnexpectedQuery.basic + UnexpectedQuery.extended,
        UnexpectedQuery.zones)
    func answered(_ check: UnexpectedQuery, zone: String) throws {
        for overTCP in [false, true] {
            let query = try RawQuery(
                name: zone, type: check.type, id: 0x8906, flags: check.flags, edns: check.opt?.wire ?? [])
            let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: overTCP)
            try client.send(query.bytes)
            let reply = try WireWitness(client.receive())
            let context: Comment = "\(reply), over \(overTCP ? "TCP" : "UDP")"
            #expect(reply.id == 0x8906, context)
            #expect(reply.rcodeName == check.code, context)
            let isBadVersion = check.code == "BADVERS"
            #expect(reply.flags == check.replyFlags.union(isBadVersion ? .qr : [.qr, .aa]), context)
            switch check.answer {
            case .soa:
                #expect(reply.answer.count == 1 && reply.answer[0].contains(" SOA "), context)
            case .nothing:
                #expect(reply.answer == [], context)
                #expect(reply.authority.count == (isBadVersion ? 0 : 1), context)
            }
            guard check.opt != nil else {
                #expect(reply.edns == nil, context)
                continue
            }
            let edns = try #require(reply.edns, context)
            #expect(edns.version == 0, context)
            #expect(edns.unassignedFlags == 0, context)
            #expect(edns.isDNSSECOK == check.isDNSSECOK, context)
            #expect(Set(edns.options.map(\.code.rawValue)) == check.options, context)
            #expect(edns.options.count == check.options.count, context)
        }
    }

    @Test("8.1.4 An unknown opcode is NOTIMP with a bare header, and a query behind it is answered", arguments: 3...15)
    func opcode(_ opcode: UInt16) throws {
        for overTCP in [false, true] {
            let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: overTCP)
            try client.send([0x89, 6] + RawQuery.wire([opcode << 11, 0, 0, 0, 0]))
            #expect(try client.receive() == [0x89, 6] + RawQuery.wire([0x8004 | opcode << 11, 0, 0, 0, 0]))
            try client.send(RawQuery(name: "cluster.local", type: "SOA", id: 7).bytes)
            #expect(try WireWitness(client.receive()).answer.count == 1)
        }
    }

    @Test(
        "8.2.7 Truncated replies keep their OPT record, are as small as asked for and whole over TCP",
        arguments: [0, 1, 256, 511, 512, 513, 700, 1231, 1232, 1233, 4096, 65535] as [UInt16], [UInt16(0), 0x8000])
    func truncated(size: UInt16, flags: UInt16) throws {
        let query = try RawQuery(
            name: "crowd.prod.svc.cluster.local", type: "A",
            edns: UnexpectedQuery.OPT(size: size, flags: flags, options: [(3, []), (100, [])]).wire)
        for overTCP in [false, true] {
            let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: overTCP)
            try client.send(query.bytes)
            let bytes = try client.receive()
            let reply = try WireWitness(bytes)
            let edns = try #require(reply.edns)
            #expect(edns.version == 0 && edns.isDNSSECOK == (flags != 0) && edns.options.map(\.code.rawValue) == [3])
            #expect(reply.rcodeName == "NOERROR")
            #expect(reply.flags.contains(.tc) == !overTCP)
            if overTCP {
                #expect(reply.answer.count == 120)
            } else {
                let most = min(max(512, Int(size)), 1232)
                #expect(bytes.count <= most)
                // As many records as there is room for: each takes 16 bytes.
                #expect(bytes.count > most - 16)
            }
        }
    }

    @Test("Without EDNS a reply over UDP has 512 bytes at most (RFC 1035 §4.2.1)")
    func plainTruncation() throws {
        let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: false)
        try client.send(RawQuery(name: "crowd.prod.svc.cluster.local", type: "A").bytes)
        let bytes = try client.receive()
        let reply = try WireWitness(bytes)
        #expect(bytes.count <= 512 && bytes.count > 496)
        #expect(reply.flags.contains(.tc) && reply.edns == nil)
    }
}

/// Options of one kind, several times, and what comes back: one at most.
struct RepeatedOption: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let options: [(UInt16, [UInt8])]
    let back: [UInt16]

    init(_ description: String, _ options: [(UInt16, [UInt8])], _ back: [UInt16]) {
        (testDescription, self.options, self.back) = (description, options, back)
    }

    static let all: [Self] = [
        Self("NSID", Array(repeating: (3, []), count: 100), [3]),
        Self("cookies", [(10, Array(1...8)), (10, Array(11...18))], [10]),
        Self("a cookie and a broken one", [(10, Array(1...8)), (10, [1])], [10]),
        Self("EXPIRE", [(9, []), (9, [])], [9]),
        Self("client subnets", [(8, [0, 1, 0, 0]), (8, [0, 1, 8, 0, 10])], []),
        Self("unknown ones", Array(repeating: (100, [1, 2]), count: 100), []),
        Self("padding and keepalive over UDP", [(11, []), (12, [0, 0]), (11, []), (12, [0])], []),
    ]
}

@Suite("EDNS options that come several times (RFC 6891 §6.1.2)")
struct RepeatedOptionTests {
    private static let question = MalformedQuery.question

    private func reply(to query: MalformedQuery, overTCP: Bool) throws -> [UInt8] {
        let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: overTCP)
        try client.send(query.bytes)
        return try client.receive()
    }

    @Test("The first one counts", arguments: RepeatedOption.all)
    func repeated(_ repeated: RepeatedOption) throws {
        let query = MalformedQuery(
            "", counts: [1, 0, 0, 1], Self.question + UnexpectedQuery.OPT(options: repeated.options).wire)
        let reply = try WireWitness(reply(to: query, overTCP: false))
        #expect(reply.rcodeName == "NOERROR")
        #expect(reply.answer.count == 1)
        #expect(reply.edns?.options.map(\.code.rawValue) == repeated.back)
        if repeated.back == [10] { #expect(reply.edns?.options.first?.bytes.starts(with: 1...8) == true) }
    }
}
