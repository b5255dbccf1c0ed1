import BenchmarkSupport
import Foundation

/// A server that reads a Corefile: how it is started.
package struct ClusterContender {
    package let name: String
    package let executable: String
    /// Whether it can keep what it knows of the cluster in a folder.
    package let keepsState: Bool

    package static let measuredName = "swiftlet"

    package static func swiftlet(_ executable: String) -> Self {
        Self(name: measuredName, executable: executable, keepsState: true)
    }

    package static func coreDNS(_ executable: String) -> Self {
        Self(name: "CoreDNS", executable: executable, keepsState: false)
    }

    package var versionArguments: [String] { keepsState ? ["--version"] : ["-version"] }

    /// - Parameter data: where to keep the state; nil for nowhere.
    package func arguments(corefile: URL, data: URL?) -> [String] {
        guard keepsState else { return ["-conf", corefile.path] }
        return ["serve", "--conf", corefile.path] + (data.map { ["--data", $0.path] } ?? [])
    }
}

/// One running server, on ports of 127.0.0.1 that are its own.
package struct ClusterServer {
    /// Seconds it may take until it answers everything rightly.
    package static let syncLimit = 120

    package let program: Program
    package let port: UInt16
    /// Just before it was started.
    package let start: ContinuousClock.Instant

    package var processIdentifier: pid_t { program.processIdentifier }

    /// Starts the server, and does not wait.
    ///
    /// - Parameters:
    ///   - api: the port of the API server.
    ///   - data: where to keep the state; nil for nowhere.
    ///   - core: the core it is pinned to; nil for all.
    package init(_ contender: ClusterContender, api: UInt16, data: URL?, core: Int? = nil, folder: URL) throws {
        port = try findFreePort()
        let corefile = folder.appending(path: "Corefile-\(port)")
        try Corefile.kubeadm(port: port, api: api).write(to: corefile, atomically: false, encoding: .utf8)
        start = .now
        program = try Program(
            name: contender.name, executable: contender.executable,
            arguments: contender.arguments(corefile: corefile, data: data), core: core,
            folder: folder)
    }

    /// Asks without a pause until all is answered rightly.
    ///
    /// - Returns: The time since the start, or since `begin`.
    package func awaitAnswers(to questions: [Question], since begin: ContinuousClock.Instant? = nil) throws -> Duration
    {
        let probe = try DNSProbe(port: port)
        let begin = begin ?? start
        let deadline = begin + .seconds(Self.syncLimit)
        for question in questions {
            var latest: DNSReply?
            while true {
                if let reply = probe.ask(question) {
                    if reply.meets(question.expectation) { break }
                    latest = reply
                } else {
                    // Nobody listens yet, or the answer is late.
                    usleep(200)
                }
                try Interruption.check()
                guard program.isRunning else { throw program.causeOfEnd() }
                guard ContinuousClock.now < deadline else {
                    throw BenchmarkError.wrongAnswer(
                        question: question.name,
                        reply: "\(latest?.description ?? "no reply") after \(Self.syncLimit) s")
                }
            }
        }
        return .now - begin
    }

    /// Waits until the server says that it is ready: from then on it minds signals to end.
    package func awaitReady() throws {
        let deadline = ContinuousClock.now + .seconds(Self.syncLimit)
        while !program.output().split(separator: "\n").contains("ready") {
            guard program.isRunning else { throw program.causeOfEnd() }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError.program(program.name, reason: "was not ready after \(Self.syncLimit) s")
            }
            try Interruption.sleep(milliseconds: 5)
        }
    }

    /// Makes the most memory ever taken that of this moment (proc(5), `clear_refs`).
    package func resetPeak() throws(BenchmarkError) {
        let path = "/proc/\(processIdentifier)/clear_refs"
        let descriptor = open(path, O_WRONLY)
        guard descriptor >= 0 else { throw .system(call: "open \(path)", errorNumber: errno) }
        defer { close(descriptor) }
        guard write(descriptor, "5", 1) == 1 else { throw .system(call: "write \(path)", errorNumber: errno) }
    }
}
