import Corefile
import DNS
import Registry
import Testing

private struct Faulty: Sendable, CustomTestStringConvertible {
    /// What stands in the server block; its first line is the second one of the file.
    var lines: String
    var message: String

    var testDescription: String { lines }

    static let table: [Faulty] = [
        Faulty(
            lines: "forward",
            message: "Corefile:2: 'forward' needs a name and upstreams; write it as in forward . 192.0.2.53"),
        Faulty(
            lines: "forward .",
            message:
                "Corefile:2: 'forward' has no upstream; write one as in forward . 192.0.2.53, or /etc/resolv.conf"),
        Faulty(
            lines: "forward . dns.example.org",
            message: "Corefile:2: 'dns.example.org' is a name, and upstreams have addresses here; \(form)"),
        Faulty(lines: "forward . 192.0.2.1:0", message: "Corefile:2: '192.0.2.1:0' is no upstream; \(form)"),
        Faulty(lines: "forward . 192.0.2.1:65536", message: "Corefile:2: '192.0.2.1:65536' is no upstream; \(form)"),
        Faulty(lines: "forward . 192.0.2.256", message: "Corefile:2: '192.0.2.256' is no upstream; \(form)"),
        Faulty(lines: "forward . [::1", message: "Corefile:2: '[::1' is no upstream; \(form)"),
        Faulty(
            lines: "forward . tls:///etc/resolv.conf",
            message: "Corefile:2: 'tls:///etc/resolv.conf' is no upstream; \(form)"),
        Faulty(
            lines: "forward . https://192.0.2.1",
            message:
                "Corefile:2: 'https://192.0.2.1' is not supported: upstreams are not asked over https; use dns:// or tls://"
        ),
        Faulty(
            lines: "forward . grpc://192.0.2.1",
            message:
                "Corefile:2: 'grpc://192.0.2.1' is not supported: upstreams are not asked over grpc; use dns:// or tls://"
        ),
        Faulty(
            lines: "forward . " + (1...16).map { "192.0.2.\($0)" }.joined(separator: " "),
            message: "Corefile:2: '192.0.2.16' is one of 16 upstreams; write at most 15"),
        option("policy fastest", "'fastest' is no policy; write random, round_robin or sequential"),
        option("policy", "'policy' needs 1 argument"),
        option("max_fails -1", "'-1' is out of range; write 0 to 4294967295"),
        option("max_fails two", "'two' is no whole number"),
        option("expire soon", "'soon' is no length of time; write one as 500ms, 5s or 1m30s"),
        option("force_tcp yes", "'yes' is one argument too many for force_tcp"),
        option("health_check", "'health_check' needs at least 1 argument"),
        option("health_check 0s", "'0s' is no time between checks; write 500ms"),
        option("health_check 1s often", "'often' is unknown in health_check; write no_rec or domain NAME"),
        option("health_check 1s domain", "'domain' needs a name; write it as in domain example.org"),
        option("except", "'except' needs at least 1 argument"),
        option("tls a b c d", "'d' is one argument too many for tls"),
        option("tls_servername .", "'.' is no name of a server; write the name in its certificate, as in dns.example"),
        option("failover NOERROR", "'NOERROR' is no failure; write other codes after failover"),
        option(
            "failover SOMETIMES", "'SOMETIMES' is no response code; write names such as SERVFAIL, REFUSED or NXDOMAIN"),
        option("next", "'next' needs at least 1 argument"),
        option(
            "doh_method GET",
            "'doh_method' is not supported: upstreams are not asked over HTTPS; use dns:// or tls:// upstreams"),
        option(
            "resolver 192.0.2.1", "'resolver' is not supported: upstreams have addresses here; write their addresses"),
        option(
            "max_fail 2",
            "'max_fail' is unknown in forward; write one of except, force_tcp, prefer_udp, expire, "
                + "max_age, max_idle_conns, max_fails, max_connect_attempts, tls, tls_servername, policy, health_check, "
                + "max_concurrent, next, next_on_nodata, failfast_all_unhealthy_upstreams, failover"),
        Faulty(
            lines: "forward . tls://192.0.2.1%a.example {\ntls_servername b.example\n}",
            message:
                "Corefile:2: 'forward' has two names for the certificate of 192.0.2.1:853, 'b.example' and 'a.example'; "
                + "leave out tls_servername or %a.example"),
    ]

    private static let form =
        "write an address as in 192.0.2.53:53, tls://192.0.2.53%dns.example, or the path of a file"

    private static func option(_ text: String, _ message: String) -> Faulty {
        Faulty(lines: "forward . 192.0.2.1 {\n\(text)\n}", message: "Corefile:3: \(message)")
    }
}

private struct UpstreamWord: Sendable, CustomTestStringConvertible {
    var word: String
    var place: String
    var usesTLS = false
    var serverName: String?

    var testDescription: String { word }

    static let table = [
        UpstreamWord(word: "192.0.2.1", place: "192.0.2.1:53"),
        UpstreamWord(word: "dns://192.0.2.1:5300", place: "192.0.2.1:5300"),
        UpstreamWord(word: "2001:db8::1", place: "[2001:db8::1]:53"),
        UpstreamWord(word: "[2001:db8::1]", place: "[2001:db8::1]:53"),
        UpstreamWord(word: "[2001:db8::1]:5300", place: "[2001:db8::1]:5300"),
        UpstreamWord(word: "fe80::1%eth0", place: "[fe80::1%eth0]:53"),
        UpstreamWord(word: "[fe80::1%eth0]:5300", place: "[fe80::1%eth0]:5300"),
        UpstreamWord(word: "tls://192.0.2.1", place: "192.0.2.1:853", usesTLS: true),
        UpstreamWord(
            word: "tls://192.0.2.1%dns.example", place: "192.0.2.1:853", usesTLS: true, serverName: "dns.example"),
        UpstreamWord(
            word: "tls://192.0.2.1%dns.example:10853", place: "192.0.2.1:10853", usesTLS: true,
            serverName: "dns.example"),
        UpstreamWord(
            word: "tls://[2001:db8::1%dns.example]:10853", place: "[2001:db8::1]:10853", usesTLS: true,
            serverName: "dns.example"),
        UpstreamWord(
            word: "TLS://2001:db8::1%dns.example", place: "[2001:db8::1]:853", usesTLS: true,
            serverName: "dns.example"),
    ]
}

@Suite("forward in a Corefile")
struct ForwardSettingsTests {
    private func settings(_ lines: String) throws -> ForwardSettings {
        let corefile = try CorefileParser.corefile(Array(". {\n\(lines)\n}\n".utf8), file: "Corefile")
        return try #require(try corefile.blocks.first?.settings(ForwardSettings.self))
    }

    @Test("Without options the settings are CoreDNS's defaults")
    func defaults() throws {
        let line = try #require(try settings("forward . 192.0.2.1").lines.first)
        #expect(line.from == [.root])
        #expect(line.policy == .random && line.failureLimit == 2 && line.expiry == .seconds(10))
        #expect(line.healthCheck.interval == .milliseconds(500) && line.healthCheck.isRecursionDesired)
        #expect(line.healthCheck.name.isRoot)
        #expect(!line.forcesTCP && !line.prefersUDP && !line.failsFast && !line.passesOnNoData)
        #expect(line.concurrencyLimit == 0 && line.attemptLimit == 0 && line.idleConnectionLimit == 0)
        #expect(line.connectionAge == .zero && line.tlsServerName == nil && line.exceptions.isEmpty)
    }

    @Test("Every option is read")
    func options() throws {
        let text = """
            root /etc/keys
            forward example.org tls://192.0.2.1 {
                except secret.example.org 10.0.0.0/8
                except other.example.org
                force_tcp
                prefer_udp
                expire 20s
                max_age 1m
                max_idle_conns 4
                max_fails 0
                max_connect_attempts 3
                tls cert.pem /run/key.pem ca.pem
                tls_servername dns.example.
                policy round_robin
                health_check 5s no_rec domain check.example
                max_concurrent 1000
                next NXDOMAIN servfail
                next_on_nodata
                failfast_all_unhealthy_upstreams
                failover SERVFAIL REFUSED
            }
            """
        let line = try #require(try settings(text).lines.first)
        #expect(line.from.map(\.description) == ["example.org."])
        #expect(
            line.exceptions.map(\.description)
                == ["secret.example.org.", "10.in-addr.arpa.", "other.example.org."])
        #expect(line.forcesTCP && line.prefersUDP && line.failsFast && line.passesOnNoData)
        #expect(line.expiry == .seconds(20) && line.connectionAge == .seconds(60) && line.idleConnectionLimit == 4)
        #expect(line.failureLimit == 0 && line.attemptLimit == 3 && line.concurrencyLimit == 1000)
        let files = [line.tls.certificate, line.tls.key, line.tls.authority].compactMap { $0.map(line.tls.path) }
        #expect(files == ["/etc/keys/cert.pem", "/run/key.pem", "/etc/keys/ca.pem"])
        #expect(line.tlsServerName == "dns.example" && line.policy == .roundRobin)
        #expect(line.healthCheck.interval == .seconds(5) && !line.healthCheck.isRecursionDesired)
        #expect(line.healthCheck.name == DomainName("check.example"))
        #expect(line.nextCodes == [.nxDomain, .serverFailure])
        #expect(line.failoverCodes == [.serverFailure, .refused])
    }

    @Test("tls takes nothing, an authority, a pair, or all three", arguments: ["", "ca", "c k", "c k ca"])
    func tls(words: String) throws {
        let line = try #require(try settings("forward . tls://192.0.2.1 {\ntls \(words)\n}").lines.first)
        #expect(line.tls.certificate?.text == (words.hasPrefix("c k") ? "c" : nil))
        #expect(line.tls.key?.text == (words.hasPrefix("c k") ? "k" : nil))
        #expect(line.tls.authority?.text == (words.hasSuffix("ca") ? "ca" : nil))
    }

    @Test("Several lines stay in their order; FROM may be a network")
    func lines() throws {
        let lines = try settings("forward lab.example 192.0.2.1\nforward 192.0.2.0/23 192.0.2.2\nforward . 192.0.2.3")
            .lines
        #expect(
            lines.map { $0.from.map(\.description) }
                == [["lab.example."], ["2.0.192.in-addr.arpa.", "3.0.192.in-addr.arpa."], ["."]])
    }

    @Test("Upstreams are addresses, with a port, a scheme, a name for the certificate", arguments: UpstreamWord.table)
    fileprivate func upstream(_ expected: UpstreamWord) throws {
        let line = try #require(try settings("forward . \(expected.word)").lines.first)
        guard case .upstream(let place)? = line.targets.first else {
            Issue.record("\(expected.word) is no upstream")
            return
        }
        #expect(place.description == expected.place && place.usesTLS == expected.usesTLS)
        #expect(place.serverName == expected.serverName)
    }

    @Test("Files are kept with their place", arguments: ["/etc/resolv.conf", "./upstreams", "resolv.conf"])
    func files(path: String) throws {
        let line = try #require(try settings("forward . \(path)").lines.first)
        guard case .file(let word)? = line.targets.first else {
            Issue.record("\(path) is no file")
            return
        }
        #expect(word.text == path && word.line == 2)
    }

    @Test("What is wrong is told with file, line, word and what would be right", arguments: Faulty.table)
    fileprivate func faulty(_ faulty: Faulty) {
        do {
            let settings = try settings(faulty.lines)
            Issue.record("taken: \(settings)")
        } catch {
            #expect("\(error)" == faulty.message)
        }
    }
}

@Suite("loop in a Corefile")
struct LoopSettingsTests {
    private func settings(_ lines: String, zones: String = ".") throws -> LoopSettings? {
        try CorefileParser.corefile(Array("\(zones) {\n\(lines)\n}\n".utf8), file: "Corefile").blocks.first?
            .settings(LoopSettings.self)
    }

    @Test("The zone is the first one of the block")
    func zone() throws {
        #expect(try settings("loop", zones: "example.org example.net")?.zone == DomainName("example.org"))
        #expect(try settings("loop")?.zone == .root)
        #expect(try settings("whoami") == nil)
    }

    @Test(
        "It takes nothing and stands once",
        arguments: ["loop now": "'now' is one argument too many for loop", "loop {\nx\n}": "'loop' takes no block"])
    func faulty(lines: String, message: String) {
        do {
            _ = try settings(lines)
            Issue.record("taken")
        } catch {
            #expect("\(error)" == "Corefile:2: \(message)")
        }
    }

    @Test("Twice is once too often")
    func twice() {
        #expect(throws: CorefileError.self) { try settings("loop\nloop") }
    }
}
