import Foundation

/// A program started by the benchmark, with its output in a file.
///
/// Main thread only: the kernel ends the program when the thread that started it does, so that nothing keeps a core
/// busy should the benchmark itself be killed.
package struct Program {
    package let name: String
    package let outputFile: URL
    private let process: Process

    package var processIdentifier: pid_t { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    /// Starts the program in `folder`, pinned to `core` when one is given.
    package init(
        name: String, executable: String, arguments: [String], core: Int? = nil, folder: URL
    ) throws {
        try self.init(
            name: name, executable: executable, arguments: arguments, cores: core.map(String.init), folder: folder)
    }

    /// Starts the program in `folder`, pinned to `cores` when some are given: `0`, `0,1` or `0-3`.
    package init(
        name: String, executable: String, arguments: [String], cores: String?, folder: URL
    ) throws {
        var command = ["setpriv", "--pdeathsig", "TERM"]
        if let cores { command += ["taskset", "-c", cores] }
        command += [executable] + arguments

        outputFile = folder.appending(path: "output-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: outputFile.path, contents: nil) else {
            throw BenchmarkError.program(name, reason: "cannot write \(outputFile.path)")
        }
        let output = try FileHandle(forWritingTo: outputFile)
        defer { try? output.close() }

        self.name = name
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
        } catch {
            throw BenchmarkError.program(name, reason: "cannot start: \(error)")
        }
    }

    /// What the program has written so far, to both its outputs.
    package func output() -> String {
        guard let data = try? Data(contentsOf: outputFile) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Why the program is no longer running: its exit status and the last line it wrote.
    package func causeOfEnd() -> BenchmarkError {
        let how = process.terminationReason == .exit ? "exit status" : "signal"
        let lastLine = output().split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? ""
        return .program(name, reason: "ended with \(how) \(process.terminationStatus)\(lastLine)")
    }

    /// Waits until the program has ended by itself with status 0, and returns its output.
    package func finish(withinSeconds limit: Int) throws -> String {
        let deadline = ContinuousClock.now + .seconds(limit)
        do {
            while process.isRunning {
                guard ContinuousClock.now < deadline else {
                    throw BenchmarkError.program(name, reason: "did not end within \(limit) seconds")
                }
                try Interruption.sleep(milliseconds: 50)
            }
        } catch {
            stop()
            throw error
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else { throw causeOfEnd() }
        return output()
    }

    /// Ends the program and its children: SIGTERM to the program, SIGKILL to whatever is left after a while.
    package func stop(within patience: Duration = .seconds(10)) {
        let family = ProcessTree.members(of: processIdentifier)
        if process.isRunning { kill(processIdentifier, SIGTERM) }

        let deadline = ContinuousClock.now + patience
        var left = family
        while ContinuousClock.now < deadline {
            left = family.filter(ProcessTree.isAlive)
            if left.isEmpty && !process.isRunning { return }
            usleep(10_000)
        }
        for identifier in left { kill(identifier, SIGKILL) }
    }
}

extension Program {
    /// Runs a program to its end and returns what it wrote; nil when it fails.
    package static func outputOf(
        _ executable: String, _ arguments: [String], folder: URL
    ) throws(BenchmarkError) -> String? {
        let output = try? Program(name: executable, executable: executable, arguments: arguments, folder: folder)
            .finish(withinSeconds: 10)
        try Interruption.check()
        return output
    }

    /// The first line of what a program says of its version, at most 80 characters; nil when it says nothing.
    package static func versionLine(
        of executable: String, _ arguments: [String], folder: URL
    ) throws(BenchmarkError) -> String? {
        try outputOf(executable, arguments, folder: folder)?
            .split(separator: "\n").first { $0.contains(where: \.isNumber) }
            .map { String($0.prefix(80)) }
    }

    /// The path of an installed program, looked for in PATH and where Debian keeps daemons.
    package static func find(_ name: String) -> String? {
        let searched = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (searched + ["/usr/sbin", "/usr/local/sbin"])
            .map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile(atPath:))
    }
}
