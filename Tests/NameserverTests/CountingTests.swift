import DNS
import Pipeline
import Telemetry
import Testing

@testable import Nameserver

@Suite("What is counted")
struct CountingTests {
    private static func lines(_ server: TestServer) -> Set<String> {
        let metrics = Metrics()
        server.state.counters.expose(in: metrics)
        return Set(metrics.text().split(separator: "\n").map(String.init))
    }

    @Test("Ready-made answers and those of stages count alike, by CoreDNS's names and labels")
    func names() throws {
        let server = try TestServer(isCounted: true)
        let name = "web.prod.svc.cluster.local."
        for _ in 0..<3 { _ = try server.ask(TestQuery(name)) }
        _ = try server.ask(TestQuery(name, .aaaa, edns: TestQuery.EDNS(flags: 0x8000)))
        _ = try server.ask(TestQuery("no.cluster.local."), .tcp)
        _ = try server.ask(TestQuery("www.example.org.", RecordType(rawValue: 99)))
        _ = try server.ask(TestQuery("www.example.org."))
        _ = try server.ask(TestQuery("elsewhere.test."))
        _ = server.reply(to: [1, 2, 3])
        _ = server.reply(to: [1, 2, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        let lines = Self.lines(server)
        let cluster = #"server="dns://:53",zone="cluster.local.",view="""#
        let other = #"server="dns://:53",zone="example.org.",view="""#
        for line in [
            #"coredns_dns_requests_total{\#(cluster),proto="udp",family="1",type="A"} 3"#,
            #"coredns_dns_requests_total{\#(cluster),proto="udp",family="1",type="AAAA"} 1"#,
            #"coredns_dns_requests_total{\#(cluster),proto="tcp",family="1",type="A"} 1"#,
            #"coredns_dns_requests_total{\#(other),proto="udp",family="1",type="other"} 1"#,
            #"coredns_dns_requests_total{server="dns://:53",zone="dropped",view="",proto="udp",family="1",type="A"} 1"#,
            #"coredns_dns_do_requests_total{\#(cluster)} 1"#,
            #"coredns_dns_responses_total{\#(cluster),rcode="NOERROR",plugin="kubernetes"} 4"#,
            #"coredns_dns_responses_total{\#(cluster),rcode="NXDOMAIN",plugin="kubernetes"} 1"#,
            #"coredns_dns_responses_total{\#(other),rcode="NOERROR",plugin="stub"} 2"#,
            #"coredns_dns_responses_total{server="dns://:53",zone="dropped",view="",rcode="REFUSED",plugin=""} 1"#,
            #"coredns_dns_request_size_bytes_bucket{\#(cluster),proto="udp",le="100"} 4"#,
            #"coredns_dns_request_size_bytes_sum{\#(cluster),proto="udp"} \#(3 * 44 + 55)"#,
            #"coredns_dns_response_size_bytes_count{\#(cluster),proto="udp"} 4"#,
            #"coredns_dns_request_duration_seconds_count{\#(cluster)} 5"#,
            #"coredns_dns_request_duration_seconds_count{\#(other)} 2"#,
            #"swiftlet_dns_answers_total{from="table"} 4"#, #"swiftlet_dns_answers_total{from="stages"} 4"#,
            #"swiftlet_dns_drops_total{cause="silence"} 1"#, #"swiftlet_dns_drops_total{cause="malformed"} 1"#,
            "swiftlet_dns_queries_under_way 0",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("Replies that take time count once, for the protocol they came by", arguments: [Transport.udp, .tcp])
    func late(_ transport: Transport) async throws {
        let stage = StubStage { query, _ in
            await Task.yield()
            return .address(1, for: query)
        }
        let server = TestServer(
            table: .init(),
            routes: [ServerBlockRoute(zone: .root, label: "tls://:853", chain: Chain([stage]), isCounted: true)])
        for _ in 0..<10 { _ = await server.replyLater(to: TestQuery("a.test.").bytes, transport) }
        await server.state.outstanding.waitUntilNone(.seconds(10))
        let block = #"server="tls://:853",zone=".",view="""#
        let lines = Self.lines(server)
        #expect(
            lines.contains(
                #"coredns_dns_requests_total{\#(block),proto="\#(transport)",family="1",type="A"} 10"#))
        #expect(lines.contains(#"coredns_dns_responses_total{\#(block),rcode="NOERROR",plugin="stub"} 10"#))
    }

    @Test("Blocks without prometheus are not counted")
    func uncounted() throws {
        let server = try TestServer()
        _ = try server.ask(TestQuery("web.prod.svc.cluster.local."))
        _ = try server.ask(TestQuery("www.example.org."))
        #expect(!Self.lines(server).contains { $0.hasPrefix("coredns_") })
    }

    @Test("Counts stay when the content is exchanged, and when their thread ends")
    func retiring() throws {
        var server: TestServer? = try TestServer(isCounted: true)
        let state = try #require(server).state
        _ = try server?.ask(TestQuery("web.prod.svc.cluster.local."))
        state.exchange(state.content.current)
        _ = try server?.ask(TestQuery("web.prod.svc.cluster.local."))
        let before = state.counters.totals()
        server = nil
        #expect(state.counters.totals().readyAnswers == 2)
        #expect(before.readyAnswers == 2)
    }

    @Test(
        "Sizes and times fall into the bucket whose bound they do not exceed",
        arguments: [0, 1, 99, 100, 101, 200, 201, 400, 401, 511, 512, 1023, 1024, 8291, 8292, 16000, 64000, 65535])
    func buckets(_ size: Int) {
        let index = SizeBucket.index(of: size)
        let expected = SizeBucket.bounds.firstIndex { Double(size) <= $0 } ?? SizeBucket.bounds.count
        #expect(index == expected)
        let time = TimeBucket.index(of: UInt64(size) * 100_000)
        #expect(time == Metrics.timeBuckets.firstIndex { Double(size) / 1e4 <= $0 } ?? Metrics.timeBuckets.count)
    }

    @Test("Each type that CoreDNS counts by name has a number of its own")
    func types() {
        let codes: [UInt16] = [0, 1, 28, 5, 48, 43, 65, 15, 2, 47, 50, 12, 46, 6, 33, 16, 255, 252, 251]
        #expect(codes.map { CountedType.index(of: RecordType(rawValue: $0)) } == Array(0..<CountedType.count))
        #expect(CountedType.names.count == CountedType.count)
        #expect(CountedType.index(of: RecordType(rawValue: 99)) == 0)
    }
}
