import LDNS
import Testing

@Suite("Replies that do not fit (RFC 2181 §9, RFC 6891 §6.2)")
struct ReplySizeTests {
    /// Seven endpoints with a port: the SRV records fit 512 bytes, their addresses do not.
    private static let wide = """
        apiVersion: v1
        kind: Service
        metadata: {name: wide, namespace: prod}
        spec: {clusterIP: None}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: wide, namespace: prod, labels: {kubernetes.io/service-name: wide}}
        addressType: IPv4
        ports: [{name: x, port: 1}]
        endpoints:
        \((1...7).map { "- {addresses: [10.245.1.\($0)]}" }.joined(separator: "\n"))

        """

    private func ask(_ query: RawQuery, port: UInt16, overTCP: Bool = false) throws -> (WireWitness, size: Int) {
        let bytes = try RawClient(port: port, overTCP: overTCP).exchange(query.bytes)
        return (try WireWitness(bytes), bytes.count)
    }

    @Test("An offer below 512 counts as 512, and above 1232 as 1232", arguments: [0, 100, 511, 512, 1232, 4096, 65535])
    func offers(size: Int) throws {
        let port = try SharedServer.server.get().port
        let query = try RawQuery(
            name: "crowd.prod.svc.cluster.local", type: "A", edns: RawQuery.opt(size: UInt16(size)))
        let (cut, length) = try ask(query, port: port)
        let limit = min(max(size, 512), 1232)
        #expect(cut.flags == [.qr, .aa, .tc])
        #expect(length <= limit)
        // What is left out would not have fitted: a record takes 16 bytes at least.
        #expect(length > limit - 64)
        #expect(cut.edns?.udpSize == 1232)
        let (whole, _) = try ask(query, port: port, overTCP: true)
        #expect(whole.flags == [.qr, .aa])
        #expect(Set(whole.answer).count == 120)
        #expect(whole.answer.count == 120)
    }

    @Test("Additional records that do not fit go silently")
    func additional() throws {
        let server = try ServerUnderTest(manifests: ["wide.yaml": Self.wide])
        defer { #expect(server.stop() == 0) }
        let query = try RawQuery(name: "wide.prod.svc.cluster.local", type: "SRV")
        let (reply, length) = try ask(query, port: server.port)
        #expect(reply.flags == [.qr, .aa])
        #expect(length <= 512)
        #expect(reply.answer.count == 7)
        #expect(reply.additional.count < 7)
        let (whole, _) = try ask(query, port: server.port, overTCP: true)
        #expect(whole.answer.count == 7)
        #expect(whole.additional.count == 7)
    }
}
