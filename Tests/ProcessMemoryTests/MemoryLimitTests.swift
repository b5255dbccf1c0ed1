import TestSupport
import Testing

@testable import ProcessMemory

@Suite("Memory that the system lets the process have")
struct MemoryLimitTests {
    private static let host = "4:pids:/a\n3:cpu,memory:/docker/x\n0::/"

    @Test(
        "The least that a group of either version says, those around it included",
        arguments: [
            // Version 2: a group of its own, one around it, and none.
            ("0::/a/b\n", ["a/b/memory.max": "max\n", "a/memory.max": "178257920\n"], 178_257_920),
            ("0::/a/b\n", ["a/b/memory.max": "1000\n", "a/memory.max": "178257920\n"], 1000),
            ("0::/\n", ["memory.max": "max\n"], nil),
            // In a container the root may be all that is seen.
            ("0::/host/pod\n", ["memory.max": "268435456\n"], 268_435_456),
            // Version 1, beside version 2.
            (host, ["memory/docker/x/memory.limit_in_bytes": "67108864\n", "memory.max": "1\n"], 1),
            (host, ["memory/docker/x/memory.limit_in_bytes": "67108864\n"], 67_108_864),
            (host, ["memory/memory.limit_in_bytes": "9223372036854771712\n"], nil),
            ("", [:], nil), ("x\n:::\n0:\n", ["memory.max": "5"], nil),
            ("0::/\n", ["memory.max": ""], nil), ("0::/\n", ["memory.max": "-5\n"], nil),
        ] as [(String, [String: String], Int?)])
    func limits(_ groups: String, _ files: [String: String], _ limit: Int?) throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("proc/self")
        try folder.write("proc/self/cgroup", groups)
        for (name, text) in files {
            let path = "sys/fs/cgroup/\(name)"
            try folder.makeFolder(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
            try folder.write(path, text)
        }
        #expect(MemoryLimit.bytes(root: folder.path) == limit)
    }

    @Test("Where nothing can be read there is no limit")
    func nothing() throws {
        #expect(MemoryLimit.bytes(root: try TemporaryFolder().path) == nil)
    }
}
