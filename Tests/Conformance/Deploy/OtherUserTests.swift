import Foundation
import Testing

@Suite("A user other than root")
struct OtherUserTests {
    @Test("The container's user is answered over UDP and TCP", .enabled(if: geteuid() == 0))
    func answers() throws {
        let user = ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", "--bounding-set=-all"]
        let server = try ServerProcess(
            files: ["Corefile": ".:0 {\n    bind 127.0.0.1\n    hosts {\n        192.0.2.1 host.test\n    }\n}\n"],
            arguments: ["--conf", "FOLDER/Corefile"], launcher: user + ["--no-new-privs"])
        defer { server.stop() }
        let port = try #require(try server.awaitReady().first?.port)
        for overTCP in [false, true] {
            #expect(try Asker.ldns.ask("host.test", "A", port: port, overTCP: overTCP).answer.count == 1)
        }
        #expect(server.stop() == 0)
    }
}
