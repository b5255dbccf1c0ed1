import BenchmarkSupport
import Foundation
import Glibc

/// A running `swiftlet serve` with a data folder.
struct RegistryServer {
    /// Seconds a server may take until it says that it is ready.
    static let startLimit = 60

    /// Where it takes questions and requests, both on 127.0.0.1.
    struct Ports: Equatable {
        let dns: UInt16
        let api: UInt16
    }

    private let program: Program
    let ports: Ports

    var processIdentifier: pid_t { program.processIdentifier }

    /// Starts the server on free ports and waits until it says that it is ready.
    init(executable: String, data: URL, folder: URL) throws {
        program = try Self.start(executable: executable, data: data, folder: folder, ports: Ports(dns: 0, api: 0))
        do {
            ports = try Self.awaitReady(program)
        } catch {
            program.stop()
            throw error
        }
    }

    private init(program: Program, ports: Ports) {
        self.program = program
        self.ports = ports
    }

    /// Starts the server on known ports and does not wait.
    static func restarted(executable: String, data: URL, folder: URL, ports: Ports) throws -> RegistryServer {
        let program = try start(executable: executable, data: data, folder: folder, ports: ports)
        return RegistryServer(program: program, ports: ports)
    }

    /// Ends the server as a service manager would.
    func stop() { program.stop() }

    /// Ends the server at once, with no chance to write anything more.
    func crash() {
        kill(program.processIdentifier, SIGKILL)
        program.stop()
    }

    /// What is to be said of a request that failed: where the server has ended, that is the reason.
    func cause(of error: any Error) -> any Error {
        if case BenchmarkError.interrupted = error { return error }
        return program.isRunning ? error : program.causeOfEnd()
    }

    private static func start(executable: String, data: URL, folder: URL, ports: Ports) throws -> Program {
        try Program(
            name: "swiftlet", executable: executable,
            arguments: [
                "serve", "--data", data.path, "--listen", "127.0.0.1:\(ports.dns)", "--api", "127.0.0.1:\(ports.api)",
            ],
            folder: folder)
    }

    private static func awaitReady(_ program: Program) throws -> Ports {
        let deadline = ContinuousClock.now + .seconds(startLimit)
        while ContinuousClock.now < deadline {
            guard program.isRunning else { throw program.causeOfEnd() }
            let lines = program.output().split(separator: "\n")
            if lines.contains("ready") {
                guard let dns = port(in: lines, after: "listening on 127.0.0.1:"),
                    let api = port(in: lines, after: "API on http://127.0.0.1:")
                else { throw BenchmarkError.program("swiftlet", reason: "did not say where it listens") }
                return Ports(dns: dns, api: api)
            }
            try Interruption.sleep(milliseconds: 5)
        }
        throw BenchmarkError.program("swiftlet", reason: "was not ready after \(startLimit) s")
    }

    private static func port(in lines: [Substring], after start: String) -> UInt16? {
        lines.first { $0.hasPrefix(start) }.flatMap { UInt16($0.dropFirst(start.count).prefix(while: \.isNumber)) }
    }
}
