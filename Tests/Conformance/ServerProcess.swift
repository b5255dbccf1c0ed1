import Foundation
import Synchronization

/// A server that is watched from its first moment on: what it says, what it complains of, how it ends.
///
/// `@unchecked Sendable`: the process is started in `init` and only signalled afterwards; its end comes through a lock.
final class ServerProcess: @unchecked Sendable {
    /// An address that the server said it listens on.
    struct Endpoint: Equatable {
        let host: String
        let port: UInt16
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let folder: URL
    private let process = Process()
    private let output = Pipe()
    private let ended = DispatchSemaphore(value: 0)
    private let isStopped = Mutex(false)
    private let api = Mutex<String?>(nil)
    private let operations = Mutex<[String: String]>([:])
    private let encrypted = Mutex<[String: UInt16]>([:])

    /// Where the server said that its API is, once it is ready.
    var apiURL: String? { api.withLock { $0 } }
    /// The URLs of the operators' pages by name, once the server is ready: `health`, `ready`, `metrics`.
    var pages: [String: String] { operations.withLock { $0 } }
    /// The ports of listeners by scheme, `TLS` or `HTTPS`, once the server is ready.
    var encryptedPorts: [String: UInt16] { encrypted.withLock { $0 } }
    var processIdentifier: Int32 { process.processIdentifier }

    /// Starts `swiftlet serve` on files given as text; `FOLDER` in arguments stands for the folder they are in.
    ///
    /// - Parameter launcher: A command that ends by becoming what is given to it as further arguments.
    init(files: [String: String], arguments: [String], launcher: [String] = []) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let command =
            launcher + [ServerUnderTest.binary, "serve"] + (arguments.contains("--api") ? [] : ["--api", "none"])
            + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command.map { $0.replacing("FOLDER", with: folder.path) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log)
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    deinit { stop() }

    /// What the server wrote to standard error so far.
    var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

    /// Waits until the server has written a text to standard error; false where it does not come in time.
    func awaitLog(_ text: String, seconds: Double = 60) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !log.contains(text) {
            guard ContinuousClock.now < end else { return false }
            usleep(10_000)
        }
        return true
    }

    /// Waits for the line `ready`; the addresses named before it.
    func awaitReady(seconds: Double = 60) throws -> [Endpoint] {
        let end = ContinuousClock.now + .seconds(seconds)
        var text = ""
        // Lines of the server's log may stand behind it already.
        while !"\n\(text)".contains("\nready\n") {
            let descriptor = output.fileHandleForReading.fileDescriptor
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let rest = (end - ContinuousClock.now) / .milliseconds(1)
            guard rest > 0, poll(&poller, 1, Int32(rest)) >= 0 else {
                throw Failure(description: "not ready after \(seconds) s: \(text) \(log)")
            }
            guard poller.revents != 0 else { continue }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw Failure(description: "ended before it was ready: \(text) \(log)") }
            text += String(decoding: data, as: UTF8.self)
        }
        if let match = text.firstMatch(of: /API on (.+)\n/) { api.withLock { $0 = String(match.1) } }
        for match in text.matches(of: /(health|ready|metrics) on (.+)\n/) {
            operations.withLock { $0[String(match.1)] = String(match.2) }
        }
        for match in text.matches(of: /listening on .+:(\d+) \(DNS over (TLS|HTTPS)\)\n/) {
            encrypted.withLock { $0[String(match.2)] = UInt16(match.1) }
        }
        return text.matches(of: /listening on (.+):(\d+) \(UDP and TCP\)\n/).compactMap { match in
            UInt16(match.2).map {
                Endpoint(host: match.1.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: $0)
            }
        }
    }

    /// Ends the server with SIGTERM and gives its exit status; nil where it had to be killed, or was stopped before.
    @discardableResult
    func stop() -> Int32? {
        let wasStopped = isStopped.withLock { stopped in
            defer { stopped = true }
            return stopped
        }
        guard !wasStopped else { return nil }
        defer { try? FileManager.default.removeItem(at: folder) }
        // 0 would be this process and all beside it: a server that was never started has no identifier.
        guard process.processIdentifier > 0 else { return nil }
        if process.isRunning { kill(process.processIdentifier, SIGTERM) }
        let status = awaitEnd()
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        return status
    }

    /// Waits for the end; the exit status, or nil where it does not come in time or by a signal.
    func awaitEnd(seconds: Double = 20) -> Int32? {
        guard ended.wait(timeout: .now() + seconds) == .success else { return nil }
        // For the next who waits.
        ended.signal()
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }
}
