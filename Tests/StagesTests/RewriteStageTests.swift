import Corefile
import DNS
import LDNS
import Pipeline
import Registry
import Synchronization
import Testing

@testable import Stages

@Suite("rewrite at work")
struct RewriteStageTests {
    /// What the next stage was asked, and what came back.
    private struct Outcome {
        var asked: PipelineQuery?
        var response: Response
    }

    private static func ask(
        _ rules: String, _ question: String, lookups: any Lookups = ScriptedLookups { _ in Response(.refused) },
        change: (inout PipelineQuery) -> Void = { _ in },
        answer: @escaping @Sendable (PipelineQuery) throws -> Response
    ) async throws -> Outcome {
        let asked = Mutex<PipelineQuery?>(nil)
        let stage = RewriteStage(try StageTrial.settings(RewriteSettings.self, rules))
        let trial = StageTrial(
            stage: stage,
            next: { query in
                asked.withLock { $0 = query }
                return (try? answer(query)) ?? .failed("test", "bad record")
            }, lookups: lookups)
        let response = try await trial.ask(question, change)
        return Outcome(asked: asked.withLock { $0 }, response: response)
    }

    /// Asks where the answer does not matter.
    private static func hand(
        _ rules: String, _ question: String,
        _ change: (inout PipelineQuery) -> Void = { _ in }
    ) async throws -> Outcome {
        try await ask(rules, question, change: change) { _ in Response(.noError) }
    }

    @Test("Names are rewritten by the first rule that fits", arguments: Cases.questions)
    func questions(_ rules: String, _ question: String, _ expected: String) async throws {
        let asked = try #require(try await Self.hand(rules, question).asked)
        #expect("\(asked.name) \(Mnemonic.name(of: asked.type)) \(Mnemonic.name(of: asked.recordClass))" == expected)
    }

    @Test("Answers come back under the asker's name", arguments: Cases.answers)
    func answers(_ rules: String, _ question: String, _ answer: [String], _ expected: [String]) async throws {
        let outcome = try await Self.ask(rules, question) { _ in
            var response = Response(.noError)
            for line in answer {
                let part = try Response.trial(.noError, line)
                response.answers += part.answers
                response.authorities += part.authorities
                response.additionals += part.additionals
            }
            return response
        }
        #expect(outcome.response.lines == ["NOERROR"] + expected)
    }

    @Test("Every type that holds a name has it rewritten, others are left alone")
    func data() async throws {
        let lines = [
            "a.new. 1 IN CNAME t.new.", "a.new. 1 IN DNAME t.new.", "a.new. 1 IN NS t.new.", "a.new. 1 IN PTR t.new.",
            "a.new. 1 IN MX 5 t.new.", "a.new. 1 IN SRV 1 2 3 t.new.", "a.new. 1 IN SOA t.new. h.new. 1 2 3 4 5",
            "a.new. 1 IN NAPTR 1 2 \"s\" \"SIP+D2U\" \"\" t.new.", "a.new. 1 IN HTTPS 1 t.new. alpn=\"h2\"",
            "a.new. 1 IN TXT \"t.new.\"",
        ]
        let outcome = try await Self.ask("rewrite name suffix .old .new answer auto", "a.old. ANY") { _ in
            var response = Response(.noError)
            for line in lines { response.answers.append(try RecordText.record(line)) }
            return response
        }
        let expected = lines.map { line in
            let data = line.contains("TXT") ? line : line.replacing("t.new.", with: "t.old.")
            return data.replacing("a.new.", with: "a.old.")
        }
        #expect(outcome.response.answers == (try expected.map { try RecordText.record($0) }))
    }

    @Test("Data that is broken, or would become too long, is left as it is")
    func brokenData() async throws {
        let owner = try #require(DomainName("a.new."))
        let label = String(repeating: "x", count: 63)
        let long = try #require(DomainName("\(label).\(label).\(label).\(String(repeating: "x", count: 40)).new."))
        let broken: [RecordData] = [
            RecordData(type: .cname, bytes: [9, 1]), RecordData(type: .mx, bytes: [1]),
            RecordData(type: .srv, bytes: []),
            RecordData(type: RecordType(rawValue: 35), bytes: [0, 0, 0, 0, 200]), RecordData(type: .soa, bytes: [64]),
            RecordData(type: .ns, bytes: []), .cname(long),
        ]
        let outcome = try await Self.ask(
            "rewrite name suffix .\(String(repeating: "y", count: 60)) .new answer auto",
            "a.\(String(repeating: "y", count: 60)). A"
        ) { _ in
            var response = Response(.noError)
            response.answers = broken.map { Record(owner: owner, ttl: 1, data: $0) }
            return response
        }
        #expect(outcome.response.answers.map(\.data) == broken)
    }

    @Test("TTLs are brought into their range, codes are exchanged")
    func numbers() async throws {
        let rules =
            "rewrite continue ttl suffix .org 30-300\nrewrite continue ttl a.org -60\nrewrite rcode regex ^a SERVFAIL NOERROR"
        let outcome = try await Self.ask(rules, "a.org. A") { _ in
            try .trial(.serverFailure, "a.org. 5 IN A 192.0.2.1", "a.org. 900 IN A 192.0.2.2", "+ b. 40 IN A 192.0.2.3")
        }
        #expect(
            outcome.response.lines == [
                "NOERROR", "a.org. 30 IN A 192.0.2.1", "a.org. 60 IN A 192.0.2.2", "+ b. 40 IN A 192.0.2.3",
            ])
    }

    @Test("A name that is none after a rewrite is SERVFAIL, and said in one harmless line")
    func badName() async throws {
        let long = String(repeating: "x", count: 63)
        let outcome = try await Self.hand("rewrite name regex ^(.*)\\.$ {1}{1}.", "\(long).org. A")
        #expect(outcome.asked == nil)
        #expect(outcome.response.code == .serverFailure)
        #expect(outcome.response.failure == "invalid name after rewrite: \(long).org\(long).org.")
    }

    @Test("Names of 255 bytes that do not print are matched and handed on")
    func hostileNames() async throws {
        let label = String(repeating: "\\000", count: 63)
        let name = "\(label).\(label).\(label).\(String(repeating: "\\255", count: 61))."
        let outcome = try await Self.hand("rewrite name regex ^(.*)\\\\255\\.$ {1}a.", "\(name) A")
        #expect(outcome.asked?.name == DomainName(String(name.dropLast(5)) + "a."))
        let longer = try await Self.hand("rewrite name suffix . .toolong", "\(name) A")
        #expect(longer.response.failure?.utf8.count ?? .max <= 1100)
    }

    @Test("EDNS options are set, added, replaced and removed", arguments: Cases.options)
    func options(_ rule: String, _ before: [EDNSOption]?, _ after: [EDNSOption]?) async throws {
        let outcome = try await Self.hand("rewrite edns0 \(rule)", "Www.example.org. A") { query in
            query.edns = before.map { EDNS(udpPayload: 1232, options: $0) }
            query.metadata["plugin/label"] = "value"
            query.client.address = .v4(0xc000_02ff)
        }
        #expect(outcome.asked?.edns?.options == after)
        if before == nil, after != nil { #expect(outcome.asked?.edns?.udpPayload == 4096) }
    }

    @Test("IPv6 clients are shown to servers by their network")
    func subnet() async throws {
        let outcome = try await Self.hand("rewrite edns0 subnet set 24 57", "example.org. A") {
            $0.client.address = .v6(0x2001_0db8_0000_00ff_0000_0000_0000_0001)
        }
        #expect(
            outcome.asked?.edns?.options == [
                EDNSOption(OptionCode(rawValue: 8), [0, 2, 57, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0x80])
            ])
    }

    @Test("With revert the answer has the option that the question had, or none")
    func revert() async throws {
        let code = OptionCode(rawValue: 0xffee)
        for former in [[1], nil] as [[UInt8]?] {
            let outcome = try await Self.ask(
                "rewrite edns0 local set 0xffee 0x02 revert", "a. A",
                change: { query in query.edns = former.map { EDNS(udpPayload: 1232, options: [EDNSOption(code, $0)]) } }
            ) { query in
                var response = Response(.noError)
                response.options = (query.edns?.options ?? []) + [EDNSOption(.nsid, [7])]
                return response
            }
            #expect(
                outcome.response.options == (former.map { [EDNSOption(code, $0)] } ?? []) + [EDNSOption(.nsid, [7])])
        }
    }

    @Test("The target of an alias becomes another one, which is looked up")
    func aliasTarget() async throws {
        let lookups = ScriptedLookups { query in
            (try? .trial(.noError, "\(query.name) 9 IN A 192.0.2.9")) ?? Response(.serverFailure)
        }
        let outcome = try await Self.ask("rewrite cname suffix .cdn.net .local", "www.org. A", lookups: lookups) { _ in
            try .trial(
                .noError, "www.org. 5 IN CNAME a.org.", "a.org. 6 IN CNAME x.CDN.net.", "x.cdn.net. 7 IN A 192.0.2.1")
        }
        #expect(
            outcome.response.lines == [
                "NOERROR", "www.org. 5 IN CNAME a.org.", "a.org. 6 IN CNAME x.local.", "x.local. 9 IN A 192.0.2.9",
            ])
        let other = try await Self.ask("rewrite cname exact b.net c.net", "www.org. A", lookups: lookups) { _ in
            try .trial(.noError, "www.org. 5 IN CNAME a.org.")
        }
        #expect(other.response.lines == ["NOERROR", "www.org. 5 IN CNAME a.org."])
    }

    @Test(
        "What is written into a question of who asks it makes the answer one for the asker",
        arguments: [
            ("edns0 subnet set 24 56", true), ("edns0 local set 0xffee {client_ip}", true),
            ("edns0 local set 0xffee 0xabcd", false), ("edns0 local unset 0xffee", false),
            ("name a.org b.org", false),
        ])
    func tellsOfAsker(_ rule: String, _ isPersonal: Bool) async throws {
        let outcome = try await Self.hand("rewrite \(rule)", "a.org. A") {
            $0.metadata["client_ip"] = "192.0.2.1"
            $0.edns = EDNS(udpPayload: 1232)
        }
        #expect(outcome.asked != nil && outcome.response.dependsOnAsker == isPersonal)
        // Where there is nothing to write, or to take out, the question is everybody's.
        let other = try await Self.hand("rewrite edns0 local replace 0xffee {client_ip}", "a.org. A")
        #expect(!other.response.dependsOnAsker)
    }

    enum Cases {
        static let questions = [
            ("rewrite name a.org b.org", "A.org. A", "b.org. A IN"),
            ("rewrite name a.org b.org", "x.a.org. A", "x.a.org. A IN"),
            ("rewrite type ANY HINFO", "a.org. ANY", "a.org. HINFO IN"),
            ("rewrite class IN CH", "a.org. A", "a.org. A CH"),
            ("rewrite name suffix .schmoogle.com. .google.com.", "WWW.schmoogle.com. A", "www.google.com. A IN"),
            ("rewrite name a.org b.org\nrewrite name b.org c.org", "a.org. A", "b.org. A IN"),
            ("rewrite continue name a.org b.org\nrewrite name b.org c.org", "a.org. A", "c.org. A IN"),
            (
                "rewrite continue name a.org b.org\nrewrite stop type A AAAA\nrewrite type AAAA MX", "a.org. A",
                "b.org. AAAA IN"
            ),
            (
                "rewrite name regex (.*)-(us-west-1)\\.example\\.org {1}.service.{2}.consul",
                "ftp-us-west-1.example.org. A", "ftp.service.us-west-1.consul. A IN"
            ),
            ("rewrite name substring x y", "ax.xb.org. A", "ay.xb.org. A IN"),
            ("rewrite name prefix a. b.", "a.a.org. A", "b.a.org. A IN"),
        ]
        static let answers: [(String, String, [String], [String])] = [
            (
                "rewrite name RED.org BLUE.org", "rEd.org. A",
                ["blue.org. 5 IN CNAME x.blue.org.", "x.BLUE.org. 5 IN A 192.0.2.1", "? org. 5 IN NS blue.org."],
                ["rEd.org. 5 IN CNAME x.rEd.org.", "x.rEd.org. 5 IN A 192.0.2.1", "? org. 5 IN NS rEd.org."]
            ),
            (
                "rewrite stop {\n name suffix .coredns.rocks .service.consul answer auto\n}", "ftp.coredns.rocks. A",
                ["ftp.service.consul. 5 IN A 192.0.2.1", "+ x.service.consul. 5 IN A 192.0.2.2"],
                ["ftp.coredns.rocks. 5 IN A 192.0.2.1", "+ x.coredns.rocks. 5 IN A 192.0.2.2"]
            ),
            (
                "rewrite name suffix .coredns.rocks .service.consul", "ftp.coredns.rocks. A",
                ["ftp.service.consul. 5 IN A 192.0.2.1"], ["ftp.service.consul. 5 IN A 192.0.2.1"]
            ),
            (
                "rewrite name regex (.*)-(us-west-1)\\.coredns\\.rocks {1}.service.{2}.consul "
                    + "answer name (.*)\\.service\\.(us-west-1)\\.consul {1}-{2}.coredns.rocks",
                "Ftp-us-west-1.coredns.rocks. A",
                ["ftp.service.us-west-1.consul. 0 IN CNAME a.consul.", "a.consul. 0 IN A 192.0.2.1"],
                ["Ftp-us-west-1.coredns.rocks. 0 IN CNAME a.consul.", "a.consul. 0 IN A 192.0.2.1"]
            ),
            (
                "rewrite stop {\n name suffix .arpa .arpa\n answer name auto\n answer value (.*)\\.service\\.consul\\. {1}.coredns.rocks.\n}",
                "30.30.30.10.in-addr.arpa. PTR", ["30.30.30.10.in-addr.arpa. 60 IN PTR ftp-us-west-1.service.consul."],
                ["30.30.30.10.in-addr.arpa. 60 IN PTR ftp-us-west-1.coredns.rocks."]
            ),
            (
                "rewrite continue name a.org b.org\nrewrite name b.org c.org", "A.org. A",
                ["c.org. 5 IN A 192.0.2.1"], ["A.org. 5 IN A 192.0.2.1"]
            ),
            (
                "rewrite name regex ^(.*)\\.a\\.org\\.$ {1}.b.org answer auto", "x.a.org. A",
                ["x.b.org. 5 IN SRV 0 0 53 y.x.b.org."], ["x.a.org. 5 IN SRV 0 0 53 y.x.a.org."]
            ),
        ]
        private static let local = OptionCode(rawValue: 0xffee)
        private static let abcd = EDNSOption(local, Array("abcd".utf8))
        private static let other = EDNSOption(.cookie, [1, 2, 3, 4, 5, 6, 7, 8])
        static let options: [(String, [EDNSOption]?, [EDNSOption]?)] = [
            ("local set 0xffee 0x61626364", nil, [abcd]),
            ("local set 0xffee abcd", [other, EDNSOption(local, [1])], [other, abcd]),
            ("local append 0xffee abcd", [EDNSOption(local, [1])], [EDNSOption(local, [1])]),
            ("local append 0xffee abcd", [other], [other, abcd]),
            ("local replace 0xffee abcd", nil, nil), ("local replace 0xffee abcd", [EDNSOption(local, [1])], [abcd]),
            ("local unset 0xffee", [abcd, other], [other]), ("local unset 0xffee", [other], [other]),
            ("local unset 0xffee", nil, nil),
            ("local set 0xffee {qname}", nil, [EDNSOption(local, Array("Www.example.org.".utf8))]),
            ("local set 0xffee {qtype}", nil, [EDNSOption(local, [0, 1])]),
            ("local set 0xffee {client_ip}", nil, [EDNSOption(local, [192, 0, 2, 255])]),
            ("local set 0xffee {client_port}", nil, [EDNSOption(local, [0x9d, 0x14])]),
            ("local set 0xffee {protocol}", nil, [EDNSOption(local, Array("udp".utf8))]),
            ("local set 0xffee {server_ip}", nil, [EDNSOption(local, [10, 0, 0, 254])]),
            ("local set 0xffee {server_port}", nil, [EDNSOption(local, [0, 53])]),
            ("local set 0xffee {plugin/label}", nil, [EDNSOption(local, Array("value".utf8))]),
            ("local set 0xffee {plugin/none}", nil, nil), ("nsid set", nil, [EDNSOption(.nsid, [])]),
            ("nsid unset", [EDNSOption(.nsid, [1])], []),
            ("subnet set 24 56", nil, [EDNSOption(OptionCode(rawValue: 8), [0, 1, 24, 0, 192, 0, 2])]),
            ("subnet set 0 0", nil, [EDNSOption(OptionCode(rawValue: 8), [0, 1, 0, 0])]),
            ("subnet set 25 56", nil, [EDNSOption(OptionCode(rawValue: 8), [0, 1, 25, 0, 192, 0, 2, 128])]),
        ]
    }
}
