import BenchmarkSupport
import Foundation
import Glibc

/// The server under test: started, killed, frozen and started again, with the same arguments.
///
/// Main thread only, as the programs it starts are.
final class Server {
    /// How many it may have: few, so that they can be used up.
    static let descriptors = 512

    let port: UInt16 = 53
    private let executable: String
    private let arguments: [String]
    private let shim: Shim
    private let strain: Strain
    private let folder: URL
    private var program: Program?
    /// The most memory that any of its lives took, in MiB.
    private(set) var peak = 0.0
    /// How often it was started.
    private(set) var lives = 0

    init(executable: String, arguments: [String], shim: Shim, strain: Strain, folder: URL) {
        self.executable = executable
        self.arguments = arguments
        self.shim = shim
        self.strain = strain
        self.folder = folder
    }

    /// Starts it, and does not wait.
    func start() throws {
        lives += 1
        program = try Program(
            name: "swiftlet", executable: "prlimit",
            arguments: ["--nofile=\(Self.descriptors):\(Self.descriptors)", "env"] + shim.environment + [executable]
                + arguments,
            folder: folder)
        strain.follow(program?.processIdentifier)
    }

    /// nil where it runs as it should.
    var complaint: String? {
        guard let program else { return nil }
        return program.isRunning ? nil : "\(program.causeOfEnd())"
    }

    var isStarted: Bool { program != nil }
    var processIdentifier: pid_t? { program?.processIdentifier }
    var output: String { program?.output() ?? "" }

    /// Whether the server has said that it is ready: from then on it minds signals.
    var hasSaidReady: Bool { output.split(separator: "\n").contains("ready") }

    func noteMemory() {
        if let program, let memory = try? MemoryReading(of: program.processIdentifier) { peak = max(peak, memory.peak) }
    }

    func kill() {
        noteMemory()
        guard let ended = program else { return }
        program = nil
        Glibc.kill(ended.processIdentifier, SIGKILL)
        for _ in 0..<2000 where ended.isRunning { usleep(5000) }
    }

    /// Ends it as an operator does. It may take as long as a slow disk takes to have SQLite's log moved into the file.
    ///
    /// - Returns: Why that was no clean end.
    @discardableResult
    func terminate() -> String? {
        noteMemory()
        guard let ended = program else { return nil }
        program = nil
        ended.stop(within: .seconds(60))
        for _ in 0..<2000 where ended.isRunning { usleep(5000) }
        // Foundation hears of an end later than the kernel, and has no cause before.
        guard !ended.isRunning else { return "SIGTERM: no end of it was heard of" }
        let cause = "\(ended.causeOfEnd())"
        return cause.contains("exit status 0") ? nil : "SIGTERM: \(cause)"
    }

    func signal(_ number: Int32) { if let program { Glibc.kill(program.processIdentifier, number) } }

    /// CPU time since its start, in seconds.
    var processorSeconds: Double? {
        program.flatMap { try? CPUTime.total(of: $0.processIdentifier) }.map { Double($0.nanoseconds) / 1e9 }
    }
}
