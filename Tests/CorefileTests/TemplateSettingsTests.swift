import DNS
import Testing

@testable import Corefile

@Suite("template")
struct TemplateSettingsTests {
    @Test("All options are read")
    func options() throws {
        let settings = try DirectiveText.settings(
            TemplateSettings.self,
            """
            template IN A example {
                match "^ip-(?P<a>10)[.]example[.]$" "^(?P<a>[0-9]*)[.]ext[.]example[.]$"
                answer "{{ .Name }} 60 IN A {{ .Group.a}}.0.0.1"
                additional "x. 60 IN A 192.0.2.1"
                authority  "example. 60 IN NS ns0.example."
                authority  "example. 60 IN NS ns1.example."
                fallthrough a.example
                upstream
            }
            template ANY ANY {
                rcode NXDOMAIN
                ederror 21 "Blocked according to RFC2606"
            }
            """)
        let first = settings.templates[0]
        #expect(first.type == .a)
        #expect(first.zones.map(\.description) == ["example."])
        #expect(first.patterns.count == 2)
        #expect([first.answers.count, first.additionals.count, first.authorities.count] == [1, 1, 2])
        #expect(first.fallThrough.zones.map(\.description) == ["a.example."])
        let second = settings.templates[1]
        #expect(second.recordClass.rawValue == 255)
        #expect(second.type == .any)
        #expect(second.code == .nxDomain)
        #expect(second.extendedError == .init(code: 21, text: "Blocked according to RFC2606"))
        #expect(second.fallThrough == .never)
    }

    @Test(
        "A template may answer nothing", arguments: ["template IN AAAA .", "template IN AAAA . {\n rcode NOERROR\n}"])
    func empty(_ text: String) throws {
        let template = try #require(try DirectiveText.settings(TemplateSettings.self, text).templates.first)
        #expect(template.code == .noError)
        #expect(template.answers.isEmpty && template.authorities.isEmpty && template.additionals.isEmpty)
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("template IN", "Corefile:2: 'template' needs a class and a type; write template IN A"),
            ("template XX A {\n rcode NXDOMAIN\n}", "Corefile:2: 'XX' is no class"),
            ("template IN XX {\n rcode NXDOMAIN\n}", "Corefile:2: 'XX' is no record type"),
            ("template IN A {\n rcode NOPE\n}", "Corefile:3: 'NOPE' is no response code; write one as NXDOMAIN"),
            ("template IN A {\n ederror x\n}", "Corefile:3: 'x' is no whole number"),
            ("template IN A {\n match (\n}", "Corefile:3: '(' is no pattern: it has a parenthesis that is not closed"),
            (
                "template IN A {\n answer \"{{ if .Name }}\"\n}",
                "Corefile:3: '{{ if .Name }}' is no template: it has 'if', which is not supported; there are index, parseInt, len, print"
            ),
            (
                "template IN A {\n answer {{.Group.x}}\n}",
                "Corefile:3: '{{.Group.x}}' reads .Group.x, but no pattern has a group of that name"
            ),
            (
                "template IN A {\n match (a)\n answer \"{{ index .Match 2 }}\"\n}",
                "Corefile:4: '{{ index .Match 2 }}' reads number 2 of .Match, but no pattern has that many groups"
            ),
            (
                "template IN A {\n answer {{.Message.Question}}\n}",
                "Corefile:3: '{{.Message.Question}}' reads .Message.Question, which is not supported; "
                    + "use .Zone, .Name, .Class, .Type, .Match, .Group, .Remote or .Meta"
            ),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(TemplateSettings.self, text) == message)
    }
}
