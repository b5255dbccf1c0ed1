import DNS
import Testing

@testable import Corefile

@Suite("rewrite")
struct RewriteSettingsTests {
    private typealias Rewrite = RewriteSettings

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func rule(_ text: String) throws -> RewriteSettings.Rule {
        let settings = try DirectiveText.settings(RewriteSettings.self, text)
        return try #require(settings.rules.first)
    }

    @Test("Rules for codes are read")
    func codes() throws {
        #expect(try Self.rule("rewrite type ANY HINFO").change == .type(from: .any, to: .hinfo))
        #expect(try Self.rule("rewrite continue class CH IN").continues)
        #expect(
            try Self.rule("rewrite stop class CH IN").change
                == .recordClass(from: RecordClass(rawValue: 3), to: .internet))
        #expect(
            try Self.rule("rewrite rcode Example.org SERVFAIL NXDOMAIN").change
                == .code(.exact(Self.bytes("example.org.")), from: .serverFailure, to: .nxDomain))
        #expect(
            try Self.rule("rewrite rcode suffix .org 2 0").change
                == .code(.suffix(Self.bytes(".org.")), from: .serverFailure, to: .noError))
    }

    @Test(
        "TTLs are numbers or ranges",
        arguments: [
            ("30-300", UInt32(30)...300), ("-30", 0...30), ("30-", 30...2_147_483_647), ("30", 30...30), ("0", 0...0),
        ])
    func ttls(_ text: String, _ range: ClosedRange<UInt32>) throws {
        #expect(
            try Self.rule("rewrite ttl example.com. \(text)").change == .ttl(.exact(Self.bytes("example.com.")), range))
        #expect(
            try Self.rule("rewrite continue {\n ttl regex (.*)\\.coredns\\.rocks \(text)\n}").change
                == .ttl(.regex(try RegularExpression("(.*)\\.coredns\\.rocks")), range))
    }

    @Test("Rules for names are read, in a line or in braces")
    func names() throws {
        let pattern = try RegularExpression("(.*)-(us-west-1)\\.coredns\\.rocks")
        let back = try RegularExpression("(.*)\\.service\\.(us-west-1)\\.consul")
        let expected = RewriteSettings.Change.name(
            .init(
                pattern: .regex(pattern),
                replacement: .init(pieces: [.group(1), .text(".service."), .group(2), .text(".consul.")]),
                isReverted: false,
                answers: [
                    .init(
                        part: .name, pattern: back,
                        replacement: .init(pieces: [.group(1), .text("-"), .group(2), .text(".coredns.rocks.")]))
                ]))
        let lines = "name regex (.*)-(us-west-1)\\.coredns\\.rocks {1}.service.{2}.consul"
        let answer = "answer name (.*)\\.service\\.(us-west-1)\\.consul {1}-{2}.coredns.rocks"
        #expect(try Self.rule("rewrite stop {\n \(lines)\n \(answer)\n}").change == expected)
        #expect(try Self.rule("rewrite \(lines) \(answer)").change == expected)
        guard case .name(let exact) = try Self.rule("rewrite name RED.example BLUE.example").change,
            case .name(let auto) = try Self.rule("rewrite name suffix .arpa .arpa answer name auto answer value a b")
                .change,
            case .name(let several) = try Self.rule("rewrite name prefix a b answer name x y value (z) {1}").change
        else {
            Issue.record("no rules for names")
            return
        }
        #expect(exact.pattern == .exact(Self.bytes("red.example.")))
        #expect(exact.replacement.pieces == [.text("blue.example.")])
        #expect(exact.isReverted)
        #expect(auto.isReverted)
        #expect(auto.answers.map(\.part) == [.value])
        #expect(several.answers.map(\.part) == [.name, .value])
        #expect(!several.isReverted)
    }

    @Test("Rules for EDNS options are read")
    func edns() throws {
        func option(_ text: String) throws -> RewriteSettings.EDNSRewrite {
            guard case .edns(let rewrite) = try Self.rule("rewrite edns0 \(text)").change else {
                throw CancellationError()
            }
            return rewrite
        }
        let local = try option("local set 0xffee 0x61626364")
        #expect(local.option == .local(code: 0xffee, .bytes(Self.bytes("abcd"))))
        #expect(local.action == .set)
        #expect(!local.isReverted)
        #expect(try option("local append 65518 abcd revert").isReverted)
        #expect(
            try option("local replace 0xffee {client_ip}").option == .local(code: 0xffee, .variable(.clientAddress)))
        #expect(
            try option("local set 010 {some-plugin/some-label}").option
                == .local(code: 8, .metadata("some-plugin/some-label")))
        #expect(try option("local unset 0xffee").action == .unset)
        #expect(try option("nsid set").option == .nsid)
        #expect(try option("subnet set 24 56 revert").option == .subnet(v4: 24, v6: 56))
        #expect(try option("subnet unset").action == .unset)
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("rewrite", "Corefile:2: 'rewrite' lacks what to rewrite"),
            (
                "rewrite flag aa",
                "Corefile:2: 'flag' is unknown in rewrite; write one of name, type, class, ttl, rcode, cname, edns0"
            ),
            ("rewrite type ANY", "Corefile:2: 'rewrite' lacks a record type"),
            ("rewrite type ANY HINFO x", "Corefile:2: 'x' is one argument too many for rewrite"),
            ("rewrite class XX IN", "Corefile:2: 'XX' is no class"),
            ("rewrite answer name a b", "Corefile:2: 'answer' stands alone; write it behind a name rule"),
            (
                "rewrite name glob a b",
                "Corefile:2: 'glob' is no kind of match; write one of exact, prefix, suffix, substring, regex"
            ),
            ("rewrite name regex ( b", "Corefile:2: '(' is no pattern: it has a parenthesis that is not closed"),
            ("rewrite name regex (a) {2}", "Corefile:2: '{2}' names group 2, but its pattern has 1"),
            (
                "rewrite name exact a b x",
                "Corefile:2: 'x' is one argument too many for rewrite; write answer before auto, name or value"
            ),
            ("rewrite name exact a b answer", "Corefile:2: 'rewrite' lacks auto, name or value"),
            (
                "rewrite name exact a b answer type",
                "Corefile:2: 'type' is unknown behind answer; write one of auto, name, value"
            ),
            ("rewrite name suffix a b answer auto name x y", "Corefile:2: 'auto' does not go with answer name"),
            ("rewrite ttl a 30-20", "Corefile:2: '30-20' is no range of TTLs; write seconds: 30, 30-300, 30- or -300"),
            ("rewrite ttl a -", "Corefile:2: '-' is no range of TTLs; write seconds: 30, 30-300, 30- or -300"),
            ("rewrite ttl a 1-2-3", "Corefile:2: '1-2-3' is no range of TTLs; write seconds: 30, 30-300, 30- or -300"),
            ("rewrite rcode a X NOERROR", "Corefile:2: 'X' is no response code"),
            (
                "rewrite edns0 local add 1 x",
                "Corefile:2: 'add' is unknown in rewrite edns0; write one of set, append, replace, unset"
            ),
            (
                "rewrite edns0 local set 65536 x",
                "Corefile:2: '65536' is no code of an EDNS option; write one as 0xffee"
            ),
            (
                "rewrite edns0 local set 1 0x123",
                "Corefile:2: '0x123' is no hexadecimal data; write two digits for each byte"
            ),
            ("rewrite edns0 subnet set 33 1", "Corefile:2: '33' is out of range; write 0 to 32"),
            (
                "rewrite edns0 cookie set",
                "Corefile:2: 'cookie' is unknown in rewrite edns0; write one of local, nsid, subnet"
            ),
            (
                "rewrite type A AAAA {\n type A AAAA\n}",
                "Corefile:2: 'rewrite' has a rule both in the line and in braces"
            ),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(RewriteSettings.self, text) == message)
    }

    @Test(
        "Patterns replace what they match",
        arguments: [
            (
                "substring service.us-west-1.example.org service.us-west-1.consul",
                "ftp.service.us-west-1.example.org.", "ftp.service.us-west-1.consul."
            ),
            (
                "regex (.*)-(us-west-1)\\.example\\.org {1}.service.{2}.consul", "ftp-us-west-1.example.org.",
                "ftp.service.us-west-1.consul."
            ),
            ("suffix .schmoogle.com. .google.com.", "www.schmoogle.com.", "www.google.com."),
            ("prefix test. not-a-test.", "test.example.com.", "not-a-test.example.com."),
            ("exact a.b c.d", "a.b.", "c.d."),
            ("substring a. bb.", "a.a.xa.", "bb.bb.xbb."),
        ])
    func replacement(_ rule: String, _ name: String, _ expected: String) throws {
        guard case .name(let rewrite) = try Self.rule("rewrite name \(rule)").change else { throw CancellationError() }
        #expect(rewrite.pattern.matches(Self.bytes(name)))
        let new = rewrite.pattern.replaced(in: Self.bytes(name), by: rewrite.replacement)
        #expect(new.map { String(decoding: $0, as: UTF8.self) } == expected)
        #expect(rewrite.pattern.replaced(in: Self.bytes("other."), by: rewrite.replacement) == nil)
    }
}
