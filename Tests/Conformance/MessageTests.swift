import Foundation
import LDNS
import Testing

@Suite("Messages and transports, by raw packets")
struct MessageTests {
    private func witness(
        _ query: RawQuery, overTCP: Bool = false, port: UInt16? = nil
    ) throws -> (WireWitness, [UInt8]) {
        let server = try SharedServer.server.get()
        let bytes = try RawClient(port: port ?? server.port, overTCP: overTCP).exchange(query.bytes)
        return (try WireWitness(bytes), bytes)
    }

    @Test("The question comes back byte for byte, RD and CD are copied, RA is clear", arguments: [false, true])
    func question(overTCP: Bool) throws {
        let query = try RawQuery(name: "wEb.PrOd.sVc.CLUSTER.local", type: "A", flags: 0x0110)
        let (reply, bytes) = try witness(query, overTCP: overTCP)
        #expect(Array(bytes[12..<query.bytes.count]) == Array(query.bytes[12...]))
        #expect(reply.flags.contains([.qr, .aa, .rd, .cd]))
        #expect(reply.flags.isDisjoint(with: [.ra, .ad, .tc]))
        #expect(reply.edns == nil)
    }

    @Test("OPT only if asked with one: our size is 1232, DO is copied, other flags and ECS are not")
    func edns() throws {
        let ecs: [UInt8] = [0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2]
        let query = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A",
            edns: RawQuery.opt(size: 4096, flags: 0xffff, options: ecs + [0, 3, 0, 0]))
        let (reply, _) = try witness(query)
        let edns = try #require(reply.edns)
        #expect(edns.udpSize == 1232)
        #expect(edns.isDNSSECOK)
        #expect(edns.unassignedFlags == 0)
        #expect(edns.options.map(\.code.rawValue) == [3])
    }

    @Test("Version 1 is BADVERS with version 0")
    func version() throws {
        let query = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A", edns: RawQuery.opt(version: 1))
        let (reply, _) = try witness(query)
        #expect(reply.rcode.rawValue == 16)
        #expect(reply.edns?.version == 0)
        #expect(!reply.flags.contains(.aa))
    }

    @Test("A client cookie gets a server cookie of 16 bytes; one of 9 bytes is FORMERR (RFC 7873 §5.2.2)")
    func cookie() throws {
        let client: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let query = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A", edns: RawQuery.opt(options: [0, 10, 0, 8] + client))
        let option = try #require(try witness(query).0.edns?.options.first)
        #expect(option.code.rawValue == 10)
        #expect(option.bytes.count == 24)
        #expect(Array(option.bytes.prefix(8)) == client)
        let broken = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A", edns: RawQuery.opt(options: [0, 10, 0, 9] + client + [9]))
        #expect(try witness(broken).0.rcode.rawValue == 1)
    }

    @Test(
        "Bare headers for what cannot be read",
        arguments: [
            ("two questions", [UInt8(0), 0, 0, 2, 0, 0, 0, 0, 0, 0], UInt8(1)),
            ("no question", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1),
            ("counts without records", [0, 0, 0, 1, 0, 0, 0, 0, 0, 1], 1),
            ("NOTIFY", [0x20, 0, 0, 1, 0, 0, 0, 0, 0, 0], 4), ("UPDATE", [0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0], 4),
        ])
    func bareHeader(_ sample: (name: String, header: [UInt8], rcode: UInt8)) throws {
        let query = try RawQuery(name: "web.prod.svc.cluster.local", type: "A")
        let packet = Array(query.bytes.prefix(2)) + sample.header + query.bytes.dropFirst(12)
        let server = try SharedServer.server.get()
        let reply = try RawClient(port: server.port, overTCP: false).exchange(packet)
        #expect(reply.count == 12)
        #expect(reply[3] & 15 == sample.rcode)
    }

    @Test(
        "Bad names are FORMERR",
        arguments: [
            [UInt8(0xc0), 12, 0, 1, 0, 1], [64, 97, 0, 0, 1, 0, 1], [5, 97, 0], [],
        ])
    func badName(_ question: [UInt8]) throws {
        let server = try SharedServer.server.get()
        let packet: [UInt8] = [7, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question
        #expect(
            try RawClient(port: server.port, overTCP: false).exchange(packet) == [7, 7, 0x80, 1]
                + Array(repeating: 0, count: 8))
    }

    @Test("Responses and scraps are met with silence")
    func silence() throws {
        let server = try SharedServer.server.get()
        let client = try RawClient(port: server.port, overTCP: false)
        let query = try RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: 4711)
        var response = query.bytes
        response[2] |= 0x80
        try client.send(response)
        try client.send(Array(query.bytes.prefix(11)))
        try client.send(query.bytes)
        #expect(try WireWitness(client.receive()).id == 4711)
    }

    @Test("Other classes, transfers and bytes behind the question")
    func oddities() throws {
        #expect(
            try witness(RawQuery(name: "web.prod.svc.cluster.local", type: "A", recordClass: 3)).0.rcode.rawValue == 5)
        #expect(
            try witness(RawQuery(name: "web.prod.svc.cluster.local", type: "A", recordClass: 255)).0.rcode.rawValue == 5
        )
        #expect(try witness(RawQuery(name: "cluster.local", type: "AXFR"), overTCP: true).0.rcode.rawValue == 5)
        var trailing = try RawQuery(name: "web.prod.svc.cluster.local", type: "A")
        trailing.bytes += [1, 2, 3]
        #expect(try witness(trailing).0.rcode.rawValue == 0)
    }

    @Test("What does not fit is cut with TC over UDP and whole over TCP", arguments: [512, 1232, 4096])
    func truncation(size: Int) throws {
        let edns = size == 512 ? [] : RawQuery.opt(size: UInt16(size))
        let query = try RawQuery(name: "crowd.prod.svc.cluster.local", type: "A", edns: edns)
        let (cut, bytes) = try witness(query)
        #expect(cut.flags.contains(.tc))
        #expect(bytes.count <= min(size, 1232))
        #expect(Set(cut.answer).count == cut.answer.count)
        let (whole, _) = try witness(query, overTCP: true)
        #expect(!whole.flags.contains(.tc))
        #expect(Set(whole.answer).count == 120)
    }

    @Test("Addresses take turns at the front")
    func rotation() throws {
        let query = try RawQuery(name: "db.prod.svc.cluster.local", type: "A")
        let firsts = try Set((0..<64).compactMap { _ in try witness(query).0.answer.first })
        #expect(firsts.count == 2)
    }

    @Test("Fifty queries in one write are all answered over one connection")
    func pipelining() throws {
        let server = try SharedServer.server.get()
        let client = try RawClient(port: server.port, overTCP: true)
        let bytes = try (1...50).flatMap { id -> [UInt8] in
            let query = try RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: UInt16(id)).bytes
            return [UInt8(query.count >> 8), UInt8(query.count & 255)] + query
        }
        try client.sendRaw(bytes)
        let ids = try (1...50).map { _ in try WireWitness(client.receive()).id }
        #expect(Set(ids) == Set(1...50))
    }
}
