import Foundation
import Testing

/// Whether this host has systemd's tools.
private let hasSystemd = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")

@Suite("deploy/Dockerfile, deploy/systemd, CoreDNS's arguments")
struct ImageAndUnitTests {
    @Test("The image's build copies what is there")
    func copies() throws {
        let file = Kustomization.deployFolder.appending(path: "Dockerfile")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let sources = lines.filter { $0.hasPrefix("COPY ") && !$0.contains("--from") }.map {
            $0.split(separator: " ")[1]
        }
        #expect(sources.contains("Package.swift"))
        for source in sources {
            let path = Kustomization.deployFolder.deletingLastPathComponent().appending(path: String(source)).path
            #expect(FileManager.default.fileExists(atPath: path), "\(source)")
        }
    }

    /// The unit with a binary that is there, as systemd's tools want it.
    private func unit() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let text = try String(
            contentsOf: Kustomization.deployFolder.appending(path: "systemd/swiftlet.service"), encoding: .utf8)
        try text.replacing("/usr/bin/swiftlet", with: ServerUnderTest.binary).write(
            to: folder.appending(path: "swiftlet.service"), atomically: true, encoding: .utf8)
        return folder.appending(path: "swiftlet.service")
    }

    @Test("systemd finds nothing wrong with the unit, and its exposure at most 2 of 10", .enabled(if: hasSystemd))
    func systemd() throws {
        let unit = try unit()
        defer { try? FileManager.default.removeItem(at: unit.deletingLastPathComponent()) }
        let check = try run("systemd-analyze", ["verify", "--man=no", unit.path])
        #expect(check.status == 0, "\(check.errors)")
        #expect(!check.errors.contains("swiftlet.service"), "\(check.errors)")
        let exposure = try run("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit.path])
        #expect(exposure.status == 0, "\(exposure.output.suffix(100))")
    }

    @Test("systemd finds nothing wrong with the sockets, and less exposure with them", .enabled(if: hasSystemd))
    func sockets() throws {
        let unit = try unit()
        let folder = unit.deletingLastPathComponent()
        defer { try? FileManager.default.removeItem(at: folder) }
        let systemd = Kustomization.deployFolder.appending(path: "systemd")
        let socket = folder.appending(path: "swiftlet.socket")
        try FileManager.default.copyItem(at: systemd.appending(path: "swiftlet.socket"), to: socket)
        let check = try run("systemd-analyze", ["verify", "--man=no", unit.path, socket.path])
        #expect(check.status == 0 && !check.errors.contains("swiftlet"), "\(check.errors)")
        // The drop-in's lines behind the unit's, which is how systemd reads them.
        let text = try String(contentsOf: unit, encoding: .utf8)
        let more = try String(contentsOf: systemd.appending(path: "no-rights.conf"), encoding: .utf8)
        try (text + more).write(to: unit, atomically: true, encoding: .utf8)
        let exposure = try run("systemd-analyze", ["security", "--offline=true", "--threshold=12", unit.path])
        #expect(exposure.status == 0, "\(exposure.output.suffix(100))")
        // Each of them is for an address that the unit's listener asks for, and takes one family only.
        let sockets = try String(contentsOf: socket, encoding: .utf8)
        for address in ["0.0.0.0:53", "[::]:53"] {
            #expect(sockets.contains("ListenDatagram=\(address)\n") && sockets.contains("ListenStream=\(address)\n"))
        }
        #expect(sockets.contains("BindIPv6Only=ipv6-only\n"))
    }

    /// The calls of a filter's sets, spelled out (systemd-analyze syscall-filter).
    private static func calls(_ set: String) throws -> Set<String> {
        var calls: Set<String> = []
        for word in try run("systemd-analyze", ["syscall-filter", set]).output.split(separator: "\n").dropFirst() {
            let name = word.drop { $0 == " " }
            if name.hasPrefix("#") || name.isEmpty { continue }
            if name.hasPrefix("@") { calls.formUnion(try Self.calls(String(name))) } else { calls.insert(String(name)) }
        }
        return calls
    }

    @Test(
        "A server does all of its work under the unit's filter of system calls",
        .enabled(if: hasSystemd && geteuid() == 0, "systemd's sets and another user are needed"))
    func systemCalls() throws {
        let text = try String(
            contentsOf: Kustomization.deployFolder.appending(path: "systemd/swiftlet.service"), encoding: .utf8)
        var allowed: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("SystemCallFilter=") {
            let value = line.dropFirst("SystemCallFilter=".utf8.count)
            for set in value.drop(while: { $0 == "~" }).split(separator: " ") {
                let calls = try Self.calls(String(set))
                allowed = value.hasPrefix("~") ? allowed.subtracting(calls) : allowed.union(calls)
            }
        }
        #expect(allowed.count > 200)
        // strace gives the answer that the filter would give; names that it does not know it passes over.
        let refused = try Self.calls("@known").subtracting(allowed).map { "?\($0)" }.sorted().joined(separator: ",")
        let server = try ServerProcess(
            files: [
                "Corefile": """
                .:0 {
                    bind 127.0.0.1
                    kubernetes cluster.local
                    cache
                    reload 2s 1s
                    health 127.0.0.1:0
                    hosts {
                        192.0.2.1 host.test
                        fallthrough
                    }
                }
                """,
                "m/web.yaml": "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}\n",
            ], arguments: ["--conf", "FOLDER/Corefile", "--manifests", "FOLDER/m", "--data", "FOLDER/data"],
            launcher: [
                "sh", "-c", "mkdir FOLDER/data && chown -R 65532:65532 FOLDER && exec \"$@\"", "sh", "setpriv",
                "--reuid", "65532", "--regid", "65532", "--clear-groups", "--inh-caps=-all", "strace", "-D", "-f",
                "-qq",
                "-o", "/dev/null", "-e", "trace=none", "-e", "inject=\(refused):error=EPERM",
            ])
        defer { server.stop() }
        let port = try #require(try server.awaitReady().first?.port)
        for overTCP in [false, true] {
            for name in ["web.default.svc.cluster.local", "host.test"] {
                #expect(
                    try Asker.ldns.ask(name, "A", port: port, overTCP: overTCP).rcode == "NOERROR", "\(server.log)")
            }
        }
        kill(server.processIdentifier, SIGUSR1)
        #expect(try Asker.ldns.ask("host.test", "A", port: port, overTCP: false).rcode == "NOERROR")
        #expect(server.stop() == 0)
    }

    @Test("The unit starts a server with options that there are")
    func unitOptions() throws {
        let text = try String(
            contentsOf: Kustomization.deployFolder.appending(path: "systemd/swiftlet.service"), encoding: .utf8)
        let command = try #require(text.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        let help = try run(ServerUnderTest.binary, ["serve", "--help"]).output
        let options = command.split(separator: " ").filter { $0.hasPrefix("--") }
        #expect(options.count == 2)
        for option in options { #expect(help.contains("  \(option) "), "\(option)") }
    }

    @Test(
        "CoreDNS's own arguments are understood",
        arguments: [
            (["-conf", "/nowhere/Corefile"], Int32(65), "/nowhere/Corefile: no such file"),
            (["--conf=/nowhere/Corefile", "-dns.port", "1053", "-quiet"], 65, "/nowhere/Corefile: no such file"),
            (["-dns.port", "1053"], 65, "Corefile: no such file"),
            (["-conf", "/nowhere/Corefile", "-pidfile", "/nowhere/pid"], 65, "/nowhere/pid cannot be written"),
            (["-version"], 0, "0."),
            (["-plugins"], 0, "kubernetes\nfile\nloop\nforward\n"),
        ])
    func coreDNSArguments(arguments: [String], status: Int32, said: String) throws {
        let result = try run(ServerUnderTest.binary, arguments)
        #expect(result.status == status)
        #expect((result.output + result.errors).contains(said), "\(result)")
    }

    @Test("A Corefile comes over standard input where CoreDNS's arguments say so")
    func standardInput() throws {
        let line = "printf '.:0 {\\n nope\\n}\\n' | \(ServerUnderTest.binary) -conf stdin"
        let result = try run("bash", ["-c", line])
        #expect(result.errors.contains("/dev/stdin:2: 'nope'"), "\(result)")
    }

    @Test("check names every problem of a Corefile, and where it is")
    func check() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "Corefile").path
        try ".:53 {\n    forwrad . 192.0.2.1\n    kubernetes cluster.local {\n        podz insecure\n    }\n}\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let result = try run(ServerUnderTest.binary, ["check", file])
        #expect(result.status == 65)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("\(file):2: 'forwrad' ") == true)
        #expect(lines.last?.hasPrefix("\(file):4: 'podz' ") == true)
        #expect(try run(ServerUnderTest.binary, ["check", "--corefile", "\(file)x"]).status == 65)
        #expect(try run(ServerUnderTest.binary, ["check"]).status == 64)
    }

    @Test("check names unknown fields and kinds of manifests, and what stands twice, as a server would pass over it")
    func checkManifests() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func check(_ name: String, _ text: String) throws -> (status: Int32, lines: [String]) {
            let file = folder.appending(path: name).path
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let result = try run(ServerUnderTest.binary, ["check", file])
            let lines = result.output.split(separator: "\n").map { String($0).replacing("\(file)", with: "FILE") }
            return (result.status, lines)
        }
        let good = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
        #expect(try check("good.yaml", good) == (0, ["FILE is sound: 1 objects"]))
        let typos = good.replacing("{port: 80}", with: "{port: 80, protcol: TCP}").replacing(
            "spec: {", with: "spec: {selectr: {}, ")
        #expect(
            try check("typos.yaml", typos) == (
                0,
                [
                    "FILE is sound: 1 objects",
                    #"FILE:1: document 1: Service default/a: unknown field "spec.ports[0].protcol" (a warning)"#,
                    #"FILE:1: document 1: Service default/a: unknown field "spec.selectr" (a warning)"#,
                ]
            ))
        #expect(
            try check("kind.yaml", good.replacing("Service", with: "Servce"))
                == (0, ["FILE is sound: 0 objects", "FILE: passed over: 1 Servce (a warning)"]))
        #expect(
            try check("twice.yaml", good + "---\n" + good)
                == (65, ["FILE:6: document 2: Service default/a: stands in the file already, in line 1; passed over"]))
        // The same object again in other files of the folder.
        let result = try run(ServerUnderTest.binary, ["check", folder.path])
        #expect(
            result.status == 65 && result.output.contains("stands in \(folder.path)/good.yaml:1 already"), "\(result)")
    }
}
