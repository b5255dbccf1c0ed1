import Foundation

/// A server whose registry is reached through its API, black box: kubectl and curl in, exit codes and texts out.
final class APIServerUnderTest: Sendable {
    let process: ServerProcess
    /// `http://127.0.0.1:PORT`.
    let url: String
    let dnsPort: UInt16

    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    convenience init(files: [String: String] = [:], arguments: [String] = []) throws {
        try self.init(files: files, arguments: arguments, launcher: [])
    }

    /// With a file system of limited size that only the server sees, mounted at a folder.
    convenience init(arguments: [String], onTemporaryFileSystem folder: String, megabytes: Int) throws {
        try self.init(
            arguments: arguments,
            launcher: Self.inMountNamespace(
                "mkdir -p \"$0\" && mount -t tmpfs -o size=\(megabytes)m swiftlet \"$0\"", folder))
    }

    /// With a folder that the server sees as read-only.
    convenience init(arguments: [String], readOnly folder: String) throws {
        try self.init(
            arguments: arguments,
            launcher: Self.inMountNamespace(
                "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"", folder))
    }

    /// With so many descriptors: the soft limit and the hard one.
    convenience init(descriptors: String) throws {
        try self.init(arguments: [], launcher: ["prlimit", "--nofile=\(descriptors)"])
    }

    private static func inMountNamespace(_ preparation: String, _ folder: String) -> [String] {
        ["unshare", "--mount", "sh", "-c", "\(preparation) && exec \"$@\"", folder]
    }

    private init(files: [String: String] = [:], arguments: [String], launcher: [String]) throws {
        process = try ServerProcess(
            files: files,
            arguments: ["--listen", "127.0.0.1:0"]
                + (arguments.contains("--api") ? [] : ["--api", "127.0.0.1:0"]) + arguments,
            launcher: launcher)
        let endpoints = try process.awaitReady()
        guard let port = endpoints.first?.port, let url = process.apiURL else {
            throw ServerProcess.Failure(description: "no addresses said: \(process.log)")
        }
        dnsPort = port
        self.url = url
    }

    /// Runs a line of shell in which `kubectl` and `swiftlet` are pointed at the server, in the server's folder.
    ///
    /// `$URL` is the API's, `$DNS` the port that answers DNS.
    func shell(_ line: String, input: String = "") throws -> Result {
        let shell = Process()
        // `await COMMAND…` tries a command again until it succeeds, for half a minute.
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = [
            "-c",
            """
            kubectl() { command kubectl --server "$URL" --cache-dir "$PWD/kube-cache" --request-timeout=30s "$@"; }
            swiftlet() { "$SWIFTLET" "$@"; }
            await() { for _ in $(seq 300); do "$@" && return; sleep 0.1; done; echo "never: $*" >&2; return 1; }
            \(line)
            """,
        ]
        shell.currentDirectoryURL = process.folder
        var environment = ProcessInfo.processInfo.environment
        environment["HOME"] = process.folder.path
        environment["KUBECONFIG"] = "/dev/null"
        environment["URL"] = url
        environment["SWIFTLET_SERVER"] = url
        environment["DNS"] = "\(dnsPort)"
        environment["SWIFTLET"] = ServerUnderTest.binary
        shell.environment = environment
        // A file rather than a pipe: a command that does not read its input must not end the tests by SIGPIPE.
        let inputFile = process.folder.appending(path: "input-\(UUID().uuidString)")
        try Data(input.utf8).write(to: inputFile)
        let (output, errors) = (Pipe(), Pipe())
        shell.standardInput = try FileHandle(forReadingFrom: inputFile)
        shell.standardOutput = output
        shell.standardError = errors
        try shell.run()
        // Two pipes, either of which may fill: one is read beside the other.
        let complaints = ErrorText(errors.fileHandleForReading)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        return Result(status: shell.terminationStatus, output: text, errors: complaints.text())
    }

    func stop() { process.stop() }
}

/// Reads a pipe to its end on a thread of its own.
///
/// `@unchecked Sendable`: the text is written before the semaphore is signalled and read after.
private final class ErrorText: @unchecked Sendable {
    private var data = Data()
    private let done = DispatchSemaphore(value: 0)

    init(_ handle: FileHandle) {
        Thread.detachNewThread { [self] in
            data = handle.readDataToEndOfFile()
            done.signal()
        }
    }

    func text() -> String {
        done.wait()
        return String(decoding: data, as: UTF8.self)
    }
}
