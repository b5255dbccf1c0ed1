import Foundation
import TestSupport
import Testing

@Suite("A user other than root")
struct OtherUserTests {
    private static let user = [
        "setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", "--bounding-set=-all", "--no-new-privs",
    ]

    @Test("The container's user is answered over UDP and TCP", .enabled(if: geteuid() == 0))
    func answers() throws {
        let server = try ServerProcess(
            files: ["Corefile": ".:0 {\n    bind 127.0.0.1\n    hosts {\n        192.0.2.1 host.test\n    }\n}\n"],
            arguments: ["--conf", "FOLDER/Corefile"], launcher: Self.user)
        defer { server.stop() }
        let port = try #require(try server.awaitReady().first?.port)
        for overTCP in [false, true] {
            #expect(try Asker.ldns.ask("host.test", "A", port: port, overTCP: overTCP).answer.count == 1)
        }
        #expect(server.stop() == 0)
    }

    @Test(
        "What stands in a folder of manifests that cannot be read at the start stays in force, with its address",
        .enabled(if: geteuid() == 0, "only root may become another user"), arguments: ["manifests", "manifests/below"])
    func unreadableFolder(_ locked: String) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("manifests/below"), withIntermediateDirectories: true)
        try folder.write(
            "manifests/below/web.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: prod}\nspec: {ports: [{port: 80}]}\n")
        try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
        for path in ["", "data", "manifests", "manifests/below"] {
            #expect(chown(folder.path(path), 65532, 65532) == 0)
        }
        func state(mode: mode_t) throws -> (answer: [String], held: [Substring], log: String) {
            #expect(chmod(folder.path(locked), mode) == 0)
            let server = try ServerProcess(
                files: [:],
                arguments: [
                    "--listen", "127.0.0.1:0", "--manifests", folder.path("manifests"), "--data", folder.path("data"),
                ], launcher: Self.user)
            defer { server.stop() }
            let port = try #require(try server.awaitReady().first?.port)
            // What was kept is answered before the manifests have been read; that is said once the registry has them.
            #expect(server.awaitLog(" files loaded in "))
            let listing = try run(ServerUnderTest.binary, ["vip", "list", "--data", folder.path("data")])
            #expect(listing.status == 0, "\(listing.errors)")
            let answer = try Asker.ldns.ask("web.prod.svc.cluster.local", "A", port: port, overTCP: false).answer
            return (answer, listing.output.split(separator: "\n").filter { $0.contains("prod/web") }, server.log)
        }
        let first = try state(mode: 0o700)
        #expect(first.answer.count == 1 && first.held.count == 1)
        // Nothing of it may be seen; then names only, and nothing behind them.
        for mode: mode_t in [0, 0o400] {
            let kept = try state(mode: mode)
            #expect(kept.answer == first.answer && kept.held == first.held, "\(kept.log)")
            #expect(kept.log.contains("Permission denied; its last good objects stay in force"), "\(kept.log)")
        }
        let again = try state(mode: 0o700)
        #expect(again.answer == first.answer && again.held == first.held)
        try FileManager.default.removeItem(atPath: folder.path("manifests/below/web.yaml"))
        #expect(try state(mode: 0o700).held.isEmpty)
    }
}
