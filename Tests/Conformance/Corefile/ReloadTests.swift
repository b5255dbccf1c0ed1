import Foundation
import Glibc
import Testing

@Suite("Another Corefile, the end and a successor, under load")
struct ReloadTests {
    private static func corefile(_ address: String, extra: String = "") -> String {
        """
        .:0 {
            bind 127.0.0.1
            health 127.0.0.1:0
            ready 127.0.0.1:0
            prometheus 127.0.0.1:0
            reload 2s 1s
            hosts {
                \(address) host.test
                fallthrough
            }
            template IN A steady.test {
                answer "{{ .Name }} 60 IN A 192.0.2.1"
            }
            \(extra)
        }
        """
    }

    private static func write(_ text: String, to server: CorefileServer) throws {
        try text.write(to: server.process.folder.appending(path: "Corefile"), atomically: true, encoding: .utf8)
    }

    @Test("A new Corefile takes effect, and not one query is lost on the way", arguments: [false, true])
    func reload(overTCP: Bool) throws {
        let server = try CorefileServer(Self.corefile("192.0.2.10"))
        defer { server.stop() }
        let load = SteadyLoad(port: server.port, names: ["steady.test"], overTCP: overTCP) {
            $0.rcodeName == "NOERROR" && $0.answer.count == 1
        }
        load.awaitReplies(200)
        for number in 11...14 {
            try Self.write(Self.corefile("192.0.2.\(number)"), to: server)
            kill(server.process.processIdentifier, SIGUSR1)
            #expect(try server.awaitReply("host.test") { $0.answer == ["host.test. 3600 in a 192.0.2.\(number)"] })
            load.awaitReplies(200)
        }
        let findings = load.end()
        #expect(findings.faults == [])
        #expect(server.stop() == 0)
    }

    @Test(
        "A Corefile that is wrong leaves the old one in force, and shows in the metrics and the log",
        arguments: [
            ("forwrad . 192.0.2.1", "forwrad"),
            (
                "kubernetes cluster.local {\nendpoint https://127.0.0.1:1\ntls /no/c.crt /no/c.key /no/ca.crt\n}",
                "/no/ca.crt: no such file"
            ),
        ])
    func badCorefile(_ extra: String, _ complaint: String) throws {
        let server = try CorefileServer(Self.corefile("192.0.2.10"))
        defer { server.stop() }
        #expect(try server.metric("coredns_reload_failed_total") == 0)
        try Self.write(Self.corefile("192.0.2.11", extra: extra), to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        let end = ContinuousClock.now + .seconds(30)
        while try server.metric("coredns_reload_failed_total") != 1, ContinuousClock.now < end { usleep(10_000) }
        #expect(try server.metric("coredns_reload_failed_total") == 1)
        #expect(server.process.log.contains(complaint), "\(server.process.log)")
        #expect(try server.ask("host.test").answer == ["host.test. 3600 in a 192.0.2.10"])
    }

    @Test("A Corefile that says reload for the first time, on a signal, is followed from then on")
    func beginsToFollow() throws {
        let silent = Self.corefile("192.0.2.10").replacing("reload 2s 1s", with: "")
        let server = try CorefileServer(silent)
        defer { server.stop() }
        try Self.write(Self.corefile("192.0.2.11"), to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        #expect(try server.awaitReply("host.test") { $0.answer == ["host.test. 3600 in a 192.0.2.11"] })
        // Nobody asks for these.
        for number in 12...13 {
            try Self.write(Self.corefile("192.0.2.\(number)"), to: server)
            #expect(try server.awaitReply("host.test") { $0.answer == ["host.test. 3600 in a 192.0.2.\(number)"] })
        }
    }

    @Test("A Corefile that cannot be served takes no zone from the one in service")
    func refused() throws {
        func cluster(_ page: String) -> String {
            "cluster.local {\nbind 127.0.0.1\nkubernetes cluster.local\n\(page)\n}\n"
        }
        let inner = """
            inner.cluster.local {
                bind 127.0.0.1
                template IN A {
                    answer "{{ .Name }} 60 IN A 192.0.2.1"
                }
            }
            """
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
        let server = try CorefileServer(
            ["Corefile": cluster("") + inner, "m/web.yaml": service],
            arguments: ["--dns-port", "0", "--api", "none", "--manifests", "FOLDER/m"])
        defer { server.stop() }
        let answer = ["x.inner.cluster.local. 60 in a 192.0.2.1"]
        #expect(try server.awaitReply("web.default.svc.cluster.local") { $0.answer.count == 1 })
        #expect(try server.ask("x.inner.cluster.local").answer == answer)
        // Its own port is taken already.
        try Self.write(cluster("prometheus 127.0.0.1:\(server.port)"), to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        let end = ContinuousClock.now + .seconds(30)
        while !server.process.log.contains("the configuration stays as it was"), ContinuousClock.now < end {
            usleep(10_000)
        }
        #expect(server.process.log.contains("the configuration stays as it was"), "\(server.process.log)")
        #expect(try server.ask("x.inner.cluster.local").answer == answer)
        try Self.write(cluster(""), to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        #expect(try server.awaitReply("x.inner.cluster.local") { $0.answer.isEmpty })
    }

    /// Bytes of the process in memory that are no pages of files.
    private static func anonymous(_ server: CorefileServer) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
    }

    /// Not under a sanitizer, which keeps what it has freed.
    @Test(
        "What only a former Corefile needed goes back to the system, though nobody asks any more",
        .enabled(if: getenv("SWIFTLET_SANITIZER") == nil))
    func memory() throws {
        let small = Self.corefile("192.0.2.10")
        let server = try CorefileServer(small)
        defer { server.stop() }
        let zone = server.process.folder.appending(path: "large.zone")
        try "$ORIGIN large.test.\n@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS a.\n"
            .appending((0..<60_000).map { "n\($0) 60 IN A 192.0.2.1\n" }.joined())
            .write(to: zone, atomically: true, encoding: .utf8)
        let begin = try Self.anonymous(server)
        try Self.write(Self.corefile("192.0.2.10", extra: "file \(zone.path) large.test"), to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        #expect(try server.awaitReply("n59999.large.test") { $0.answer == ["n59999.large.test. 60 in a 192.0.2.1"] })
        let large = try Self.anonymous(server)
        #expect(large >= begin + 16 << 20, "\(begin) bytes without the zone, \(large) with it")
        try Self.write(small, to: server)
        kill(server.process.processIdentifier, SIGUSR1)
        #expect(try server.awaitReply("n59999.large.test") { $0.answer.isEmpty })
        let end = ContinuousClock.now + .seconds(60)
        var left = large
        while left - begin > (large - begin) / 4, ContinuousClock.now < end {
            usleep(100_000)
            left = try Self.anonymous(server)
        }
        #expect(left - begin <= (large - begin) / 4, "\(begin) bytes, \(large) with the zone, \(left) behind it")
    }

    @Test("The file is looked at again by itself")
    func interval() throws {
        let server = try CorefileServer(Self.corefile("192.0.2.10"))
        defer { server.stop() }
        try Self.write(Self.corefile("192.0.2.11"), to: server)
        #expect(try server.awaitReply("host.test") { $0.answer == ["host.test. 3600 in a 192.0.2.11"] })
    }

    @Test("While the server lingers after SIGTERM it answers, and is not ready")
    func lameduck() throws {
        let server = try CorefileServer(
            Self.corefile("192.0.2.10").replacing("health 127.0.0.1:0", with: "health 127.0.0.1:0 {\nlameduck 3s\n}"))
        defer { server.stop() }
        let load = SteadyLoad(port: server.port, names: ["steady.test"]) { $0.answer.count == 1 }
        load.awaitReplies(100)
        kill(server.process.processIdentifier, SIGTERM)
        let end = ContinuousClock.now + .seconds(30)
        while try server.get("ready").status == 200, ContinuousClock.now < end {}
        #expect(try server.get("ready").status == 503)
        #expect(try server.get("health").status == 200)
        load.awaitReplies(100)
        #expect(load.end().faults == [])
        #expect(server.stop() == 0)
    }

    @Test("A successor takes the sockets over, and not one query is lost")
    func takeOver() throws {
        let first = try CorefileServer(
            Self.corefile("192.0.2.10").replacing("health 127.0.0.1:0", with: "health 127.0.0.1:0 {\nlameduck 2s\n}"))
        defer { first.stop() }
        let load = SteadyLoad(port: first.port, names: ["steady.test"]) { $0.answer.count == 1 }
        load.awaitReplies(200)
        let second = try CorefileServer(
            Self.corefile("192.0.2.11").replacing(".:0", with: ".:\(first.port)"), arguments: ["--take-over"])
        defer { second.stop() }
        load.awaitReplies(200)
        #expect(first.stop() == 0)
        load.awaitReplies(200)
        #expect(try second.ask("host.test").answer == ["host.test. 3600 in a 192.0.2.11"])
        #expect(load.end().faults == [])
    }

    @Test("Without being told to, a second server does not take a port that is in use")
    func takenPort() throws {
        let first = try CorefileServer(Self.corefile("192.0.2.10"))
        defer { first.stop() }
        #expect(throws: ServerProcess.Failure.self) {
            _ = try CorefileServer(Self.corefile("192.0.2.11").replacing(".:0", with: ".:\(first.port)"))
        }
    }
}
