import DNS
import Pipeline
import Testing

@testable import Nameserver

@Suite("What stages say, as a message")
struct ResponseWritingTests {
    private static func server(_ change: @escaping @Sendable (inout Response) -> Void) -> TestServer {
        let stage = StubStage { query, _ in
            var response = Response.address(1, for: query)
            change(&response)
            return response
        }
        return TestServer(
            table: .init(),
            routes: [ServerBlockRoute(zone: .root, label: "dns://:53", chain: Chain([stage]), takesChaos: true)])
    }

    @Test("RA and TC are set as the stages say, RD and CD copied")
    func flags() throws {
        let server = Self.server {
            $0.isAuthoritative = false
            $0.isRecursionAvailable = true
            $0.isTruncated = true
        }
        var query = TestQuery("a.test.")
        query.flags = 0x0110
        #expect(try server.ask(query).flags == 0x8390)
    }

    @Test(
        "RD is the query's, or what a stage says", arguments: [nil, true, false] as [Bool?], [0x0100, 0] as [UInt16])
    func recursionDesired(_ said: Bool?, _ flags: UInt16) throws {
        let server = Self.server { $0.isRecursionDesired = said }
        var query = TestQuery("a.test.")
        query.flags = flags
        #expect(try (server.ask(query).flags & 0x0100 != 0) == (said ?? (flags != 0)))
        query.edns = TestQuery.EDNS()
        #expect(try (server.ask(query).flags & 0x0100 != 0) == (said ?? (flags != 0)))
    }

    @Test("AD is for who asked with AD or DO only (RFC 6840 §5.8)")
    func authenticData() throws {
        let server = Self.server { $0.isAuthenticData = true }
        var query = TestQuery("a.test.")
        #expect(try server.ask(query).flags & 0x20 == 0)
        query.flags |= 0x20
        #expect(try server.ask(query).flags & 0x20 != 0)
        query.flags &= ~0x20
        query.edns = TestQuery.EDNS(flags: 0x8000)
        #expect(try server.ask(query).flags & 0x20 != 0)
        query.edns = TestQuery.EDNS()
        #expect(try server.ask(query).flags & 0x20 == 0)
    }

    @Test("Extended errors carry their text, cut between characters where it does not fit (RFC 8914)")
    func extendedErrors() throws {
        let short = Self.server { $0.extendedError = ExtendedError(.blocked, "no ☂") }
        #expect(
            try short.ask(TestQuery("a.test.", edns: TestQuery.EDNS())).opt?.options
                == [15: [0, 15] + Array("no ☂".utf8)])
        #expect(try short.ask(TestQuery("a.test.")).opt == nil)
        let long = Self.server {
            $0.extendedError = ExtendedError(.blocked, String(repeating: "☂", count: 1000))
            $0.answers = []
        }
        for payload in 512...516 as ClosedRange<UInt16> {
            let reply = try long.ask(TestQuery("a.test.", edns: TestQuery.EDNS(payload: payload)))
            #expect(reply.bytes.count <= Int(payload))
            let text = try #require(reply.opt?.options[15]?.dropFirst(2))
            #expect(String(validating: text, as: UTF8.self)?.allSatisfy { $0 == "☂" } == true)
            #expect(text.count > 400)
        }
    }

    @Test("A stage's option comes in place of the echo of the asker's own")
    func options() throws {
        let server = Self.server { $0.options = [EDNSOption(.nsid, [7, 7])] }
        let options: [(code: UInt16, data: [UInt8])] = [(3, []), (9, [1])]
        let reply = try server.ask(TestQuery("a.test.", edns: TestQuery.EDNS(options: options)))
        #expect(reply.opt?.options == [3: [7, 7], 9: [1]])
        #expect(try server.ask(TestQuery("a.test.")).opt == nil)
    }

    @Test("A code that needs EDNS is SERVFAIL to who does not speak it", arguments: [16, 17, 32, 4080] as [UInt16])
    func extendedCodes(_ code: UInt16) throws {
        let server = Self.server { $0.code = ResponseCode(rawValue: code) }
        #expect(try server.ask(TestQuery("a.test.")).flags & 15 == 2)
        let full = try server.ask(TestQuery("a.test.", edns: TestQuery.EDNS()))
        #expect(try #require(full.opt).extendedCode << 4 | Int(full.flags & 15) == Int(code))
    }

    @Test("Silence is no reply")
    func silence() throws {
        let server = Self.server { $0.isSilent = true }
        #expect(server.reply(to: TestQuery("a.test.").bytes) == [])
    }

    @Test("Answers of class CH are of class CH")
    func chaos() throws {
        let server = Self.server {
            $0.answers = [Record(owner: $0.answers[0].owner, ttl: 0, data: .init(type: .txt, bytes: [1, 65]))]
        }
        var query = TestQuery("version.bind.", .txt)
        query.recordClass = 3
        let message = server.reply(to: query.bytes)
        // Name by pointer, type, class.
        let start = 12 + 14 + 4
        #expect(Array(message[start..<(start + 6)]) == [0xc0, 12, 0, 16, 0, 3])
    }

    @Test("A stage may bound the size of UDP answers, down to 512 bytes", arguments: [0, 512, 700, 1232, 5000])
    func sizes(_ limit: Int) throws {
        let server = Self.server { response in
            response.udpLimit = limit
            let owner = response.answers[0].owner
            response.answers = (0..<100).map { Record(owner: owner, ttl: 1, data: .address([10, 0, 0, $0])) }
        }
        let reply = try server.ask(TestQuery("a.test.", edns: TestQuery.EDNS(payload: 4096)))
        let most = min(1232, max(512, limit))
        #expect(reply.isTruncated)
        #expect((most - 16...most).contains(reply.bytes.count))
        #expect(try server.ask(TestQuery("a.test.", edns: TestQuery.EDNS()), .tcp).answers.count == 100)
    }

    @Test("Owners that are the name asked for keep its spelling (0x20)")
    func spelling() throws {
        let server = Self.server { response in
            response.answers[0].owner = response.answers[0].owner.lowercased
        }
        #expect(try server.ask(TestQuery("MiXed.TeST.")).answers.first?.owner.description == "MiXed.TeST.")
    }

    @Test("A question of no zone is refused, and classes that no block takes")
    func refused() throws {
        let server = TestServer(
            table: .init(),
            routes: [
                ServerBlockRoute(
                    zone: try TestServer.name("example.org."), label: "dns://:53", chain: Chain([StubStage.address(1)]))
            ])
        #expect(try server.ask(TestQuery("example.com.")).flags == 0x8105)
        var query = TestQuery("www.example.org.", .txt)
        query.recordClass = 3
        #expect(try server.ask(query).flags == 0x8105)
        #expect(try server.ask(TestQuery("example.org.", .axfr), .tcp).flags == 0x8105)
    }
}
