import PodEnvironment
import Testing

@Suite("Where a command lies (POSIX 8.3)")
struct CommandSearchTests {
    @Test(
        "The paths to try",
        arguments: [
            ("ls", "/usr/bin:/bin", ["/usr/bin/ls", "/bin/ls"]), ("ls", nil, ["/bin/ls", "/usr/bin/ls"]),
            ("./ls", "/bin", ["./ls"]), ("/x/ls", nil, ["/x/ls"]), ("a/b", "/bin", ["a/b"]), ("", "/bin", []),
            ("ls", "", ["ls"]), ("ls", ":/bin", ["ls", "/bin/ls"]), ("ls", "/bin/:", ["/bin/ls", "ls"]),
        ] as [(String, String?, [String])])
    func candidates(_ command: String, _ path: String?, _ want: [String]) {
        let found = CommandSearch.candidates(for: Array(command.utf8), path: path.map { Array($0.utf8) })
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == want)
    }
}
