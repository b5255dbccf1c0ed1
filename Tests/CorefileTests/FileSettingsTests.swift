import Corefile
import DNS
import Testing

@Suite("file")
struct FileSettingsTests {
    @Test("All options are read, for several files")
    func options() throws {
        let settings = try DirectiveText.settings(
            FileSettings.self,
            """
            file db.example.org
            file /etc/zones/db.net example.net a.example.net {
                reload 0
                reload_by_mtime
                fallthrough
                upstream 8.8.8.8
            }
            """)
        #expect(settings.sources.map(\.path) == ["db.example.org", "/etc/zones/db.net"])
        #expect(
            settings.sources.map { $0.zones.map(\.description) } == [
                ["example.org."], ["example.net.", "a.example.net."],
            ])
        #expect(settings.sources.map(\.reload) == [.seconds(60), .zero])
        #expect(settings.sources.map(\.reloadsOnAnyChange) == [false, true])
        #expect(settings.sources.map(\.fallThrough) == [.never, .always])
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("file", "Corefile:2: 'file' needs at least 1 argument"),
            ("file db {\n no_reload\n}", "Corefile:3: 'no_reload' is gone since CoreDNS 1.5; write reload 0"),
            (
                "file db {\n transfer to *\n}",
                "Corefile:3: 'transfer' is no option of file; write transfer as a directive of its own"
            ),
            (
                "file db {\n x\n}",
                "Corefile:3: 'x' is unknown in file; write one of reload, reload_by_mtime, fallthrough"
            ),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(FileSettings.self, text) == message)
    }
}
