import Testing

@testable import Corefile

@Suite("any, cancel, chaos, debug, local, minimal, nsid, whoami")
struct SmallSettingsTests {
    enum Cases {
        static let cancel: [(String, String)] = [
            ("cancel 0", "'0' leaves no time; write one as 1s or 5001ms"),
            ("cancel -1s", "'-1s' is no length of time; write one as 500ms, 5s or 1m30s"),
            ("cancel 1s 2s", "'2s' is one argument too many for cancel"),
        ]
        static let plain: [any DirectiveSettings.Type] = [
            AnySettings.self, DebugSettings.self, MinimalSettings.self, WhoamiSettings.self,
        ]
    }

    @Test("Directives without options take none")
    func plain() throws {
        for type in Cases.plain { try check(type) }
    }

    private func check<Settings: DirectiveSettings>(_ type: Settings.Type) throws {
        let name = type.directive
        _ = try CorefileText.settings(type, "\(name)\n\(name)")
        #expect(CorefileText.refusal(type, "\(name) x") == "'x' is one argument too many for \(name)")
        #expect(CorefileText.refusal(type, "\(name) {\n}") == "'\(name)' takes no block")
    }

    @Test("local: localhost in front of other names is answered unless told")
    func local() throws {
        #expect(try CorefileText.settings(LocalSettings.self, "local").answersPrefix)
        #expect(try CorefileText.settings(LocalSettings.self, "local {\nlocalhost_prefix on\n}").answersPrefix)
        #expect(try !CorefileText.settings(LocalSettings.self, "local {\nlocalhost_prefix off\n}").answersPrefix)
        #expect(CorefileText.refusal(LocalSettings.self, "local x") == "'x' is one argument too many for local")
        #expect(
            CorefileText.refusal(LocalSettings.self, "local {\nlocalhost_prefix no\n}")
                == "'no' is neither on nor off; write localhost_prefix on or off")
        #expect(CorefileText.refusal(LocalSettings.self, "local {\nprefix off\n}").contains("'prefix'"))
    }

    @Test("cancel: 5001 ms unless told")
    func cancel() throws {
        #expect(try CorefileText.settings(CancelSettings.self, "cancel").timeout == .milliseconds(5001))
        #expect(try CorefileText.settings(CancelSettings.self, "cancel 1.5s").timeout == .milliseconds(1500))
    }

    @Test("cancel: what is wrong", arguments: Cases.cancel)
    func cancelRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(CancelSettings.self, lines) == message)
    }

    @Test("nsid: words joined by blanks, the machine's name unless told")
    func nsid() throws {
        #expect(try CorefileText.settings(NSIDSettings.self, "nsid").data == nil)
        #expect(
            try CorefileText.settings(NSIDSettings.self, "nsid \"Use The\" Force").data == Array("Use The Force".utf8))
        let long = String(repeating: "x", count: 513)
        #expect(
            CorefileText.refusal(NSIDSettings.self, "nsid \(long)").hasSuffix(
                "begins a name of 513 bytes; write 1 to 512 bytes"))
    }

    @Test("chaos: version, then authors, sorted and each once")
    func chaos() throws {
        let plain = try CorefileText.settings(ChaosSettings.self, "chaos")
        #expect(plain.version == nil && plain.authors == [])
        let full = try CorefileText.settings(ChaosSettings.self, "chaos CoreDNS-001 b@x a@x \"b@x\"")
        #expect(full.version == "CoreDNS-001" && full.authors == ["a@x", "b@x"])
    }
}
