import Corefile
import DNS
import Pipeline
import Registry
import Telemetry
import Testing

@testable import Stages

@Suite("template at work")
struct TemplateStageTests {
    private static func trial(
        _ text: String, zone: String = ".", metrics: Metrics = Metrics(),
        lookups: any Lookups = ScriptedLookups { _ in Response(.refused) }
    ) throws -> StageTrial {
        let settings = try StageTrial.settings(TemplateSettings.self, text, zone: zone)
        return StageTrial(
            stage: TemplateStage(settings, metrics: metrics),
            next: { _ in
                var response = Response(.noError)
                response.source = "next"
                return response
            }, lookups: lookups)
    }

    @Test("The examples of CoreDNS's documentation answer as it says", arguments: Cases.documented)
    func documented(_ example: Cases.Example) async throws {
        let trial = try Self.trial(example.text, zone: example.zone)
        for (question, expected) in example.questions {
            let response = try await trial.ask(question)
            #expect((response.source == "next" ? ["next"] : response.lines) == expected, "\(question)")
            if response.source == "template", response.code != .serverFailure { #expect(response.isAuthoritative) }
        }
    }

    @Test("An extended error goes along, with SERVFAIL too")
    func extendedError() async throws {
        let denied = try await Self.trial(
            "template ANY ANY invalid {\n rcode NXDOMAIN\n ederror 21 \"No such thing\"\n}"
        ).ask("a.invalid. A")
        #expect(denied.code == .nxDomain)
        #expect(denied.extendedError == ExtendedError(ExtendedErrorCode(rawValue: 21), "No such thing"))
        let failed = try await Self.trial("template ANY ANY {\n rcode SERVFAIL\n ederror 15\n}").ask("a. A")
        #expect(failed.code == .serverFailure)
        #expect(failed.extendedError?.code.rawValue == 15)
    }

    @Test("The alias in an answer is followed for addresses only")
    func alias() async throws {
        let lookups = ScriptedLookups { query in
            (try? .trial(.noError, "\(query.name) 9 IN A 192.0.2.9")) ?? Response(.serverFailure)
        }
        let trial = try Self.trial(
            "template IN ANY foogle.com {\n match \"^foogle\\.com\\.$\"\n answer \"foogle.com 60 IN CNAME google.com\"\n}",
            lookups: lookups)
        #expect(
            try await trial.ask("FOOGLE.com. A").lines == [
                "NOERROR", "foogle.com. 60 IN CNAME google.com.", "google.com. 9 IN A 192.0.2.9",
            ])
        #expect(try await trial.ask("foogle.com. TXT").lines == ["NOERROR", "foogle.com. 60 IN CNAME google.com."])
    }

    @Test("Of several aliases at one name the first is followed, so that they do not multiply")
    func severalAliases() async throws {
        let lookups = ScriptedLookups { query in
            (try? .trial(.noError, "\(query.name) 9 IN A 192.0.2.9")) ?? Response(.serverFailure)
        }
        let answers = ["a", "b", "c"].map { " answer \"{{ .Name }} 60 IN CNAME \($0).x.\"\n" }.joined()
        let trial = try Self.trial("template IN ANY x {\n\(answers)}", lookups: lookups)
        #expect(
            try await trial.ask("n.x. A").lines == [
                "NOERROR", "n.x. 60 IN CNAME a.x.", "a.x. 9 IN A 192.0.2.9", "n.x. 60 IN CNAME b.x.",
                "n.x. 60 IN CNAME c.x.",
            ])
    }

    @Test("What tells of the asker, or comes from an answer that does, is no answer for others")
    func personal() async throws {
        let texts = [
            ("{{ .Name }} 60 IN TXT {{ .Remote }}", true), ("{{ .Name }} 60 IN TXT {{ .Message.Id }}", true),
            ("{{ .Name }} 60 IN TXT {{ print (.Meta \\\"kubernetes/client-namespace\\\") }}a", true),
            ("{{ .Name }} 60 IN TXT {{ .Question.Qtype }}", false),
        ]
        for (text, isPersonal) in texts {
            let trial = try Self.trial("template IN TXT x {\n answer \"\(text)\"\n}")
            #expect(try await trial.ask("n.x. TXT").dependsOnAsker == isPersonal, "\(text)")
        }
        let lookups = ScriptedLookups { query in
            var response = Response(.noError)
            response.dependsOnAsker = true
            return response
        }
        let alias = try Self.trial("template IN A x {\n answer \"{{ .Name }} 60 IN CNAME a.y.\"\n}", lookups: lookups)
        #expect(try await alias.ask("n.x. A").dependsOnAsker)
    }

    @Test("Everything a template may know is put in")
    func values() async throws {
        let text = """
            template ANY ANY example {
                match ^(?P<host>[a-z]+)[.]
                answer `x`
            }
            """.replacing(
                "`x`",
                with:
                    "\"example 1 TXT \\\"{{ .Zone }} {{ .Name }} {{ .Class }} {{ .Type }} {{ index .Match 1 }} {{ .Group.host }} {{ .Remote }} {{ .Meta `a/b` }} {{ .Question.Qtype }} {{ .Message.Id }}\\\"\""
            )
        let response = try await Self.trial(text).ask("Www.EXAMPLE. MX") { query in
            query.id = 77
            query.metadata["a/b"] = "meta"
        }
        #expect(
            response.lines == [
                "NOERROR", "example. 1 IN TXT \"example. www.example. IN MX www www 10.0.0.1 meta 15 77\"",
            ])
    }

    @Test("What makes no record is SERVFAIL, counted and said")
    func failures() async throws {
        let metrics = Metrics()
        let text = """
            template IN A a.org {
                match ^(?P<n>.*)[.]a[.]org[.]$
                answer "{{ .Name }} 60 IN A 10.0.0.{{ parseInt .Group.n 10 8 }}"
            }
            template IN A b.org {
                match ^(?P<n>.*)[.]b[.]org[.]$
                answer "{{ .Name }} 60 IN A {{ .Group.n }}"
            }
            """
        let trial = try Self.trial(text, metrics: metrics)
        let first = try await trial.ask("300.a.org. A") { $0.serverLabel = "dns://:53" }
        #expect(first.code == .serverFailure)
        #expect(first.failure == "the answer template reads 300, which has more than 8 bits")
        let second = try await trial.ask("300.b.org. A") { $0.serverLabel = "dns://:53" }
        #expect(second.code == .serverFailure)
        #expect(second.failure?.hasPrefix("the answer template makes no record of '300.b.org. 60 IN A 300': ") == true)
        #expect(try await trial.ask("7.a.org. A").lines == ["NOERROR", "7.a.org. 60 IN A 10.0.0.7"])
        #expect(try await trial.ask("TYPE.a.org. TYPE4711").source == "next")
        let metricsText = metrics.text()
        for part in [
            "coredns_template_matches_total{server=\"dns://:53\",zone=\".\",view=\"\",class=\"IN\",type=\"A\"} 2",
            "coredns_template_template_failures_total{server=\"dns://:53\",zone=\".\",view=\"\",class=\"IN\",type=\"A\",section=\"answer\",template=",
            "coredns_template_rr_failures_total{server=\"dns://:53\",zone=\".\",view=\"\",class=\"IN\",type=\"A\",section=\"answer\",template=",
        ] { #expect(metricsText.contains(part), "\(part)") }
    }

    @Test("Names of strangers make no further records and leave no line")
    func hostileNames() async throws {
        let trial = try Self.trial(
            "template ANY ANY {\n match ^(?P<a>.*)[.]$\n answer \"{{ .Group.a }}. 60 IN TXT {{ .Group.a }}\"\n}")
        for name in ["a\\010b.", "a\\;b.", "a\\(b.", "a\\\"b.", "\\$INCLUDE.", "a\\032b.", "\\@.", "\\000\\255."] {
            let response = try await trial.ask("\(name) TXT")
            #expect(response.answers.count <= 1)
            #expect(response.answers.isEmpty == (response.code == .serverFailure))
            if let owner = response.answers.first?.owner { #expect(owner == DomainName(name)) }
        }
        let label = String(repeating: "\\000", count: 63)
        let long = "\(label).\(label).\(label).\(String(repeating: "\\255", count: 61))."
        #expect(try await trial.ask("\(long) TXT").answers.map(\.owner) == [DomainName(long)])
    }

    enum Cases {
        struct Example: Sendable {
            var zone = "."
            let text: String
            let questions: [(String, [String])]
        }

        static let documented: [Example] = [
            Example(
                text: "template ANY ANY {\n rcode NXDOMAIN\n}",
                questions: [("a.b. A", ["NXDOMAIN"]), (". TYPE4711", ["NXDOMAIN"])]),
            Example(
                zone: "engineering.coredns.io",
                text: """
                    template IN SOA {
                      match ^engineering\\.coredns\\.io\\.$
                      answer "{{ .Zone }} 3600 IN SOA ns1.{{ .Zone }} admin.{{ .Zone }} (1 60 120 86400 3600)"
                      fallthrough
                    }
                    template IN SOA {
                      authority "{{ .Zone }} 3600 IN SOA host. engineering.coredns.io. (1 60 120 86400 3600)"
                    }
                    template IN NS {
                      match ^engineering\\.coredns\\.io\\.$
                      answer "{{ .Zone }} 900 IN NS ns1.engineering.coredns.io."
                      answer "{{ .Zone }} 900 IN NS ns2.engineering.coredns.io."
                      fallthrough
                    }
                    """,
                questions: [
                    (
                        "Engineering.coredns.io. SOA",
                        [
                            "NOERROR",
                            "engineering.coredns.io. 3600 IN SOA ns1.engineering.coredns.io. admin.engineering.coredns.io. 1 60 120 86400 3600",
                        ]
                    ),
                    (
                        "x.engineering.coredns.io. SOA",
                        [
                            "NOERROR",
                            "? engineering.coredns.io. 3600 IN SOA host. engineering.coredns.io. 1 60 120 86400 3600",
                        ]
                    ),
                    (
                        "engineering.coredns.io. NS",
                        [
                            "NOERROR", "engineering.coredns.io. 900 IN NS ns1.engineering.coredns.io.",
                            "engineering.coredns.io. 900 IN NS ns2.engineering.coredns.io.",
                        ]
                    ),
                    ("x.engineering.coredns.io. NS", ["next"]), ("coredns.io. SOA", ["next"]),
                ]),
            Example(
                text:
                    "template ANY ANY invalid {\n rcode NXDOMAIN\n authority \"invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)\"\n}",
                questions: [
                    (
                        "a.INVALID. A",
                        ["NXDOMAIN", "? invalid. 60 IN SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60"]
                    ), ("a.org. A", ["next"]),
                ]),
            Example(
                text:
                    "template IN ANY example.com {\n match \"example\\.com\\.(dc1\\.example\\.com\\.)$\"\n rcode NXDOMAIN\n"
                    + " authority \"{{ index .Match 1 }} 60 IN SOA ns.{{ index .Match 1 }} hostmaster.{{ index .Match 1 }} (1 60 60 60 60)\"\n fallthrough\n}",
                questions: [
                    (
                        "a.example.com.dc1.example.com. A",
                        [
                            "NXDOMAIN",
                            "? dc1.example.com. 60 IN SOA ns.dc1.example.com. hostmaster.dc1.example.com. 1 60 60 60 60",
                        ]
                    ),
                    ("dc1.example.com. A", ["next"]),
                ]),
            Example(
                text: """
                    template IN A example {
                      match (^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$
                      answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
                      fallthrough
                    }
                    template IN PTR in-addr.arpa {
                      match ^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.](?P<b>[0-9]*)[.](?P<a>[0-9]*)[.]in-addr[.]arpa[.]$
                      answer "{{ .Name }} 60 IN PTR ip-{{ .Group.a }}-{{ .Group.b }}-{{ .Group.c }}-{{ .Group.d }}.example."
                    }
                    template IN A hex {
                      match "^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{2})[.]hex[.]$"
                      answer "{{ .Name }} 60 IN A 10.{{ parseInt .Group.b 16 8 }}.{{ parseInt .Group.c 16 8 }}.{{ parseInt .Group.d 16 8 }}"
                    }
                    template IN MX mx {
                      match ^ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]mx[.]$
                      answer "{{ .Name }} 60 IN MX 10 {{ .Name }}"
                      additional "{{ .Name }} IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
                    }
                    """,
                questions: [
                    ("web.ip-10-0-0-7.Example. A", ["NOERROR", "web.ip-10-0-0-7.example. 60 IN A 10.0.0.7"]),
                    ("web.example. A", ["next"]),
                    ("web.ip-10-0-0-7.example. AAAA", ["next"]),
                    (
                        "7.0.0.10.in-addr.arpa. PTR",
                        ["NOERROR", "7.0.0.10.in-addr.arpa. 60 IN PTR ip-10-0-0-7.example."]
                    ),
                    ("x.in-addr.arpa. PTR", ["SERVFAIL"]),
                    ("ip0a7b7b7b.hex. A", ["NOERROR", "ip0a7b7b7b.hex. 60 IN A 10.123.123.123"]),
                    ("ip0a7b7b7.hex. A", ["SERVFAIL"]),
                    (
                        "ip-10-1-2-3.mx. MX",
                        [
                            "NOERROR", "ip-10-1-2-3.mx. 60 IN MX 10 ip-10-1-2-3.mx.",
                            "+ ip-10-1-2-3.mx. 3600 IN A 10.1.2.3",
                        ]
                    ),
                ]),
        ]
    }
}
