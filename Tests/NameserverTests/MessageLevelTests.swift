import DNS
import Pipeline
import Testing

@testable import Nameserver

/// A header and what follows, and the header that comes back.
struct Bare: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let flags: UInt16
    let counts: [UInt16]
    let body: [UInt8]
    let reply: UInt16

    init(_ text: String, flags: UInt16 = 0x0100, _ counts: [UInt16], _ body: [UInt8], reply: UInt16) {
        (testDescription, self.flags, self.counts, self.body, self.reply) = (text, flags, counts, body, reply)
    }
}

/// The bytes that queries of these tests are made of.
private enum Part {
    static let question: [UInt8] = Array(TestQuery("web.prod.svc.cluster.local.").bytes.dropFirst(12))
    static let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
    static let longLabel: [UInt8] = [62] + [UInt8](repeating: 97, count: 62)
}

@Suite("What comes before names")
struct MessageLevelTests {
    @Test("Responses and fragments of headers are met with silence")
    func silence() throws {
        let server = try TestServer()
        let query = TestQuery("web.prod.svc.cluster.local.").bytes
        for length in 0..<12 { #expect(server.reply(to: Array(query.prefix(length))) == []) }
        var response = TestQuery("web.prod.svc.cluster.local.")
        response.flags = 0x8100
        #expect(server.reply(to: response.bytes) == [])
    }

    @Test(
        "What cannot be read is told by a bare header",
        arguments: [
            Bare("IQUERY", flags: 0x0900, [1, 0, 0, 0], Part.question, reply: 0x8904),
            Bare("STATUS without RD", flags: 0x1000, [1, 0, 0, 0], Part.question, reply: 0x9004),
            Bare("NOTIFY", flags: 0x2400, [1, 0, 0, 0], Part.question, reply: 0xa004),
            Bare("UPDATE", flags: 0x2900, [0, 0, 0, 0], [], reply: 0xa904),
            Bare("no question", [0, 0, 0, 0], [], reply: 0x8101),
            Bare("no question, no RD, AD CD", flags: 0x0030, [0, 0, 0, 0], [], reply: 0x8001),
            Bare("two questions", [2, 0, 0, 0], Part.question + Part.question, reply: 0x8101),
            Bare("two answers", [1, 2, 0, 0], Part.question, reply: 0x8101),
            Bare("two authorities", [1, 0, 2, 0], Part.question, reply: 0x8101),
            Bare("three additionals", [1, 0, 0, 3], Part.question + Part.opt + Part.opt + Part.opt, reply: 0x8101),
            Bare("a question that ends early", [1, 0, 0, 0], Part.question.dropLast(), reply: 0x8101),
            Bare("a label that ends early", [1, 0, 0, 0], [5, 97], reply: 0x8101),
            Bare("a compressed question", [1, 0, 0, 0], [0xc0, 12, 0, 1, 0, 1], reply: 0x8101),
            Bare("a reserved label type", [1, 0, 0, 0], [0x41] + Part.question, reply: 0x8101),
            Bare(
                "a name of 256 bytes", [1, 0, 0, 0],
                Part.longLabel + Part.longLabel + Part.longLabel + Part.longLabel + [2, 97, 97, 0, 0, 1, 0, 1],
                reply: 0x8101),
            Bare("an OPT record that ends early", [1, 0, 0, 1], Part.question + Part.opt.dropLast(), reply: 0x8101),
            Bare("an OPT record that is not there", [1, 0, 0, 1], Part.question, reply: 0x8101),
            Bare(
                "an OPT record with an owner", [1, 0, 0, 1], Part.question + [1, 97] + Part.opt, reply: 0x8101),
        ])
    func bareHeader(_ expected: Bare) throws {
        let server = try TestServer()
        let query = TestQuery.bytes([0xabcd, expected.flags] + expected.counts) + expected.body
        let reply = TestQuery.bytes([0xabcd, expected.reply, 0, 0, 0, 0])
        #expect(server.reply(to: query) == reply)
        #expect(server.reply(to: query, .tcp) == reply)
    }

    @Test(
        "An OPT record that cannot be used is FORMERR with one of ours (RFC 6891 §7)",
        arguments: [
            Bare("an option that ends early", [1, 0, 0, 1], Part.opt.dropLast() + [5, 0, 3, 0, 2, 0], reply: 0x8101),
            Bare("half a cookie", [1, 0, 0, 1], Part.opt.dropLast() + [8, 0, 10, 0, 4, 1, 2, 3, 4], reply: 0x8101),
            Bare("a second one", [1, 0, 0, 2], Part.opt + Part.opt, reply: 0x8101),
        ])
    func badOPT(_ expected: Bare) throws {
        let server = try TestServer()
        for transport in [Transport.udp, .tcp] {
            let query = TestQuery.bytes([0xabcd, expected.flags] + expected.counts) + Part.question + expected.body
            let reply = try TestReply(server.reply(to: query, transport))
            #expect(reply.id == 0xabcd && reply.flags == Int(expected.reply))
            #expect(reply.question == Part.question && reply.answers.isEmpty && reply.authorities.isEmpty)
            #expect(reply.opt?.extendedCode == 0 && reply.opt?.version == 0 && reply.opt?.options == [:])
        }
    }

    @Test("A name of 255 bytes is a name")
    func longestName() throws {
        let server = try TestServer()
        let label: [UInt8] = [61] + [UInt8](repeating: 97, count: 61)
        let name = label + label + label + label + [5, 97, 97, 97, 97, 97, 0]
        let reply = try TestReply(server.reply(to: TestQuery.bytes([1, 0, 1, 0, 0, 0]) + name + [0, 1, 0, 1]))
        #expect(reply.code == 5)
    }

    @Test("Trailing bytes and other records are tolerated, a second OPT is not (RFC 6891 §6.1.1)")
    func tolerance() throws {
        let server = try TestServer()
        let head = TestQuery.bytes([1, 0x0100, 1, 0, 0, 0])
        let trailing = try TestReply(server.reply(to: head + Part.question + [1, 2, 3]))
        #expect(trailing.answers.count == 1)
        let twice = TestQuery.bytes([1, 0x0100, 1, 0, 0, 2]) + Part.question + Part.opt + Part.opt
        #expect(try TestReply(server.reply(to: twice)).code == 1)
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
        let full = TestQuery.bytes([1, 0x0100, 1, 1, 1, 2]) + Part.question + record + record + record + Part.opt
        #expect(try TestReply(server.reply(to: full)).opt != nil)
    }

    @Test("AA is set, RD and CD are copied, RA, AD and Z are not")
    func flags() throws {
        let server = try TestServer()
        var query = TestQuery("web.prod.svc.cluster.local.")
        query.flags = 0x03f0
        #expect(try server.ask(query).flags == 0x8510)
        query.flags = 0
        #expect(try server.ask(query).flags == 0x8400)
    }

    @Test("Other classes and names of no zone are refused", arguments: [2, 3, 4, 254, 255, 0] as [UInt16])
    func refused(_ recordClass: UInt16) throws {
        let server = try TestServer()
        var query = TestQuery("web.prod.svc.cluster.local.")
        query.recordClass = recordClass
        let reply = try server.ask(query)
        #expect(reply.flags == 0x8105)
        #expect(reply.question == Array(query.bytes[12...]))
        #expect(reply.answers + reply.authorities + reply.additionals == [])
        for name in [".", "local.", "xcluster.local.", "www.example.com."] {
            #expect(try server.ask(TestQuery(name)).flags == 0x8105, "\(name)")
        }
    }

    @Test("Other versions of EDNS are BADVERS (RFC 6891 §6.1.3), but other classes come first")
    func badVersion() throws {
        let server = try TestServer()
        var query = TestQuery("web.prod.svc.cluster.local.", edns: TestQuery.EDNS(version: 1, flags: 0x8000))
        let reply = try server.ask(query)
        #expect(reply.flags == 0x8100)
        #expect(reply.answers == [])
        let opt = try #require(reply.opt)
        #expect(opt.extendedCode == 1)
        #expect(opt.version == 0)
        query.recordClass = 3
        #expect(try server.ask(query).flags == 0x8105)
    }

    @Test("OPT comes only if asked with one, with the DO bit copied and other flags cleared")
    func opt() throws {
        let server = try TestServer()
        let name = "web.prod.svc.cluster.local."
        #expect(try server.ask(TestQuery(name)).opt == nil)
        for (asked, copied) in [(0xffff, 0x8000), (0x7fff, 0), (0x8000, 0x8000)] as [(UInt16, Int)] {
            let opt = try #require(server.ask(TestQuery(name, edns: TestQuery.EDNS(flags: asked))).opt)
            #expect(opt == .init(payload: 1232, extendedCode: 0, version: 0, flags: copied, options: [:]))
        }
    }

    @Test("NSID and EXPIRE are echoed, unknown options and client subnets are not")
    func echoedOptions() throws {
        let server = try TestServer()
        let options: [(code: UInt16, data: [UInt8])] = [
            (3, [1, 2]), (9, []), (8, [0, 1, 24, 0, 192, 0, 2]), (65001, [1]), (12, [0, 0]), (11, []), (3, [9]),
        ]
        let query = TestQuery("web.prod.svc.cluster.local.", edns: TestQuery.EDNS(options: options))
        #expect(try server.ask(query).opt?.options == [3: [1, 2], 9: []])
        let overTCP = try server.ask(query, .tcp).opt?.options
        #expect(overTCP == [3: [1, 2], 9: [], 12: [0, 0], 11: [0, 100]])
    }

    @Test("Options that leave no room are left out, not the answer")
    func hugeOptions() throws {
        let server = try TestServer()
        let query = TestQuery(
            "web.prod.svc.cluster.local.",
            edns: TestQuery.EDNS(payload: 512, options: [(3, [UInt8](repeating: 1, count: 600))]))
        let reply = try server.ask(query)
        #expect(reply.bytes.count <= 512)
        #expect(reply.answers.count == 1)
        #expect(reply.opt?.options == [:])
    }

    @Test("Transfers are refused", arguments: [RecordType.axfr, .ixfr])
    func transfers(_ type: RecordType) throws {
        let server = try TestServer()
        for name in [
            "cluster.local.", "no.cluster.local.", "example.org.", "x.late.test.", "ext.prod.svc.cluster.local.",
        ] {
            #expect(try server.ask(TestQuery(name, type), .tcp).flags == 0x8105, "\(name)")
            #expect(try server.ask(TestQuery(name, type)).flags == 0x8105, "\(name)")
        }
    }

    @Test("Every byte string of a query's making is answered by a whole message or by silence")
    func mutations() throws {
        let server = try TestServer()
        var generator = SystemRandomNumberGenerator()
        let seeds = [
            TestQuery(
                "many.prod.svc.cluster.local.", .srv, edns: TestQuery.EDNS(options: [(10, [1, 2, 3, 4, 5, 6, 7, 8])])
            ).bytes,
            TestQuery("ext.prod.svc.cluster.local.", edns: TestQuery.EDNS()).bytes, TestQuery("x.late.test.").bytes,
        ]
        for seed in seeds {
            for length in 0...seed.count { try check(server, Array(seed.prefix(length))) }
            for _ in 0..<1000 {
                var query = seed
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    query[Int.random(in: 2..<query.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                try check(server, query)
            }
        }
    }

    private func check(_ server: TestServer, _ query: [UInt8]) throws {
        for transport in [Transport.udp, .tcp] {
            let reply = server.reply(to: query, transport)
            guard !reply.isEmpty else { continue }
            do {
                #expect(try TestReply(reply).id == Int(query[0]) << 8 | Int(query[1]))
            } catch {
                Issue.record("\(query): \(error)")
            }
        }
    }
}
