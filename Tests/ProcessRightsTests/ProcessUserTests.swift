import Glibc
import Testing

@testable import ProcessRights

@Suite("The user that a process goes on as")
struct ProcessUserTests {
    @Test(
        "Names and numbers, with a group or the user's own",
        arguments: [
            ("nobody", 65534, 65534), ("nobody:daemon", 65534, 1), ("65532:65533", 65532, 65533),
            ("65534", 65534, 65534),
            ("daemon:65532", 1, 65532),
        ] as [(String, UInt32, UInt32)])
    func users(text: String, uid: UInt32, gid: UInt32) throws {
        let user = try ProcessUser(text)
        #expect(user.uid == uid && user.gid == gid)
    }

    @Test(
        "Root, its group and whom nobody knows are refused",
        arguments: [
            "", ":", "nobody:", ":daemon", "root", "0", "0:0", "nobody:root", "65532:0", "no-such-user",
            "nobody:no-such-group", "65532", "4294967295:1", "1:4294967295", "nobody\0:daemon", "-1:1",
        ])
    func refused(text: String) {
        #expect(throws: ProcessUser.Failure.self) { try ProcessUser(text) }
    }

    @Test("Who is not root cannot become another, and is told", .enabled(if: geteuid() != 0))
    func notRoot() throws {
        #expect(throws: ProcessUser.Failure.self) { try ProcessUser("65531:65531").become() }
    }
}
