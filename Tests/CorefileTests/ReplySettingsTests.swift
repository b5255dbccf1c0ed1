import Corefile
import DNS
import Registry
import Testing

/// The settings of directives that change replies.
@Suite struct ReplySettingsTests {
    @Test func bufsize() throws {
        #expect(try SettingsText("bufsize").settings(BufsizeSettings.self)?.size == 1232)
        #expect(try SettingsText("bufsize 512").settings(BufsizeSettings.self)?.size == 512)
        let large = try SettingsText("bufsize 4096").settings(BufsizeSettings.self)
        #expect(large?.size == 4096)
        #expect(
            large?.warnings.map(\.description)
                == ["Corefile:2: '4096' has no effect: datagrams have at most 1232 bytes in any case"])
        #expect(try SettingsText("bufsize 1232").settings(BufsizeSettings.self)?.warnings.isEmpty == true)
    }

    @Test func header() throws {
        let text = "header {\nset ra aa\nresponse clear RD\nquery clear rd\nResponse set rd\n}"
        let settings = try #require(try SettingsText(text).settings(HeaderSettings.self))
        #expect(
            settings.responseRules == [
                .init(.recursionAvailable, isSet: true), .init(.authoritative, isSet: true),
                .init(.recursionDesired, isSet: false), .init(.recursionDesired, isSet: true),
            ])
        #expect(settings.queryRecursion == false)
    }

    @Test func autopath() throws {
        let settings = try #require(try SettingsText("autopath a.example @kubernetes").settings(AutopathSettings.self))
        #expect(settings.zones.map(\.description) == ["a.example."] && settings.source == .kubernetes)
        let other = try #require(try SettingsText("autopath /etc/resolv.conf").settings(AutopathSettings.self))
        #expect(other.zones == SettingsText.zones && other.source == .file("/etc/resolv.conf"))
    }

    @Test func loadbalance() throws {
        for text in ["loadbalance", "loadbalance round_robin"] {
            let settings = try #require(try SettingsText(text).settings(LoadBalanceSettings.self))
            #expect(settings.weights == nil && settings.preferred.isEmpty)
        }
        let weighted = try #require(
            try SettingsText("loadbalance weighted db.weights").settings(LoadBalanceSettings.self))
        #expect(weighted.weights?.path == "db.weights" && weighted.weights?.reload == .seconds(30))
        let text = "loadbalance weighted /w {\nreload 0\nprefer 10.1.2.3/8 fd00::/8\nprefer 192.0.2.0/24\n}"
        let settings = try #require(try SettingsText(text).settings(LoadBalanceSettings.self))
        #expect(settings.weights?.reload == .zero)
        #expect(settings.preferred.map(\.description) == ["10.0.0.0/8", "fd00::/8", "192.0.2.0/24"])
    }

    @Test func dns64() throws {
        let plain = try #require(try SettingsText("dns64").settings(DNS64Settings.self))
        #expect(plain.prefix == CIDR("64:ff9b::/96") && !plain.translatesAll && !plain.allowsIPv4)
        let short = try #require(try SettingsText("dns64 2001:db8::1/32").settings(DNS64Settings.self))
        #expect(short.prefix == CIDR("2001:db8::/32"))
        let text = "dns64 {\nprefix 2001:db8:1::/48\ntranslate_all\nallow_ipv4\n}"
        let long = try #require(try SettingsText(text).settings(DNS64Settings.self))
        #expect(long.prefix == CIDR("2001:db8:1::/48") && long.translatesAll && long.allowsIPv4)
    }

    @Test("What is wrong is named", arguments: ReplyFault.bufsize)
    func bufsizeFaults(_ fault: WrongText) { fault.expect(BufsizeSettings.self) }

    @Test("What is wrong is named", arguments: ReplyFault.header)
    func headerFaults(_ fault: WrongText) { fault.expect(HeaderSettings.self) }

    @Test("What is wrong is named", arguments: ReplyFault.autopath)
    func autopathFaults(_ fault: WrongText) { fault.expect(AutopathSettings.self) }

    @Test("What is wrong is named", arguments: ReplyFault.loadbalance)
    func loadbalanceFaults(_ fault: WrongText) { fault.expect(LoadBalanceSettings.self) }

    @Test("What is wrong is named", arguments: ReplyFault.dns64)
    func dns64Faults(_ fault: WrongText) { fault.expect(DNS64Settings.self) }
}

enum ReplyFault {
    static let bufsize: [WrongText] = [
        .init("bufsize 511", "Corefile:2: '511' is out of range; write 512 to 4096"),
        .init("bufsize 4097", "Corefile:2: '4097' is out of range; write 512 to 4096"),
        .init("bufsize big", "Corefile:2: 'big' is no whole number"),
        .init("bufsize 512 512", "Corefile:2: '512' is one argument too many for bufsize"),
        .init("bufsize {\n}", "Corefile:2: 'bufsize' takes no block"),
    ]
    static let header: [WrongText] = [
        .init("header", "Corefile:2: 'header' needs a block with rules; write for example { response set ra }"),
        .init("header {\n}", "Corefile:2: 'header' needs a block with rules; write for example { response set ra }"),
        .init(
            "header {\nanswer set ra\n}",
            "Corefile:3: 'answer' is no rule of header; write set or clear, after query or response"),
        .init("header {\nresponse\n}", "Corefile:3: 'response' needs set or clear, and flags"),
        .init("header {\nset\n}", "Corefile:3: 'set' needs at least one flag; write aa, ra or rd"),
        .init("header {\nset ad\n}", "Corefile:3: 'ad' is no flag that can be changed; write aa, ra or rd"),
        .init(
            "header {\nquery set aa\n}",
            "Corefile:3: 'aa' has no meaning in queries (RFC 1035 §4.1.1); write rd"),
    ]
    static let autopath: [WrongText] = [
        .init(
            "autopath", "Corefile:2: 'autopath' needs a search path; write @kubernetes or a file as /etc/resolv.conf"),
        .init("autopath @erratic", "Corefile:2: '@erratic' knows no search paths; write @kubernetes"),
        .init("autopath a..b @kubernetes", "Corefile:2: 'a..b' is no domain name"),
        .init(
            "autopath @kubernetes\nautopath @kubernetes", "Corefile:3: 'autopath' may stand only once in a server block"
        ),
    ]
    static let loadbalance: [WrongText] = [
        .init(
            "loadbalance random", "Corefile:2: 'random' is no policy of loadbalance; write round_robin or weighted FILE"
        ),
        .init("loadbalance round_robin x", "Corefile:2: 'x' is one argument too many for loadbalance"),
        .init("loadbalance weighted", "Corefile:2: 'weighted' needs the file with the weights"),
        .init("loadbalance {\nreload 5s\n}", "Corefile:3: 'reload' has a meaning only with weighted"),
        .init("loadbalance {\nprefer\n}", "Corefile:3: 'prefer' needs at least 1 argument"),
        .init(
            "loadbalance {\nprefer 10.0.0.1\n}",
            "Corefile:3: '10.0.0.1' is no network; write one as 10.0.0.0/8 or fd00::/8"),
        .init(
            "loadbalance {\nlimit 5\n}", "Corefile:3: 'limit' is unknown in loadbalance; write one of reload, prefer"),
    ]
    static let dns64: [WrongText] = [
        .init("dns64 10.0.0.0/8", "Corefile:2: '10.0.0.0/8' is no IPv6 network"),
        .init("dns64 64:ff9b::", "Corefile:2: '64:ff9b::' is no network; write one as 10.0.0.0/8 or fd00::/8"),
        .init(
            "dns64 64:ff9b::/72",
            "Corefile:2: '64:ff9b::/72' has no length that RFC 6052 knows; write one of /32, /40, /48, /56, /64 and /96"
        ),
        .init(
            "dns64 2001:db8:0:0:100::/96",
            "Corefile:2: '2001:db8:0:0:100::/96' has bits 64 to 71 set, which are zero in every such address "
                + "(RFC 6052 §2.2)"),
        .init(
            "dns64 {\nproxy .\n}",
            "Corefile:3: 'proxy' is unknown in dns64; write one of prefix, translate_all, allow_ipv4"),
        .init("dns64\ndns64", "Corefile:3: 'dns64' may stand only once in a server block"),
    ]
}
