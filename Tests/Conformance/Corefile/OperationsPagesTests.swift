import Testing

@Suite("health, ready, prometheus")
struct OperationsPagesTests {
    static let corefile = """
        .:0 {
            bind 127.0.0.1
            health 127.0.0.1:0
            ready 127.0.0.1:0
            prometheus 127.0.0.1:0
            hosts {
                192.0.2.10 host.test
            }
            cache
        }
        """

    @Test("Pages say what CoreDNS's say, and others are not there")
    func pages() throws {
        let server = try CorefileServer(Self.corefile)
        defer { server.stop() }
        #expect(try server.get("health") == (200, "OK"))
        #expect(try server.get("ready") == (200, "OK"))
        let url = try server.page("health")
        #expect(try run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "\(url)/x"]).output == "404")
        #expect(try run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", url]).output == "405")
    }

    @Test("The process asks its own page of health, and counts how long that takes")
    func health() throws {
        let server = try CorefileServer(Self.corefile)
        defer { server.stop() }
        let end = ContinuousClock.now + .seconds(30)
        while try server.metric("coredns_health_request_duration_seconds_count") == 0, ContinuousClock.now < end {}
        #expect(try server.metric("coredns_health_request_duration_seconds_count") != 0)
        #expect(try server.metric("coredns_health_request_failures_total") == 0)
    }

    @Test("Queries, their replies, times and sizes are counted under CoreDNS's names")
    func queries() throws {
        let server = try CorefileServer(Self.corefile)
        defer { server.stop() }
        for _ in 0..<3 { #expect(try server.ask("host.test").answer.count == 1) }
        #expect(try server.ask("host.test", overTCP: true).answer.count == 1)
        #expect(try server.ask("none.test").rcode == "SERVFAIL")
        let port = server.port
        let labels = #"server="dns://127.0.0.1:\#(port)",zone=".",view="""#
        #expect(
            try server.metric(
                #"coredns_dns_requests_total{server="dns://127.0.0.1:\#(port)",zone=".",view="",proto="udp",family="1",type="A"}"#
            )
                == 4)
        #expect(
            try server.metric(
                #"coredns_dns_requests_total{server="dns://127.0.0.1:\#(port)",zone=".",view="",proto="tcp",family="1",type="A"}"#
            )
                == 1)
        #expect(
            try server.metric("coredns_dns_responses_total{\(labels),rcode=\"NOERROR\",plugin=\"hosts\"}") == 4)
        #expect(try server.metric("coredns_dns_request_duration_seconds_count{\(labels)}") == 5)
        #expect(try server.get("metrics").text.contains("# TYPE coredns_dns_request_duration_seconds histogram"))
        #expect(try server.metric("coredns_panics_total") == 0)
        #expect(try server.get("metrics").text.contains("coredns_build_info{"))
        #expect(
            try server.metric(
                #"coredns_plugin_enabled{server="dns://127.0.0.1:\#(port)",zone=".",view="",name="hosts"}"#) == 1)
    }
}
