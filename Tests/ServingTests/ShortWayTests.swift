import ClusterServing
import Corefile
import DNS
import KeptState
import Logging
import Pipeline
import Registry
import Stages
import Synchronization
import Telemetry
import Testing

@testable import Nameserver
@testable import Serving

/// Answers that go past the stages are those of the stages, and are counted and logged alike.
@Suite("The short way to an answer")
struct ShortWayTests {
    enum Cases {
        static let kubernetes = """
            errors
            kubernetes cluster.local in-addr.arpa {
                pods insecure
                fallthrough in-addr.arpa
                ttl 30
            }
            prometheus 127.0.0.1:0
            """
        static let template = """
            template IN A example.org {
                match ^nx
                fallthrough
                rcode NXDOMAIN
                authority "example.org. 60 IN SOA ns.example.org. root.example.org. 1 2 3 4 60"
            }
            template IN A example.org {
                match ^www
                fallthrough
                answer "{{ .Name }} 60 IN CNAME host.example.org."
                answer "host.example.org. 60 IN A 192.0.2.1"
                authority "example.org. 60 IN NS ns.example.org."
                additional "ns.example.org. 60 IN A 192.0.2.53"
            }
            template IN A example.org {
                match ^fail
                fallthrough
                rcode SERVFAIL
            }
            template IN ANY example.org {
                answer "{{ .Name }} 60 IN A 192.0.2.7"
            }
            cache 3600 {
                keepttl
            }
            """
        /// What stands in front, in the order of the Corefile's own choosing.
        static let directives: [String] = [
            "", "log", "log . {\n class denial\n}", "log . {\n class error\n}", "log . {\n class success\n}",
            "log . {type}", "log . {type} {\n class denial\n}", "bufsize 900\nlog", "log prod.svc.cluster.local",
            "log example.org {\n class denial\n}", "loadbalance", "loadbalance\nany",
            "bufsize 512", "bufsize 1232", "nsid here", "local", "local\nlog . {\n class denial error\n}",
            "acl {\n allow net 192.0.2.0/24\n block\n}", "acl {\n block net 192.0.2.0/24\n}",
            "acl {\n block type AAAA net 192.0.0.0/8\n}",
            "acl prod.svc.cluster.local {\n filter type SRV\n drop type TXT\n}",
            "acl svc.cluster.local example.org {\n allow type A net 192.0.2.0/24\n block net 192.0.2.64/26\n}",
            "rewrite name web.test web.prod.svc.cluster.local",
            "rewrite name exact www.example.org web.prod.svc.cluster.local",
            "rewrite stop {\n name suffix .my.test .svc.cluster.local\n answer auto\n}",
            "rewrite name prefix w x", "rewrite name substring .prod.svc. .prod.pod.",
            "rewrite name regex ^(.*)\\.other\\.test\\.$ {1}.svc.cluster.local",
            "rewrite name regex ^web web.example.org",
            "rewrite type AAAA A", "rewrite ttl web.prod.svc.cluster.local 7",
            "rewrite rcode exact nil.prod.svc.cluster.local NXDOMAIN NOERROR",
            "rewrite cname exact a.test b.test", "header {\n response set ra\n}", "header {\n query clear rd\n}",
            "minimal",
            "dns64 {\n allow_ipv4\n}", "hosts {\n 192.0.2.9 web.prod.svc.cluster.local h.test\n fallthrough\n}",
            "cancel 5s", "chaos",
        ]
        static let names = [
            "web.prod.svc.cluster.local.", "WEB.prod.svc.Cluster.local.", "many.prod.svc.cluster.local.",
            "nil.prod.svc.cluster.local.", "ext.prod.svc.cluster.local.", "prod.svc.cluster.local.", "cluster.local.",
            "10-0-0-9.prod.pod.cluster.local.", "x.prod.pod.cluster.local.", "_http._tcp.web.prod.svc.cluster.local.",
            "localhost.prod.svc.cluster.local.", "localhost.", "1.0.0.127.in-addr.arpa.", "10.0.96.10.in-addr.arpa.",
            "5.5.5.10.in-addr.arpa.", "www.example.org.", "Www.Example.org.", "nx.example.org.", "fail.example.org.",
            "plain.example.org.", "web.test.", "web.prod.my.test.", "web.prod.other.test.", "h.test.",
            "elsewhere.test.",
            ".", "we\\.b.prod.svc.cluster.local.",
        ]
        static let types: [RecordType] = [.a, .aaaa, .srv, .txt, .ptr, .soa, .any, .axfr]
        /// Payload, options and DO; nil for a query without EDNS.
        static let edns: [(payload: UInt16, options: [EDNSOption], isDNSSECOK: Bool)?] = [
            nil, (1232, [], false), (4096, [], true), (512, [EDNSOption(.cookie, [1, 2, 3, 4, 5, 6, 7, 8])], false),
            (1232, [EDNSOption(.nsid, [])], false),
            (1232, [EDNSOption(.clientSubnet, [0, 1, 24, 0, 192, 0, 2]), EDNSOption(.nsid, [])], false),
            (1232, [EDNSOption(OptionCode(rawValue: 65001), [1])], false),
            (1232, [EDNSOption(.cookie, [UInt8](repeating: 9, count: 24)), EDNSOption(.padding, [0, 0])], true),
        ]
    }

    @Test("Bytes, counters and log lines are those of the stages", arguments: Cases.directives)
    func comparison(_ directives: String) async throws {
        let text = ".:0 {\n\(Cases.kubernetes)\n\(directives)\n\(Cases.template)\n}\n"
        // One cluster, so that both have one serial.
        let clusters = ClusterSet<KubernetesSettings>()
        let short = try await Way(text, clusters, isShort: true)
        let long = try await Way(text, clusters, isShort: false)
        let isRotated = directives.contains("loadbalance")
        var number = 0
        for name in Cases.names {
            for type in Cases.types {
                // Two of the ways to ask, others for the next name and type; the second time the cache has it.
                for _ in 0..<2 {
                    number += 1
                    let edns = Cases.edns[number % Cases.edns.count]
                    let query = try Self.query(name, type, edns, flags: number % 3 == 0 ? 0x0130 : 0x0100)
                    for round in 0..<2 {
                        let answers = [short.ask(query), long.ask(query)].map { Self.normal($0, isRotated: isRotated) }
                        try #require(
                            answers[0] == answers[1],
                            "\(name) \(type.rawValue) \(String(describing: edns)) \(round) after \(directives)")
                    }
                }
            }
        }
        let metrics = (short.metrics(), long.metrics())
        #expect(Set(metrics.0).symmetricDifference(metrics.1).sorted() == [])
        let lines = (short.log.lines, long.log.lines)
        #expect(lines.0.count == lines.1.count)
        #expect(zip(lines.0, lines.1).first { $0 != $1 }.map { [$0, $1] } == nil)
        await short.end()
        await long.end()
    }

    @Test("With kubeadm's directives nothing but what must is asked of the stages")
    func share() async throws {
        let text = ".:0 {\n\(Cases.kubernetes)\nloadbalance\n\(Cases.template)\n}\n"
        let way = try await Way(text, ClusterSet(), isShort: true)
        let queries = [
            "web.prod.svc.cluster.local.", "nil.prod.svc.cluster.local.", "www.example.org.", "nx.example.org.",
        ]
        for name in queries {
            for _ in 0..<10 { _ = way.ask(try Self.query(name, .a, nil, flags: 0x0100)) }
        }
        let sources = way.registry.text().split(separator: "\n").filter { $0.hasPrefix("swiftlet_dns_answers_total{") }
        #expect(
            sources.map(String.init)
                == ["cache", "stages", "table"].map { source in
                    "swiftlet_dns_answers_total{from=\"\(source)\"} \(["cache": 18, "stages": 2, "table": 20][source] ?? 0)"
                })
        await way.end()
    }

    // MARK: Queries and answers

    private static func query(
        _ name: String, _ type: RecordType, _ edns: (payload: UInt16, options: [EDNSOption], isDNSSECOK: Bool)?,
        flags: UInt16
    ) throws -> [UInt8] {
        func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
        let name = try #require(DomainName(name))
        let question =
            [0xab, 0xcd] + bytes(flags) + [0, 1, 0, 0, 0, 0, 0, edns == nil ? 0 : 1] + name.wire
            + bytes(type.rawValue) + [0, 1]
        guard let edns else { return question }
        let options = edns.options.flatMap(\.wire)
        return question + [0, 0, 41] + bytes(edns.payload) + [0, 0, edns.isDNSSECOK ? 0x80 : 0, 0]
            + bytes(UInt16(options.count)) + options
    }

    /// An answer without what may differ: server cookies, which hold the time, the order of addresses, and the spelling
    /// of the zone in targets of SRV records, which ready-made answers take from the question.
    private static func normal(_ answer: [UInt8], isRotated: Bool) -> [UInt8] {
        var answer = Array(answer.prefix(12) + answer.dropFirst(12).map(DomainName.lowercased))
        for index in answer.indices.dropFirst(12) where answer[index...].starts(with: [0, 10, 0, 24]) {
            let server = (index + 12)..<(index + 28)
            if server.upperBound <= answer.count {
                answer.replaceSubrange(server, with: [UInt8](repeating: 0, count: 16))
            }
        }
        return Array(isRotated ? answer.prefix(12) + answer.dropFirst(12).sorted() : answer[...])
    }

    // MARK: Ways

    /// A server of its own, with or without the short way.
    private final class Way {
        let registry = Metrics()
        let log = Lines()
        private let state: ListenerState
        private let responder: Responder
        private let assembly: Assembly
        private let clusters: ClusterSet<KubernetesSettings>

        init(_ text: String, _ clusters: ClusterSet<KubernetesSettings>, isShort: Bool) async throws {
            self.clusters = clusters
            let corefile = try CorefileParser.corefile(Array(text.utf8), file: "Corefile")
            let surroundings = ServingSurroundings(
                metrics: registry, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), log: log,
                version: "test", makeSource: { _ in SmallCluster() }, onFatal: { _ in })
            assembly = try await Assembly.make(corefile, surroundings, clusters: clusters)
            await assembly.shareZones()
            for cluster in assembly.blocks.compactMap(\.made.cluster) { await cluster.waitForState() }
            let key = try #require(assembly.listeners.first { !$0.address.isIPv6 })
            var content = assembly.content(of: key, port: 53)
            if !isShort {
                content.readyAnswers = nil
                content.cachedAnswers = nil
            }
            state = ListenerState(content)
            state.counters.expose(in: registry)
            responder = Responder(state, transport: .udp)
        }

        func end() async { await clusters.release(assembly.clusterKeys) }

        func ask(_ query: [UInt8]) -> [UInt8] {
            let capacity = 4096
            return withUnsafeTemporaryAllocation(byteCount: capacity + Responder.slack, alignment: 16) { buffer in
                guard let base = buffer.baseAddress else { return [] }
                buffer.initializeMemory(as: UInt8.self, repeating: 0xa5)
                buffer.copyBytes(from: query)
                responder.enter()
                defer { responder.leave() }
                let outcome = responder.respond(
                    base, length: query.count, capacity: capacity, isIPv6: false, from: Client())
                switch outcome {
                case .reply(let length): return Array(buffer.prefix(length))
                case .silence: return []
                case .later:
                    Issue.record("the answer is not there at once")
                    return []
                }
            }
        }

        /// What is counted, but for times, for where answers came from, for questions that a cache was asked in vain
        /// (those that go past it are none), for an estimate, and for what the two share.
        func metrics() -> [String] {
            registry.text().split(separator: "\n").map(String.init).filter { line in
                !line.hasPrefix("#") && !line.hasSuffix(" 0")
                    && ![
                        "_seconds_bucket", "_seconds_sum", "swiftlet_dns_answers", "coredns_cache_requests",
                        "coredns_cache_misses",
                        "swiftlet_cache_bytes", "programming_duration", "answer_table_names", "timestamp",
                    ].contains { line.contains($0) }
            }
        }
    }

    private struct Client: QueryOrigin {
        let client = PipelineQuery.Peer(.v4(0xc000_024d), port: 4000)
        let server = PipelineQuery.Peer(.v4(0x0a00_0001), port: 53)

        func makeReturnPath() -> ReturnPath { { _ in true } }
    }

    /// Lines of `log` without the time that each query took, in one order.
    private final class Lines: LogSink {
        private let state = Mutex<[String]>([])

        var lines: [String] { state.withLock { $0 } }

        func write(_ line: String) {
            // How many errors are written depends on when they come.
            guard line.hasPrefix("[INFO]") else { return }
            let timeless = line.split(separator: " ").filter { !$0.hasSuffix("s") || $0.first?.isNumber != true }
            state.withLock { $0.append(timeless.joined(separator: " ")) }
        }
    }

    /// A cluster of a few Services.
    private struct SmallCluster: ClusterSource {
        var isInSync: Bool { true }
        var isWaitedFor: Bool { true }

        func keptState(of selection: DiscoverySelection) async -> KeptState? { nil }

        func run(
            _ selection: DiscoverySelection, kept: KeptHandover,
            _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
        ) async {
            func id(_ name: String) -> NamespacedName { NamespacedName(namespace: "prod", name: name) }
            let port = DiscoveryPort(name: "http", number: 80)
            var builder = DiscoverySlice.Builder(selection)
            builder.id = id("many-1")
            builder.service = "many"
            builder.ports = [port]
            for last in 1...60 {
                builder.append(addresses: ["10.1.0.\(last)"], isReady: true, hostname: "h-\(last)")
            }
            let objects: [DiscoveryObject] = [
                .namespace("prod"),
                .service(DiscoveryService(id("web"), target: .virtualIPs([.v4(0x0a60_000a)]), ports: [port])),
                .service(DiscoveryService(id("many"), target: .endpoints, ports: [port])),
                .service(DiscoveryService(id("ext"), target: .alias("www.example.org"))),
                .endpointSlice(builder.build()),
            ]
            let kinds = selection.kinds
            await take(.snapshotBegins(kinds))
            await take(.changes(objects.map { .put($0) }))
            await take(.snapshotEnds(kinds))
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }
}
