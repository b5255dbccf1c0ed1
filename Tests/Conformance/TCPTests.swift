import LDNS
import Testing

@Suite("Queries over TCP (RFC 7766)")
struct TCPTests {
    private func connect() throws -> EndpointClient {
        try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: true)
    }

    private func query(_ id: UInt16, _ name: String = "web.prod.svc.cluster.local") throws -> [UInt8] {
        try RawQuery(name: name, type: "A", id: id).bytes
    }

    @Test("Fifty questions in one write are each answered, in whatever order")
    func pipelining() throws {
        let client = try connect()
        let names = ["web", "nil", "crowd", "ext", "void"]
        let bytes = try (1...50).flatMap { id -> [UInt8] in
            let message = try query(UInt16(id), "\(names[id % 5]).prod.svc.cluster.local")
            return RawQuery.wire([UInt16(message.count)]) + message
        }
        try client.write(bytes)
        var seen: Set<UInt16> = []
        for _ in 1...50 {
            let reply = try WireWitness(client.receive())
            #expect(seen.insert(reply.id).inserted)
            #expect(reply.question == "\(names[Int(reply.id) % 5]).prod.svc.cluster.local. IN A")
            #expect(reply.rcodeName == ([1, 4].contains(reply.id % 5) ? "NXDOMAIN" : "NOERROR"))
        }
        #expect(seen == Set(1...50))
    }

    @Test("A query that comes byte by byte is answered")
    func trickle() throws {
        let client = try connect()
        let message = try query(7)
        for byte in RawQuery.wire([UInt16(message.count)]) + message { try client.write([byte]) }
        #expect(try WireWitness(client.receive()).id == 7)
    }

    @Test("After the client's end of sending everything asked is answered, then the connection ends")
    func halfClose() throws {
        let client = try connect()
        try client.send(query(1), query(2, "crowd.prod.svc.cluster.local"), query(3))
        client.finishSending()
        let ids = try (1...3).map { _ in try WireWitness(client.receive()).id }
        #expect(Set(ids) == [1, 2, 3])
        try client.awaitEnd(seconds: 5)
    }

    @Test("A client that leaves in the middle of a query costs nobody else anything")
    func abandoned() throws {
        for length in [1, 2, 20] {
            let client = try connect()
            try client.write(Array((RawQuery.wire([40]) + query(1)).prefix(length)))
            client.finishSending()
            try client.awaitEnd(seconds: 5)
        }
        let client = try connect()
        try client.send(query(2))
        #expect(try WireWitness(client.receive()).id == 2)
    }

    @Test("An idle connection is kept for as long as the keepalive option says, and then ended (RFC 7828)")
    func idle() throws {
        let client = try connect()
        let asked = try RawQuery(
            name: "web.prod.svc.cluster.local", type: "A", edns: RawQuery.opt(options: [0, 11, 0, 0]))
        try client.send(asked.bytes)
        let option = try #require(try WireWitness(client.receive()).edns?.options.first)
        try #require(option.bytes.count == 2)
        let promised = Double(Int(option.bytes[0]) << 8 | Int(option.bytes[1])) / 10
        let start = ContinuousClock.now
        try client.awaitEnd(seconds: promised + 20)
        // The server's clock starts a moment before ours.
        #expect((ContinuousClock.now - start) / .seconds(1) > promised - 0.5)
    }
}
