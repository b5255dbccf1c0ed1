import Corefile
import DNS
import Registry
import Testing

@Suite("acl")
struct AclSettingsTests {
    @Test("Rules are read as CoreDNS documents them")
    func rules() throws {
        let settings = try DirectiveText.settings(
            AclSettings.self,
            """
            acl a.example.org b.example.org {
                allow net 192.168.0.0/16
                BLOCK type A AAAA net 10.0.0.1 fd00::/8
                filter net 10.1.2.3/8 type TXT
                drop
                block type * A
            }
            acl {
                block type A net * 10.0.0.0/8
            }
            """)
        #expect(
            settings.rules.map(\.zones).map { $0.map(\.description) } == [
                ["a.example.org.", "b.example.org."], ["example.org."],
            ])
        let policies = settings.rules[0].policies
        #expect(policies.map(\.action) == [.allow, .block, .filter, .drop, .block])
        #expect(policies.map(\.types) == [nil, [.a, .aaaa], [.txt], nil, nil])
        #expect(
            policies[1].networks?.map(\.range) == [
                0x0a00_0001...0x0a00_0001, UInt128(0xfd) << 120...(UInt128(0xfe) << 120) - 1,
            ])
        #expect(policies[2].networks?.map(\.range) == [0x0a00_0000...0x0aff_ffff])
        #expect(settings.rules[1].policies[0].networks == nil)
    }

    @Test(
        "What is wrong is refused at its place",
        arguments: [
            ("acl {\n deny\n}", "Corefile:3: 'deny' is unknown in acl; write one of allow, block, filter, drop"),
            ("acl {\n block file x\n}", "Corefile:3: 'file' is unknown in acl; write type or net"),
            ("acl {\n block type\n}", "Corefile:3: 'type' needs at least 1 argument"),
            ("acl {\n block type net 10.0.0.1\n}", "Corefile:3: 'type' needs at least 1 argument"),
            (
                "acl {\n block type ATYPE\n}",
                "Corefile:3: 'ATYPE' is no record type; write one as AAAA, TYPE65, or * for all"
            ),
            (
                "acl {\n block net 10.0.0.0/33\n}",
                "Corefile:3: '10.0.0.0/33' is no network; write an address, one as 10.0.0.0/8, or * for all"
            ),
            (
                "acl {\n block net 10.0.0\n}",
                "Corefile:3: '10.0.0' is no network; write an address, one as 10.0.0.0/8, or * for all"
            ),
        ])
    func refusals(_ text: String, _ message: String) {
        #expect(DirectiveText.refusal(AclSettings.self, text) == message)
    }

    @Test("Networks of all lengths are read; those of mapped addresses are IPv4")
    func networks() throws {
        for length in 0...128 {
            #expect(AclSettings.Network("2001:db8::1/\(length)")?.range.contains(0x2001_0db8 << 96 | 1) == true)
        }
        for length in 0...32 { #expect(AclSettings.Network("10.1.2.3/\(length)")?.range.contains(0x0a01_0203) == true) }
        let mapped = try #require(AclSettings.Network("::ffff:10.0.0.0/104"))
        #expect(mapped.family == .ipv4)
        #expect(mapped.range == 0x0a00_0000...0x0aff_ffff)
        for bad in ["", "/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "x"] {
            #expect(AclSettings.Network(bad) == nil)
        }
    }
}
