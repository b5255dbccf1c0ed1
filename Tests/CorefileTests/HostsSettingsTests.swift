import Corefile
import DNS
import Testing

@Suite("hosts")
struct HostsSettingsTests {
    @Test("All options are read")
    func options() throws {
        let settings = try DirectiveText.settings(
            HostsSettings.self,
            """
            hosts example.hosts example.org 10.0.0.0/8 {
                10.0.0.1 a.example.org b.example.org
                fe80::1%eth0 c.example.org
                ttl 60
                no_reverse
                reload 15s
                fallthrough example.org
                fallthrough_unsupported
            }
            """)
        #expect(settings.path == "example.hosts")
        #expect(settings.zones.map(\.description) == ["example.org.", "10.in-addr.arpa."])
        #expect(settings.entries.map(\.names) == [["a.example.org", "b.example.org"], ["c.example.org"]])
        #expect(settings.ttl == 60)
        #expect(!settings.hasReverse)
        #expect(settings.reload == .seconds(15))
        #expect(settings.fallThrough.zones.map(\.description) == ["example.org."])
        #expect(settings.handsOnOtherTypes)
    }

    @Test("Without options it is /etc/hosts for the zones of the block")
    func defaults() throws {
        let settings = try DirectiveText.settings(HostsSettings.self, "hosts")
        #expect(settings.path == "/etc/hosts")
        #expect(settings.zones.map(\.description) == ["example.org."])
        #expect(settings.ttl == 3600)
        #expect(settings.hasReverse)
        #expect(settings.reload == .seconds(5))
        #expect(settings.fallThrough == .never)
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("hosts\nhosts", "Corefile:3: 'hosts' may stand once in a server block"),
            ("hosts {\n ttl 0\n}", "Corefile:3: '0' is out of range; write 1 to 65535"),
            ("hosts {\n ttl\n}", "Corefile:3: 'ttl' needs 1 argument"),
            ("hosts {\n reload soon\n}", "Corefile:3: 'soon' is no length of time; write one as 500ms, 5s or 1m30s"),
            ("hosts {\n 10.0.0.1\n}", "Corefile:3: '10.0.0.1' is an address without names"),
            ("hosts {\n 10.0.0.1 a..b\n}", "Corefile:3: 'a..b' is no domain name"),
            (
                "hosts {\n tttl 5\n}",
                "Corefile:3: 'tttl' is unknown in hosts; write an address with names, or one of ttl, no_reverse, reload, fallthrough"
            ),
            (
                "hosts {\n fallthrough_unsupported\n}",
                "Corefile:3: 'fallthrough_unsupported' needs fallthrough beside it"
            ),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(HostsSettings.self, text) == message)
    }
}
