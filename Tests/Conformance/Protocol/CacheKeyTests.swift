import LDNS
import Testing

@Suite("What is in the cache answers its own question only")
struct CacheKeyTests {
    private static let upstream = """
        .:0 {
            bind 127.0.0.1
            prometheus 127.0.0.1:0
            hosts {
                192.0.2.10 host.test
            }
        }
        """

    /// Questions that differ: CD, DO, and both.
    private static let questions: [(flags: UInt16, edns: UInt16?)] = [
        (0x0100, nil), (0x0110, nil), (0x0100, 0), (0x0110, 0), (0x0100, 0x8000), (0x0110, 0x8000),
    ]

    @Test("Questions with and without CD and DO share no answer, however often they come", arguments: [false, true])
    func checkingDisabled(overTCP: Bool) throws {
        let upstream = try CorefileServer(Self.upstream)
        defer { upstream.stop() }
        let server = try CorefileServer(
            """
            .:0 {
                bind 127.0.0.1
                cache
                forward . 127.0.0.1:\(upstream.port) {
                    prefer_udp
                }
            }
            """)
        defer { server.stop() }
        let client = try RawClient(port: server.port, overTCP: overTCP)
        for _ in 0..<3 {
            for (flags, edns) in Self.questions {
                let query = try RawQuery(
                    name: "host.test", type: "A", flags: flags, edns: edns.map { RawQuery.opt(flags: $0) } ?? [])
                let reply = try WireWitness(try client.exchange(query.bytes))
                #expect(reply.answer.count == 1)
                #expect(reply.flags.contains(.cd) == (flags & 0x10 != 0))
            }
        }
        let asked = try upstream.metric(
            #"coredns_dns_requests_total{server="dns://127.0.0.1:\#(upstream.port)",zone=".",view="","#
                + #"proto="udp",family="1",type="A"}"#)
        // With EDNS or without makes no other answer.
        #expect(asked == 4)
    }
}
