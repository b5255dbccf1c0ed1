import Foundation
import LDNS
import Testing

@Suite("Start, change and end")
struct LifeCycleTests {
    private static func service(_ name: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {ports: [{port: 80}]}

        """
    }

    /// Asks until the code is as expected; at most for five seconds.
    private static func awaitCode(_ code: Int, _ name: String, port: UInt16) throws -> Bool {
        let client = try RawClient(port: port, overTCP: false)
        let query = try RawQuery(name: "\(name).default.svc.cluster.local", type: "A")
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end {
            if Int(try WireWitness(client.exchange(query.bytes)).rcode.rawValue) == code { return true }
        }
        return false
    }

    @Test("Files come, change and go; a bad edit keeps the last good objects")
    func manifests() throws {
        let server = try ServerUnderTest(manifests: ["a.yaml": Self.service("first")])
        defer { server.stop() }
        #expect(try Self.awaitCode(0, "first", port: server.port))
        try Self.service("second").write(to: server.manifest("b.yaml"), atomically: true, encoding: .utf8)
        #expect(try Self.awaitCode(0, "second", port: server.port))
        try "{ not: [yaml".write(to: server.manifest("a.yaml"), atomically: false, encoding: .utf8)
        try Self.service("third").write(to: server.manifest("b.yaml"), atomically: false, encoding: .utf8)
        #expect(try Self.awaitCode(0, "third", port: server.port))
        #expect(try Self.awaitCode(3, "second", port: server.port))
        #expect(try Self.awaitCode(0, "first", port: server.port))
        try FileManager.default.removeItem(at: server.manifest("a.yaml"))
        #expect(try Self.awaitCode(3, "first", port: server.port))
    }

    @Test("A manifest whose name another owner has takes effect once that has given it up")
    func foreignName() throws {
        let server = try APIServerUnderTest(
            files: ["m/other.yaml": Self.service("other"), "first.yaml": Self.service("first")],
            arguments: ["--manifests", "FOLDER/m"])
        defer { server.stop() }
        #expect(try server.shell("kubectl create service clusterip first --tcp=1").status == 0)
        #expect(try server.shell("mv first.yaml m/").status == 0)
        #expect(server.process.awaitLog("Service default/first: belongs to api; left alone"))
        let result = try server.shell(
            """
            kubectl delete service first
            has_port() { [ "$(kubectl get service first -o 'jsonpath={.spec.ports[0].port}')" = $1 ]; }
            await has_port 80
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(server.process.awaitLog("1 objects written, 0 removed after their names became free"))
    }

    @Test("SIGTERM ends the server with status 0, and is told")
    func end() throws {
        let server = try ServerProcess(files: [:], arguments: ["--listen", "127.0.0.1:0"])
        defer { server.stop() }
        _ = try server.awaitReady()
        #expect(!server.log.contains("signal"))
        kill(server.processIdentifier, SIGTERM)
        #expect(server.awaitLog("a signal asks for the end"), "\(server.log)")
        #expect(server.awaitEnd() == 0)
    }

    @Test("Signals of the start: SIGUSR1 and SIGHUP are not minded, SIGTERM ends it with status 0")
    func startingSignals() throws {
        // Nobody listens there: the state of the cluster is waited for.
        let corefile = """
            .:0 {
                bind 127.0.0.1
                kubernetes cluster.local {
                    endpoint http://127.0.0.1:\(try LoopbackSocket(from: 0x7f00_0001, to: nil).port)
                    startup_timeout 60s
                }
            }
            """
        let server = try ServerProcess(files: ["Corefile": corefile], arguments: ["--conf", "FOLDER/Corefile"])
        defer { server.stop() }
        try #require(server.awaitLog("127.0.0.1"))
        for number in [SIGUSR1, SIGHUP, SIGUSR1] { kill(server.processIdentifier, number) }
        #expect(server.stop() == 0)
    }

    @Test("An address survives a restart, and the audit finds nothing")
    func restart() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        var seen: [[String]] = []
        for isFirst in [true, false] {
            let server = try ServerProcess(
                files: ["a.yaml": Self.service("first")],
                arguments: ["--listen", "127.0.0.1:0", "--manifests", "FOLDER/a.yaml", "--data", data])
            defer { server.stop() }
            let port = try #require(try server.awaitReady().first?.port)
            seen.append(try Asker.ldns.ask("first.default.svc.cluster.local", "A", port: port, overTCP: false).answer)
            #expect(server.log.contains("a new registry begins in \(data)") == isFirst, "\(server.log)")
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].count == 1)
        let audit = try run(ServerUnderTest.binary, ["vip", "audit", "--data", data])
        #expect(audit.status == 0, "\(audit.errors)")
    }

    @Test(
        "A start that cannot succeed says why in one line",
        arguments: [
            (["--manifests", "/no/such/folder"], "no such file or folder", Int32(65)),
            (["--zonefile", "example.org=/no/such/file"], "/no/such/file", 65),
            (["--data", "/dev/null/x"], "cannot be used", 65),
            (["--service-cidr", "10.0.0.1/16"], "--service-cidr", 64), (["--listen", "nowhere"], "--listen", 64),
            (["--listen", "127.0.0.1:PORT"], "Address already in use", 1),
        ])
    func refusedStart(_ sample: (arguments: [String], message: String, status: Int32)) throws {
        let taken = try SharedServer.server.get().port
        var arguments = sample.arguments.map { $0.replacing("PORT", with: "\(taken)") }
        if !arguments.contains("--listen") { arguments += ["--listen", "127.0.0.1:0"] }
        let result = try run(ServerUnderTest.binary, ["serve", "--api", "none"] + arguments)
        #expect(result.status == sample.status)
        #expect(result.errors.contains(sample.message), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test("A file that is no database is named")
    func damaged() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: data) }
        let junk = String(repeating: "no database at all ", count: 1000)
        try junk.write(to: data.appending(path: "registry.sqlite"), atomically: true, encoding: .utf8)
        let result = try run(
            ServerUnderTest.binary, ["serve", "--listen", "127.0.0.1:0", "--api", "none", "--data", data.path])
        #expect(result.status == 65)
        #expect(result.errors.contains("registry.sqlite"))
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
    @Test("A registry that was cut to nothing is named by the server and by check, and what tells of it stays")
    func lost() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: data) }
        do {
            let server = try ServerUnderTest(
                manifests: ["a.yaml": Self.service("first")], arguments: ["--data", data.path])
            #expect(server.stop() == 0)
        }
        let names = try Data(contentsOf: data.appending(path: "registry.names"))
        try Data().write(to: data.appending(path: "registry.sqlite"))
        for arguments in [
            ["serve", "--listen", "127.0.0.1:0", "--api", "none", "--data", data.path], ["check", data.path],
        ] {
            let result = try run(ServerUnderTest.binary, arguments)
            #expect(result.status == 65)
            #expect(!result.output.contains("ready") && !result.output.contains("clean"))
            let complaint = "registry.sqlite is damaged or no SQLite database (it is empty, and was not"
            #expect((result.output + result.errors).contains(complaint), "\(result)")
        }
        #expect(try Data(contentsOf: data.appending(path: "registry.names")) == names)
    }

    @Test("A FIFO in the place of what names were made of last is waited for by nobody")
    func fifo() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: data) }
        let names = data.appending(path: "registry.names").path
        // Where there is a registry, it is looked for.
        do {
            let server = try ServerUnderTest(manifests: [:], arguments: ["--data", data.path])
            #expect(server.stop() == 0)
        }
        try? FileManager.default.removeItem(atPath: names)
        try #require(mkfifo(names, 0o600) == 0)
        let server = try ServerUnderTest(
            manifests: ["a.yaml": Self.service("first")], arguments: ["--data", data.path])
        #expect(try Self.awaitCode(0, "first", port: server.port))
        #expect(server.stop() == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: names)[.type] as? FileAttributeType == .typeRegular)
    }
}
