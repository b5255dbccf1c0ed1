import PodEnvironment
import Registry
import Testing

@Suite("resolv.conf of a pod (kubelet dns)")
struct ResolverConfigurationTests {
    static let node = NodeResolver(
        nameservers: ["192.0.2.53", "192.0.2.54"], searches: ["corp.example", "example"],
        options: ["timeout:2", "rotate"])
    static let cluster = ResolverConfiguration.Cluster(nameservers: [.v4(0x0a60_000a)], zone: "cluster.local")

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var policy: DNSPolicy = .clusterFirst
        var hostNetwork = false
        var cluster = ResolverConfigurationTests.cluster
        var node: NodeResolver? = ResolverConfigurationTests.node
        var nodeFamilies: [IPFamily] = [.ipv4]
        var dnsConfig = PodDNSConfig()
        let want: String
        var warnings: [ResolverConfiguration.Warning] = []
    }

    static let clusterText = """
        search prod.svc.cluster.local svc.cluster.local cluster.local corp.example example
        nameserver 10.96.0.10
        options ndots:5

        """
    static let nodeText = """
        search corp.example example
        nameserver 192.0.2.53
        nameserver 192.0.2.54
        options timeout:2 rotate

        """

    @Test(
        "Policies and what a Pod adds",
        arguments: [
            Row(testDescription: "ClusterFirst drops the node's nameservers and options", want: clusterText),
            Row(testDescription: "ClusterFirst on the host's network is Default", hostNetwork: true, want: nodeText),
            Row(
                testDescription: "ClusterFirstWithHostNet", policy: .clusterFirstWithHostNet, hostNetwork: true,
                want: clusterText),
            Row(testDescription: "Default", policy: .default, want: nodeText),
            Row(
                testDescription: "None", policy: .none,
                dnsConfig: PodDNSConfig(nameservers: ["1.1.1.1"]), want: "nameserver 1.1.1.1\n"),
            Row(
                testDescription: "ClusterFirst without a cluster DNS", cluster: .init(nameservers: [], zone: "x"),
                want: nodeText, warnings: [.clusterDNSMissing(.clusterFirst)]),
            Row(
                testDescription: "no zone: the node's searches only",
                cluster: .init(nameservers: cluster.nameservers, zone: ""),
                want: "search corp.example example\nnameserver 10.96.0.10\noptions ndots:5\n"),
            Row(
                testDescription: "two cluster addresses, canonical",
                cluster: .init(
                    nameservers: cluster.nameservers + [.v6(0xfd00 << 112 | 10)], zone: "k8s"),
                node: NodeResolver(),
                want: "search prod.svc.k8s svc.k8s k8s\nnameserver 10.96.0.10\nnameserver fd00::a\noptions ndots:5\n"),
            Row(
                testDescription: "a node's search that the cluster has already",
                node: NodeResolver(searches: ["svc.cluster.local", "x"]),
                want: "search prod.svc.cluster.local svc.cluster.local cluster.local x\n"
                    + "nameserver 10.96.0.10\noptions ndots:5\n"),
            Row(
                testDescription: "Default without a file", policy: .default, node: nil, nodeFamilies: [.ipv6, .ipv4],
                want: "search .\nnameserver ::1\nnameserver 127.0.0.1\n"),
            Row(
                testDescription: "Default without a file and without addresses", policy: .default, node: nil,
                nodeFamilies: [], want: "search .\nnameserver 127.0.0.1\n"),
            Row(
                testDescription: "ClusterFirst without a file", node: nil,
                want: "search prod.svc.cluster.local svc.cluster.local cluster.local\n"
                    + "nameserver 10.96.0.10\noptions ndots:5\n"),
            Row(
                testDescription: "dnsConfig is appended, exact duplicates dropped, options merged by name",
                dnsConfig: PodDNSConfig(
                    nameservers: ["10.96.0.10", "8.8.8.8"], searches: ["example", "example.", "my.dns"],
                    options: [.init(text: "ndots:2"), .init(text: "edns0"), .init(name: "x", value: "")]),
                want: "search prod.svc.cluster.local svc.cluster.local cluster.local corp.example example "
                    + "example. my.dns\nnameserver 10.96.0.10\nnameserver 8.8.8.8\noptions ndots:2 edns0 x\n"),
            Row(
                testDescription: "an option's value goes when dnsConfig names it bare", policy: .default,
                dnsConfig: PodDNSConfig(options: [.init(name: "timeout"), .init(text: "attempts:1")]),
                want: "search corp.example example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n"
                    + "options timeout rotate attempts:1\n"),
            Row(
                testDescription: "three nameservers at most", policy: .default,
                dnsConfig: PodDNSConfig(nameservers: ["1.1.1.1", "8.8.8.8"]),
                want: "search corp.example example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n"
                    + "nameserver 1.1.1.1\noptions timeout:2 rotate\n",
                warnings: [.nameserversOmitted(["8.8.8.8"])]),
        ])
    func policies(_ row: Row) throws {
        let configuration = try ResolverConfiguration(
            policy: row.policy, hostNetwork: row.hostNetwork, namespace: "prod", cluster: row.cluster, node: row.node,
            nodeFamilies: row.nodeFamilies, dnsConfig: row.dnsConfig)
        #expect(configuration.text == row.want)
        #expect(configuration.warnings == row.warnings)
    }

    private func searches(of node: [String]) throws -> (kept: [String], omitted: [String]) {
        let configuration = try ResolverConfiguration(
            policy: .default, namespace: "prod", cluster: Self.cluster, node: NodeResolver(searches: node))
        guard case .searchesOmitted(let omitted)? = configuration.warnings.first else {
            return (configuration.searches, [])
        }
        return (configuration.searches, omitted)
    }

    @Test("32 searches at most")
    func manySearches() throws {
        let domains = (1...33).map { "d\($0)" }
        #expect(try searches(of: Array(domains.prefix(32))).omitted.isEmpty)
        let result = try searches(of: domains)
        #expect(result.kept == Array(domains.prefix(32)))
        #expect(result.omitted == ["d33"])
    }

    @Test("A search of more than 253 bytes is dropped, after the first 32 were taken")
    func longSearch() throws {
        let long = String(repeating: "x", count: 254)
        #expect(try searches(of: [String(long.dropLast()), "a"]).omitted.isEmpty)
        #expect(try searches(of: ["a", long, "b"]).kept == ["a", "b"])
        let result = try searches(of: [long] + (1...32).map { "d\($0)" })
        #expect(result.kept == (1...31).map { "d\($0)" })
        #expect(result.omitted == ["d32", long])
    }

    @Test("The search line has 2048 bytes at most, spaces counted; domains go from its end")
    func longLine() throws {
        // Eight of 253 and one of 16, with eight spaces between them: 2048.
        let long = (1...8).map { "\($0)" + String(repeating: "x", count: 252) }
        let exact = long + [String(repeating: "y", count: 16)]
        #expect(exact.joined(separator: " ").utf8.count == 2048)
        #expect(try searches(of: exact).omitted.isEmpty)
        #expect(try searches(of: exact + ["z"]).kept == exact)
        #expect(try searches(of: long + [String(repeating: "y", count: 17)]).kept == long)
        #expect(try searches(of: long + [String(repeating: "y", count: 17), "z"]).kept == long)
    }

    @Test("Limits hold for the whole: the cluster's searches count, dnsConfig's go first")
    func limitsAfterMerging() throws {
        let configuration = try ResolverConfiguration(
            policy: .clusterFirst, namespace: "prod", cluster: Self.cluster,
            node: NodeResolver(searches: (1...28).map { "d\($0)" }),
            dnsConfig: PodDNSConfig(searches: ["in", "out"]))
        #expect(configuration.searches.count == 32)
        #expect(configuration.searches.last == "in")
        #expect(configuration.warnings == [.searchesOmitted(["out"])])
    }

    @Test("An empty configuration has no lines")
    func empty() throws {
        #expect(
            try ResolverConfiguration(
                policy: .default, namespace: "prod", cluster: Self.cluster, node: NodeResolver()
            ).text == "")
    }

    @Test("Kubernetes' documented example of dnsConfig")
    func documentedExample() throws {
        let configuration = try ResolverConfiguration(
            policy: .none, namespace: "default", cluster: Self.cluster, node: Self.node,
            dnsConfig: PodDNSConfig(
                nameservers: ["192.0.2.1"], searches: ["ns1.svc.cluster-domain.example", "my.dns.search.suffix"],
                options: [.init(name: "ndots", value: "2"), .init(name: "edns0")]))
        #expect(
            configuration.text == """
                search ns1.svc.cluster-domain.example my.dns.search.suffix
                nameserver 192.0.2.1
                options ndots:2 edns0

                """)
    }

    @Test(
        "What validation refuses",
        arguments: [
            (PodDNSConfig(), DNSPolicy.none, ["spec.dnsConfig.nameservers"]),
            (PodDNSConfig(nameservers: ["1.1.1.1", "1.1.1.2", "1.1.1.3"]), .default, []),
            (
                PodDNSConfig(nameservers: ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]), .default,
                ["spec.dnsConfig.nameservers"]
            ),
            (
                PodDNSConfig(nameservers: ["1.1.1", "01.1.1.1", "fd00::1"]), .default,
                ["spec.dnsConfig.nameservers[0]", "spec.dnsConfig.nameservers[1]"]
            ),
            (PodDNSConfig(searches: (1...33).map { "d\($0)" }), .default, ["spec.dnsConfig.searches"]),
            (
                PodDNSConfig(searches: (1...9).map { _ in String(repeating: "x", count: 250) }), .default,
                ["spec.dnsConfig.searches"]
            ),
            (
                PodDNSConfig(searches: [".", "a.", "a.b", "_tcp.a", "a_b", "__x.a"]), .default,
                ["spec.dnsConfig.searches[5]"]
            ),
            (
                PodDNSConfig(searches: ["A", "a..b", "", "..", "-a", "a-", "a b", "a_"]), .default,
                (0...7).map { "spec.dnsConfig.searches[\($0)]" }
            ),
            (PodDNSConfig(searches: [String(repeating: "x", count: 253) + "."]), .default, []),
            (PodDNSConfig(searches: [String(repeating: "x", count: 254)]), .default, ["spec.dnsConfig.searches[0]"]),
            (
                PodDNSConfig(options: [.init(text: ":2"), .init(text: "a:\nb"), .init(text: "ok:1")]), .default,
                ["spec.dnsConfig.options[0].name", "spec.dnsConfig.options[1]"]
            ),
        ] as [(PodDNSConfig, DNSPolicy, [String])])
    func validation(_ config: PodDNSConfig, _ policy: DNSPolicy, _ paths: [String]) {
        #expect(config.validate(policy: policy).map(\.path.description) == paths)
    }
}

@Suite("The node's resolv.conf (kubelet parseResolvConf)")
struct NodeResolverTests {
    @Test(
        "What the lines come to",
        arguments: [
            ("", NodeResolver()), (" ", NodeResolver()), ("\n", NodeResolver()),
            ("#nameserver 1.1.1.1", NodeResolver()),
            ("  # x\n", NodeResolver()), ("nameserver 1.2.3.4", NodeResolver(nameservers: ["1.2.3.4"])),
            (
                " nameserver\t1.2.3.4  5.6.7.8\r\nnameserver fe80::1%eth0",
                NodeResolver(nameservers: ["1.2.3.4", "fe80::1%eth0"])
            ),
            ("search foo", NodeResolver(searches: ["foo"])),
            ("search foo bar.\nsearch baz. . .", NodeResolver(searches: ["baz"])), ("search .", NodeResolver()),
            ("search a\nsearch", NodeResolver()), ("domain x.example\nsortlist 1.2.3.0\n;comment", NodeResolver()),
            (
                "options ndots:5 attempts:2\noptions ndots:1 rotate",
                NodeResolver(options: ["ndots:1", "attempts:2", "rotate"])
            ),
            ("NAMESERVER 1.1.1.1\nnameservers 1.1.1.1", NodeResolver()),
        ])
    func lines(_ text: String, _ want: NodeResolver) throws {
        #expect(try NodeResolver(parsing: text) == want)
    }

    @Test("A nameserver line without an address is an error that names the line")
    func emptyNameserver() {
        #expect(throws: PodEnvironmentError.invalidNodeFile(line: 3, reason: "'nameserver' without an address")) {
            try NodeResolver(parsing: "search x\n\nnameserver  \n")
        }
    }

    @Test("Of options of one name the last counts, at the place of the first", .timeLimit(.minutes(1)))
    func manyOptions() throws {
        let names = (0..<100_000).map { "o\($0)" }
        let text = "options \(names.joined(separator: " "))\noptions o1:7 last"
        #expect(try NodeResolver(parsing: text).options == ["o0", "o1:7"] + names[2...] + ["last"])
    }
}
