import LDNS
import Testing

@Suite("EDNS versions, options and other classes (RFC 6891, RFC 7873, RFC 7828, RFC 7830)")
struct EDNSOptionTests {
    /// An option in wire form.
    private static func option(_ code: UInt16, _ data: [UInt8]) -> [UInt8] {
        RawQuery.wire([code, UInt16(data.count)]) + data
    }

    private func ask(
        _ options: [UInt8], version: UInt8 = 0, recordClass: UInt16 = 1, overTCP: Bool
    ) throws -> WireWitness {
        let query = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A", recordClass: recordClass,
            edns: RawQuery.opt(version: version, options: options))
        return try WireWitness(RawClient(port: SharedServer.server.get().port, overTCP: overTCP).exchange(query.bytes))
    }

    private func options(_ reply: WireWitness) -> [[UInt8]] {
        (reply.edns?.options ?? []).map { Self.option($0.code.rawValue, $0.bytes) }
    }

    @Test("Unknown options and the client's subnet are dropped; NSID and EXPIRE are echoed", arguments: [false, true])
    func echoed(overTCP: Bool) throws {
        let subnet = Self.option(8, [0, 1, 24, 0, 192, 0, 2])
        let echoed = [Self.option(3, []), Self.option(9, [])]
        let reply = try ask(subnet + echoed[0] + Self.option(65001, [1, 2]) + echoed[1], overTCP: overTCP)
        #expect(options(reply) == echoed)
        #expect(reply.answer.count == 1)
    }

    @Test("Padding and keepalive only over TCP")
    func overTCPOnly() throws {
        let asked = Self.option(11, []) + Self.option(12, [0, 0, 0])
        #expect(options(try ask(asked, overTCP: false)) == [])
        let found = try #require(try ask(asked, overTCP: true).edns).options
        #expect(Set(found.map(\.code.rawValue)) == [11, 12])
        #expect(found.first { $0.code.rawValue == 11 }?.bytes.count == 2)
    }

    @Test("A client's cookie comes back with a server's, which is taken again", arguments: [false, true])
    func cookie(overTCP: Bool) throws {
        let client = [UInt8](1...8)
        let first = try #require(try ask(Self.option(10, client), overTCP: overTCP).edns?.options.first)
        #expect(first.code.rawValue == 10)
        #expect(first.bytes.count == 24)
        #expect(first.bytes.starts(with: client))
        let forged = [8, 32].map { client + Array(repeating: 0xaa, count: $0) }
        for cookie in [first.bytes] + forged {
            let reply = try ask(Self.option(10, cookie), overTCP: overTCP)
            #expect(reply.rcodeName == "NOERROR")
            #expect(reply.edns?.options.first?.bytes.count == 24)
            #expect(reply.edns?.options.first?.bytes.starts(with: client) == true)
        }
        let others = try #require(try ask(Self.option(10, Array(repeating: 9, count: 8)), overTCP: overTCP).edns)
        #expect(others.options.first?.bytes.dropFirst(8) != first.bytes.dropFirst(8))
    }

    @Test("A later version is BADVERS, with version 0 and no answer", arguments: [UInt8(1), 255], [false, true])
    func version(_ version: UInt8, overTCP: Bool) throws {
        let reply = try ask([], version: version, overTCP: overTCP)
        #expect(reply.rcodeName == "BADVERS")
        #expect(reply.edns?.version == 0)
        #expect(reply.flags == .qr)
        #expect(reply.question == "web.prod.svc.cluster.local. IN A")
        #expect(reply.answer + reply.authority + reply.additional == [])
    }

    @Test("BADVERS carries no options")
    func versionOptions() throws {
        let found = options(try ask(Self.option(3, []), version: 1, overTCP: false))
        #expect(found == [])
    }

    @Test("Classes but IN are refused, the question is kept", arguments: [UInt16(0), 3, 4, 254, 255], [false, true])
    func classes(_ recordClass: UInt16, overTCP: Bool) throws {
        let query = try RawQuery(name: "web.prod.svc.cluster.local", type: "A", recordClass: recordClass)
        let bytes = try RawClient(port: SharedServer.server.get().port, overTCP: overTCP).exchange(query.bytes)
        #expect(bytes == Array(query.bytes[..<2]) + [0x80, 5] + Array(query.bytes[4...]))
    }

    @Test("version.bind of class CH is refused")
    func chaos() throws {
        let port = try SharedServer.server.get().port
        let question = ["-c", "CH", "-t", "TXT", "-q", "version.bind"]
        let found = try run("dig", ["@127.0.0.1", "-p", "\(port)", "+time=5", "+tries=1"] + question)
        #expect(found.output.contains("status: REFUSED"), "\(found.output)")
    }
}
