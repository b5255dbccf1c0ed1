import Foundation
import PodEnvironment
import Registry
import Testing

@Suite("Room for an environment (execve)")
struct EnvironmentSizeTests {
    @Test("A string takes its bytes, its NUL and a pointer")
    func bytes() {
        #expect(EnvironmentSize.bytes(of: EnvironmentVariable("A", "é")) == 4 + 1 + 8)
        #expect(EnvironmentSize.bytes(ofString: 0) == 9)
    }

    @Test(
        "The kernel's limit follows the stack's",
        arguments: [
            (8 << 20, 2 << 20), (64 << 10, 128 << 10), (0, 128 << 10), (24 << 20, 6 << 20), (1 << 30, 6 << 20),
            (UInt64.max, 6 << 20),
        ] as [(UInt64, Int)])
    func kernelLimit(_ stack: UInt64, _ want: Int) {
        #expect(EnvironmentSize.kernelLimit(stackLimit: stack) == want)
    }

    @Test("The limit is inclusive; beyond it the five largest are named, the largest first")
    func largest() throws {
        let variables =
            (1...7).flatMap { number in
                (0..<number).map { EnvironmentVariable.ofService("S\(number)_\($0)", "x", "prod/s\(number)") }
            } + [EnvironmentVariable("OWN", String(repeating: "x", count: 100))]
        let total = variables.reduce(0) { $0 + EnvironmentSize.bytes(of: $1) }
        try EnvironmentSize.check(variables, limit: total)
        let error = #expect(throws: PodEnvironmentError.self) {
            try EnvironmentSize.check(variables, limit: total - 1)
        }
        #expect(
            error?.description == """
                the variables take \(total) bytes, \(total - 1) is the limit; the largest: --env (113), \
                Service prod/s7 (105), Service prod/s6 (90), Service prod/s5 (75), Service prod/s4 (60)
                """)
    }

    @Test("One variable takes 128 KiB at most, its NUL counted")
    func oneString() throws {
        let longest = EnvironmentVariable("A", String(repeating: "x", count: 131_072 - 3))
        try EnvironmentSize.check([longest], limit: .max)
        #expect(throws: PodEnvironmentError.variableTooLarge(name: "A", bytes: 131_073, limit: 131_072)) {
            try EnvironmentSize.check([EnvironmentVariable("A", longest.value + "x")], limit: .max)
        }
    }

    @Test("The kernel agrees: what fits starts a program, what does not is refused")
    func kernelAgrees() throws {
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0)
        let path = "/bin/true"
        let room =
            EnvironmentSize.kernelLimit(stackLimit: UInt64(limit.rlim_cur))
            - EnvironmentSize.bytes(ofString: path.utf8.count)
            - (path.utf8.count + 1)
        // The kernel keeps some words of its own; a page covers them.
        let page = 4096
        for (bytes, want) in [(room - page, 0), (room + page, E2BIG)] {
            let variables = Self.variables(taking: bytes)
            #expect(variables.reduce(0) { $0 + EnvironmentSize.bytes(of: $1) } == bytes)
            #expect(Self.start(path, environment: variables) == want)
        }
        let longest = EnvironmentVariable("A", String(repeating: "x", count: 131_072 - 3))
        #expect(Self.start(path, environment: [longest]) == 0)
        #expect(Self.start(path, environment: [EnvironmentVariable("A", longest.value + "x")]) == E2BIG)
    }

    private static func variables(taking bytes: Int) -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        var rest = bytes
        while rest > 0 {
            // Neither more than one string may be nor so little left that no string fits.
            let size = rest > 40_000 ? 20_000 : rest
            let name = "V\(variables.count)"
            let overhead = EnvironmentSize.bytes(of: EnvironmentVariable(name, ""))
            variables.append(EnvironmentVariable(name, String(repeating: "x", count: size - overhead)))
            rest -= size
        }
        return variables
    }

    /// Starts a program and waits for its end; 0 or the error number of the start.
    private static func start(_ path: String, environment: [EnvironmentVariable]) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        var strings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.name)=\($0.value)") } + [nil]
        defer { for string in arguments + strings { free(string) } }
        var process = pid_t()
        let result = posix_spawn(&process, path, nil, nil, &arguments, &strings)
        if result == 0 {
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
        return result
    }
}
