import Registry
import Testing

@testable import Corefile

@Suite("bind, health, ready, prometheus, reload, multisocket, timeouts, tls, root")
struct ServiceSettingsTests {
    enum Cases {
        static let addresses: [(String, String, UInt16)] = [
            (":8080", "", 8080), ("localhost:9153", "localhost", 9153), ("[::1]:1", "::1", 1),
            ("0.0.0.0:0", "0.0.0.0", 0),
        ]
        static let noAddresses = ["8080", "", ":", ":x", ":65536", "::1:80", "[::1]", "[a]:1", "a b:1", "a/b:1", ":+1"]

        static let bind: [(String, String)] = [
            ("bind", "'bind' needs an address or the name of an interface"),
            ("bind a/b", "'a/b' is neither an address nor the name of an interface"),
            ("bind 10.0.0.1 {\n except\n}", "'except' needs an address or the name of an interface"),
            ("bind 10.0.0.1 {\n only x\n}", "'only' is unknown in bind; write one of except"),
            ("bind fe80::1%eth0", "'fe80::1%eth0' is neither an address nor the name of an interface"),
        ]
        static let health: [(String, String)] = [
            ("health a b", "'b' is one argument too many for health"),
            ("health {\n lameduck\n}", "'lameduck' needs 1 argument"),
            ("health {\n lameduck 5\n}", "'5' is no length of time; write one as 500ms, 5s or 1m30s"),
            ("health {\n x\n}", "'x' is unknown in health; write one of lameduck"),
        ]
        static let ready: [(String, String)] = [
            ("ready\nready", "'ready' may stand once in a server block; delete it"),
            ("ready {\n monitor\n}", "'monitor' needs 1 argument"),
            ("ready {\n monitor never\n}", "'never' is no way to monitor; write until-ready or continuously"),
        ]
        static let reload: [(String, String)] = [
            ("reload 1s", "'1s' is too short; write 2s or more"),
            ("reload 2s 500ms", "'500ms' is too short; write 1s or more"),
            ("reload 1s 2s 3s", "'3s' is one argument too many for reload"),
            ("reload off 2s", "'2s' has no use where reload is off; delete it"),
            ("reload soon", "'soon' is no length of time; write one as 500ms, 5s or 1m30s"),
        ]
        static let reloads: [(String, Duration?, Duration)] = [
            ("reload", .seconds(30), .seconds(15)), ("reload 2s", .seconds(2), .seconds(1)),
            ("reload 60s 10s", .seconds(60), .seconds(10)), ("reload 10s 1m", .seconds(10), .seconds(5)),
            ("reload off", nil, .zero),
        ]
        static let timeouts: [(String, String)] = [
            (
                "timeouts",
                "'timeouts' sets nothing; write read, write, idle or max_queries in its block"
            ),
            ("timeouts 5s", "'5s' is one argument too many for timeouts"),
            ("timeouts {\n read 999ms\n}", "'999ms' is out of range; write 1s to 24h"),
            ("timeouts {\n idle 25h\n}", "'25h' is out of range; write 1s to 24h"),
            ("timeouts {\n max_queries -1\n}", "'-1' is out of range; write 0 to 2147483647"),
            ("timeouts {\n x 1\n}", "'x' is unknown in timeouts; write one of read, write, idle, max_queries"),
        ]
        static let tls: [(String, String)] = [
            ("tls a", "'tls' needs at least 2 arguments"),
            ("tls a b c d", "'d' is one argument too many for tls"),
            ("tls a \"\"", "'\"\"' is no path"),
            (
                "tls a b {\n client_auth maybe\n}",
                "'maybe' is no way to authenticate clients; write one of "
                    + "nocert, request, require, verify_if_given, require_and_verify"
            ),
            ("tls a b {\n keylog f\n}", "'keylog' is not supported: it would write the keys of connections to a file"),
            ("tls a b {\n x\n}", "'x' is unknown in tls; write one of client_auth"),
        ]
    }

    private static let interfaces: @Sendable (String) -> [IPAddress]? = { name in
        ["eth0": [IPAddress("10.0.0.1"), IPAddress("fd00::1")].compactMap { $0 }, "eth1": []][name]
    }

    private func addresses(_ lines: String) throws -> [String] {
        try CorefileText.settings(BindSettings.self, lines).addresses(interfaces: Self.interfaces).map(\.description)
    }

    @Test("bind: addresses and interfaces, some left out, each once, all lines together")
    func bind() throws {
        #expect(try addresses("bind 127.0.0.1 ::1") == ["127.0.0.1", "::1"])
        #expect(try addresses("bind eth0 10.0.0.1\nbind 127.0.0.1") == ["10.0.0.1", "fd00::1", "127.0.0.1"])
        #expect(try addresses("bind eth0 {\n except fd00::1\n}\nbind fd00::1") == ["10.0.0.1", "fd00::1"])
        #expect(throws: CorefileError.self) { try addresses("bind eth0 {\n except eth0\n}") }
        #expect(throws: CorefileError.self) { try addresses("bind eth1") }
        #expect(throws: CorefileError.self) { try addresses("bind eth9") }
        #expect(throws: CorefileError.self) { try addresses("bind localhost") }
    }

    @Test("bind: what is wrong", arguments: Cases.bind)
    func bindRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(BindSettings.self, lines) == message)
    }

    @Test("The machine's loopback interface has its address, an unknown one has none")
    func hostInterfaces() {
        #expect(HostInterfaces.addresses(of: "lo")?.contains(.v4(0x7f00_0001)) == true)
        #expect(HostInterfaces.addresses(of: "no such") == nil)
    }

    @Test("Addresses of HTTP services", arguments: Cases.addresses)
    func listenAddresses(_ text: String, _ host: String, _ port: UInt16) throws {
        let address = try CorefileText.settings(PrometheusSettings.self, "prometheus \(text)").address
        #expect(address == PageAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test("What is no address", arguments: Cases.noAddresses)
    func noListenAddresses(_ text: String) {
        #expect(
            CorefileText.refusal(PrometheusSettings.self, "prometheus \"\(text)\"").contains(
                "is no address to listen at"))
    }

    @Test("Services listen where CoreDNS's do unless told")
    func defaults() throws {
        let health = try CorefileText.settings(HealthSettings.self, "health")
        #expect(health.address.description == ":8080" && health.lameduck == .zero)
        let ready = try CorefileText.settings(ReadySettings.self, "ready")
        #expect(ready.address.description == ":8181" && ready.monitor == .untilReady)
        #expect(
            try CorefileText.settings(PrometheusSettings.self, "prometheus").address.description == "localhost:9153")
        #expect(try CorefileText.settings(MultisocketSettings.self, "multisocket").sockets == nil)
    }

    @Test("health, ready: every option")
    func options() throws {
        let health = try CorefileText.settings(HealthSettings.self, "health [::]:1 {\n lameduck 1s\n}\nhealth :2")
        #expect(health.address.description == ":2" && health.lameduck == .seconds(1))
        let ready = try CorefileText.settings(ReadySettings.self, "ready :1 {\n monitor continuously\n}")
        #expect(ready.address.description == ":1" && ready.monitor == .continuously)
        #expect(try CorefileText.settings(MultisocketSettings.self, "multisocket 1024").sockets == 1024)
    }

    @Test("health: what is wrong", arguments: Cases.health)
    func healthRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(HealthSettings.self, lines) == message)
    }

    @Test("ready: what is wrong", arguments: Cases.ready)
    func readyRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(ReadySettings.self, lines) == message)
    }

    @Test("reload: 30 s and 15 s; the jitter is at most half of the interval", arguments: Cases.reloads)
    func reloads(_ lines: String, _ interval: Duration?, _ jitter: Duration) throws {
        let settings = try CorefileText.settings(ReloadSettings.self, lines)
        #expect(settings.interval == interval && settings.jitter == jitter)
    }

    @Test("reload: what is wrong", arguments: Cases.reload)
    func reloadRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(ReloadSettings.self, lines) == message)
    }

    @Test("timeouts: units or seconds")
    func timeouts() throws {
        let settings = try CorefileText.settings(
            TimeoutsSettings.self, "timeouts {\n read 1s\n write 20\n max_queries 0\n}\ntimeouts {\n idle 24h\n}")
        #expect(settings.read == .seconds(1) && settings.write == .seconds(20) && settings.idle == .seconds(86400))
        #expect(settings.maximumQueries == 0)
    }

    @Test("timeouts: what is wrong", arguments: Cases.timeouts)
    func timeoutRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(TimeoutsSettings.self, lines) == message)
    }

    @Test("tls: files and what is asked of clients")
    func tls() throws {
        let plain = try CorefileText.settings(TLSSettings.self, "tls cert key")
        #expect(plain.certificateFile == "cert" && plain.keyFile == "key" && plain.authorityFile == nil)
        #expect(plain.clientAuthentication == .none)
        let full = try CorefileText.settings(
            TLSSettings.self, "tls cert key ca {\n client_auth require_and_verify\n}")
        #expect(full.authorityFile == "ca" && full.clientAuthentication == .requireAndVerify)
    }

    @Test("tls: what is wrong", arguments: Cases.tls)
    func tlsRefusals(_ lines: String, _ message: String) {
        #expect(CorefileText.refusal(TLSSettings.self, lines) == message)
    }

    @Test("root: relative paths begin there")
    func root() throws {
        let root = try CorefileText.settings(RootSettings.self, "root /etc/zones")
        #expect(root.resolve("a.zone") == "/etc/zones/a.zone")
        #expect(root.resolve("/b.zone") == "/b.zone")
        #expect(try CorefileText.settings(RootSettings.self, "root zones/").resolve("a") == "zones/a")
        #expect(CorefileText.refusal(RootSettings.self, "root") == "'root' needs 1 argument")
    }
}
