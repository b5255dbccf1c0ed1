import LDNS
import Testing

/// Bytes of other protocols in front of a query, or in its place.
struct ForeignPreamble: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    /// The signature of the PROXY protocol's second version.
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    /// Two addresses of IPv4 and two ports.
    private static let addresses: [UInt8] = [10, 0, 0, 1, 10, 0, 0, 2, 0x10, 0x92, 0, 53]

    static let all: [Self] = [
        Self("PROXY v1", Array("PROXY TCP4 10.0.0.1 10.0.0.2 4242 53\r\n".utf8)),
        Self("PROXY v1 without an end", Array("PROXY UNKNOWN".utf8)),
        Self("PROXY v2 of UDP, 28 bytes", signature + [0x21, 0x12, 0, 12] + addresses),
        Self("PROXY v2 of TCP, 28 bytes", signature + [0x21, 0x11, 0, 12] + addresses),
        Self("PROXY v2 of the proxy itself", signature + [0x20, 0, 0, 0]),
        Self("PROXY v2 with a length beyond it", signature + [0x21, 0x12, 0xff, 0xff] + addresses),
        Self("PROXY v2 cut off", signature + [0x21]),
        Self("HTTP", Array("GET /dns-query HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
        Self("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)),
        Self("TLS", [0x16, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3] + [UInt8](repeating: 7, count: 54)),
        Self("SSH", Array("SSH-2.0-x\r\n".utf8)),
    ]

    init(_ description: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (description, bytes) }
}

@Suite("Bytes of other protocols, such as a PROXY header")
struct ForeignPreambleTests {
    private static let query = MalformedQuery("", MalformedQuery.question).bytes

    @Test(
        "Over UDP they are answered by a header alone, if at all, and never taken for another client's address",
        arguments: ForeignPreamble.all)
    func datagrams(_ preamble: ForeignPreamble) throws {
        let client = try EndpointClient("127.0.0.1", port: SharedServer.server.get().port, overTCP: false)
        for bytes in [preamble.bytes, preamble.bytes + Self.query] {
            try client.send(bytes)
            try client.send(RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: 0xbeef).bytes)
            var reply = try client.receive()
            if !reply.starts(with: [0xbe, 0xef]) {
                #expect(reply.count == 12)
                #expect([1, 4].contains(reply[3] & 15))
                reply = try client.receive()
            }
            #expect(try WireWitness(reply).answer.count == 1)
        }
    }

    @Test(
        "Over TCP they end their connection in the time a query has, unanswered, and others are served",
        arguments: ForeignPreamble.all)
    func streams(_ preamble: ForeignPreamble) throws {
        let port = try SharedServer.server.get().port
        let client = try EndpointClient("127.0.0.1", port: port, overTCP: true)
        try client.write(preamble.bytes)
        let other = try EndpointClient("127.0.0.1", port: port, overTCP: true)
        try other.send(RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: 7).bytes)
        #expect(try WireWitness(other.receive()).answer.count == 1)
        try client.awaitEnd(seconds: 20)
    }
}
