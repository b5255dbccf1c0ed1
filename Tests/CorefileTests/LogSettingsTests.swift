import Corefile
import DNS
import Testing

@Suite("log")
struct LogSettingsTests {
    @Test("Zones, formats and classes are read as CoreDNS documents them")
    func rules() throws {
        let settings = try DirectiveText.settings(
            LogSettings.self,
            """
            log
            log example.org example.net "{combined}" {
                class denial error
            }
            log . "{proto} Request: {name} {type} {>id}"
            log example.com {
                class all
            }
            """)
        #expect(
            settings.rules.map(\.zone) == ["."].compactMap { DomainName($0) }
                + ["example.org", "example.net", ".", "example.com"].compactMap { DomainName($0) })
        #expect(settings.rules.map(\.classes) == [[.all], [.denial, .error], [.denial, .error], [.all], [.all]])
        #expect(settings.rules[0].format == LogFormat(LogFormat.common))
        #expect(settings.rules[1].format == LogFormat("{common} \"{>opcode}\""))
        #expect(
            settings.rules[3].format.pieces == [
                .field(.transport), .text(" Request: "), .field(.name), .text(" "), .field(.type), .text(" "),
                .field(.id),
            ])
    }

    @Test("Placeholders that are not known stay; those of the header have no case")
    func format() {
        #expect(
            LogFormat("{x} {>RFlags}{/kubernetes/namespace} {} {").pieces == [
                .text("{x} "), .field(.answerFlags), .metadata("kubernetes/namespace"), .text(" {} {"),
            ])
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("log {\n class\n}", "Corefile:3: 'class' needs at least 1 argument"),
            (
                "log {\n class good\n}",
                "Corefile:3: 'good' is no class of answers; write one of success, denial, error, all"
            ),
            ("log {\n clas denial\n}", "Corefile:3: 'clas' is unknown in log; write one of class"),
            ("log a..b", "Corefile:2: 'a..b' is no domain name"),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(LogSettings.self, text) == message)
    }
}
