import Corefile
import Testing

@Suite("errors")
struct ErrorsSettingsTests {
    @Test("All options are read")
    func options() throws {
        let settings = try DirectiveText.settings(
            ErrorsSettings.self,
            """
            errors {
                stacktrace
                consolidate 5m ".* i/o timeout$" warning
                consolidate 30s "^Failed to .+" show_first
                consolidate 1s x info show_first
            }
            """)
        #expect(settings.hasStacktrace)
        #expect(settings.consolidations.map(\.period) == [.seconds(300), .seconds(30), .seconds(1)])
        #expect(settings.consolidations.map(\.level) == [.warning, .error, .info])
        #expect(settings.consolidations.map(\.showsFirst) == [false, true, true])
        #expect(settings.consolidations[0].pattern.pattern == ".* i/o timeout$")
        #expect(try DirectiveText.settings(ErrorsSettings.self, "errors stdout").consolidations == [])
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("errors /var/log/x", "Corefile:2: '/var/log/x' is no place to log to; write stdout or nothing"),
            ("errors {\n consolidate 5m\n}", "Corefile:3: 'consolidate' needs at least 2 arguments"),
            ("errors {\n consolidate 0s x\n}", "Corefile:3: '0s' is no length of time above 0"),
            (
                "errors {\n consolidate 1s x loud\n}",
                "Corefile:3: 'loud' is no level of logging; write warning, error, info or debug, then show_first if wanted"
            ),
            (
                "errors {\n consolidate 1s (\n}",
                "Corefile:3: '(' is no pattern: it has a parenthesis that is not closed"
            ),
            ("errors {\n flood\n}", "Corefile:3: 'flood' is unknown in errors; write one of stacktrace, consolidate"),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(ErrorsSettings.self, text) == message)
    }
}
