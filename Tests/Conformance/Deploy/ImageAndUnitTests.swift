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
            (["-version"], 0, "0."),
            (["-plugins"], 0, "kubernetes\nfile\nloop\nforward\n"),
        ])
    func coreDNSArguments(arguments: [String], status: Int32, said: String) throws {
        let result = try run(ServerUnderTest.binary, arguments)
        #expect(result.status == status)
        #expect((result.output + result.errors).contains(said), "\(result)")
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
}
