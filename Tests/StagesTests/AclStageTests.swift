import Corefile
import DNS
import Pipeline
import Registry
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Stages

@Suite("acl at work")
struct AclStageTests {
    private static func trial(_ text: String, _ metrics: Metrics = Metrics()) throws -> StageTrial {
        StageTrial(stage: AclStage(try StageTrial.settings(AclSettings.self, text), metrics: metrics)) { _ in
            var response = Response(.noError)
            response.source = "next"
            return response
        }
    }

    /// What becomes of a question: `next`, or the action.
    private static func outcome(
        _ trial: StageTrial, _ question: String, from client: String
    ) async throws -> String {
        let address = try #require(IPAddress(client))
        let response = try await trial.ask(question) { $0.client.address = address }
        if response.isSilent { return "drop" }
        switch (response.source, response.code, response.extendedError?.code.rawValue) {
        case ("next", _, _): return "next"
        case ("acl", .refused, 15): return "block"
        case ("acl", .noError, 17): return "filter"
        default: return "\(response)"
        }
    }

    @Test("The examples of CoreDNS's documentation do what it says", arguments: Cases.documented)
    func documented(_ directive: String, _ questions: [(String, String, String)]) async throws {
        let trial = try Self.trial(directive)
        for (question, client, expected) in questions {
            #expect(try await Self.outcome(trial, question, from: client) == expected, "\(question) from \(client)")
        }
    }

    @Test("What a forwarded answer's aliases lead to was not asked for, and is nobody's secret here")
    func forwardedAliases() async throws {
        // An allow-list: as in CoreDNS, names behind it in an answer need not be on it.
        let settings = try StageTrial.settings(
            AclSettings.self, "acl open.test {\n allow\n}\nacl {\n block\n}")
        let answer = try Response.trial(
            .noError, "www.open.test. 60 IN CNAME e1.provider.test.", "e1.provider.test. 30 IN A 192.0.2.7")
        let trial = StageTrial(stage: AclStage(settings, metrics: Metrics())) { _ in answer }
        #expect(try await trial.ask("www.open.test. A").lines == answer.lines)
        #expect(try await trial.ask("e1.provider.test. A").code == .refused)
    }

    @Test("The stages behind it can ask for the target of an alias of their own")
    func targets() async throws {
        let settings = try StageTrial.settings(
            AclSettings.self, "acl secret.test {\n allow net 10.0.0.1\n block\n}\nacl gone.test {\n drop\n}")
        let asked = Mutex<[String]>([])
        let trial = StageTrial(stage: AclStage(settings, metrics: Metrics())) { query in
            var verdicts: [String] = []
            for name in ["a.secret.test", "a.gone.test", "a.open.test"] {
                guard let target = DomainName(name), let access = query.access else { continue }
                let verdict = access.verdict(onTarget: target, of: query)
                verdicts.append("\(verdict.isAllowed) \(verdict.dependsOnAsker)")
            }
            asked.withLock { [verdicts] in $0 = verdicts }
            return Response(.noError)
        }
        for (client, first) in [("10.0.0.1", "true true"), ("10.0.0.2", "false true")] {
            let address = try #require(IPAddress(client))
            _ = try await trial.ask("www.open.test. A") { $0.client.address = address }
            #expect(asked.withLock { $0 } == [first, "false false", "true false"])
        }
    }

    @Test("Each outcome is counted by server and zone")
    func metrics() async throws {
        let metrics = Metrics()
        let trial = try Self.trial("acl a.org b.a.org {\n block type A\n filter type TXT\n drop type MX\n}", metrics)
        for question in ["x.a.org. A", "x.b.a.org. A", "a.org. TXT", "a.org. MX", "a.org. NS", "c.org. A"] {
            _ = try await trial.ask(question) { $0.serverLabel = "dns://:53" }
        }
        let text = metrics.text()
        for line in [
            "coredns_acl_blocked_requests_total{server=\"dns://:53\",zone=\"a.org.\",view=\"\"} 1",
            "coredns_acl_blocked_requests_total{server=\"dns://:53\",zone=\"b.a.org.\",view=\"\"} 1",
            "coredns_acl_filtered_requests_total{server=\"dns://:53\",zone=\"a.org.\",view=\"\"} 1",
            "coredns_acl_dropped_requests_total{server=\"dns://:53\",zone=\"a.org.\",view=\"\"} 1",
            "coredns_acl_allowed_requests_total{server=\"dns://:53\",view=\"\"} 2",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }

    @Test("Sets of networks hold what their networks hold")
    func networks() throws {
        var generator = SeededGenerator.announced()
        let networks = try (0..<2000).map { _ -> AclSettings.Network in
            let isV4 = Bool.random(using: &generator)
            // Crowded, so that networks touch and overlap.
            let address =
                isV4
                ? IPAddress.v4(.random(in: 0...0xffff, using: &generator) << 8)
                : .v6(.random(in: 0...0xffff, using: &generator) << 40)
            let length = isV4 ? Int.random(in: 18...32, using: &generator) : .random(in: 74...128, using: &generator)
            return try #require(AclSettings.Network("\(address)/\(length)"))
        }
        let set = AddressRanges(networks)
        for _ in 0..<20_000 {
            let isV4 = Bool.random(using: &generator)
            let value = UInt128(UInt32.random(in: 0...0x1ff_ffff, using: &generator)) << (isV4 ? 0 : 33)
            let address = isV4 ? IPAddress.v4(UInt32(value)) : .v6(value)
            let isInside = networks.contains { $0.family == address.family && $0.range.contains(value) }
            #expect(set.contains(address) == isInside, "\(address)")
        }
        let all = AddressRanges([
            try #require(AclSettings.Network("0.0.0.0/0")), try #require(AclSettings.Network("::/0")),
        ])
        for text in ["0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:1.2.3.4"] {
            #expect(all.contains(try #require(IPAddress(text))))
        }
        #expect(!AddressRanges([]).contains(.v4(1)))
    }

    enum Cases {
        static let documented: [(String, [(String, String, String)])] = [
            (
                "acl {\n block type A net 192.168.0.0/16\n}",
                [
                    ("a.org. A", "192.168.1.1", "block"), ("a.org. AAAA", "192.168.1.1", "next"),
                    ("a.org. A", "10.0.0.1", "next"), ("a.org. A", "::ffff:192.168.1.1", "block"),
                ]
            ),
            (
                "acl {\n filter type A net 192.168.0.0/16\n}",
                [("a.org. A", "192.168.1.1", "filter"), ("a.org. TXT", "192.168.1.1", "next")]
            ),
            (
                "acl {\n block type * net 192.168.1.0/24\n}",
                [("a.org. TYPE65280", "192.168.1.255", "block"), ("a.org. A", "192.168.2.0", "next")]
            ),
            (
                "acl example.org {\n allow net 10.0.0.0/8 192.168.0.0/16\n block\n}",
                [
                    ("www.EXAMPLE.org. A", "10.1.1.1", "next"), ("www.example.org. A", "192.0.2.1", "block"),
                    ("www.example.org. A", "2001:db8::1", "block"), ("example.net. A", "192.0.2.1", "next"),
                    ("notexample.org. A", "192.0.2.1", "next"),
                ]
            ),
            (
                "acl {\n drop net 192.0.2.0/24\n}",
                [("a.org. A", "192.0.2.7", "drop"), ("a.org. A", "192.0.3.7", "next")]
            ),
            (
                "acl {\n allow net 192.168.0.0/16\n block\n}\nacl {\n drop\n}",
                [("a.org. A", "192.168.0.1", "next"), ("a.org. A", "10.0.0.1", "block")]
            ),
            (
                "acl a.org {\n block type MX\n}\nacl a.org {\n drop type MX A\n}",
                [
                    ("a.org. MX", "10.0.0.1", "block"), ("a.org. A", "10.0.0.1", "drop"),
                    ("a.org. NS", "10.0.0.1", "next"),
                ]
            ),
            ("acl", [("a.org. A", "10.0.0.1", "next")]),
        ]
    }
}
