import Foundation

/// A running `swiftlet serve`, black box: started on free ports of loopback, ended by SIGTERM.
final class ServerUnderTest: @unchecked Sendable {
    // Sendable: everything is set before `init` returns and only read afterwards; `Process` is ended once.
    let port: UInt16
    let folder: URL
    private let process: Process

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// The binary: `SWIFTLET_BINARY`, else the one built beside this test bundle.
    static var binary: String {
        if let path = ProcessInfo.processInfo.environment["SWIFTLET_BINARY"] { return path }
        // Of whatever configuration, a sanitizer's as well.
        return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "swiftlet").path
    }

    /// Starts a server on manifests and zone files given as text, and returns once it says that it is ready.
    init(manifests: [String: String], zones: [String: String] = [:], arguments: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        let manifestFolder = folder.appending(path: "manifests")
        try FileManager.default.createDirectory(at: manifestFolder, withIntermediateDirectories: true)
        for (name, text) in manifests {
            try text.write(to: manifestFolder.appending(path: name), atomically: true, encoding: .utf8)
        }
        var all = ["serve", "--listen", "127.0.0.1:0", "--api", "none", "--manifests", manifestFolder.path] + arguments
        for (origin, text) in zones {
            let file = folder.appending(path: "\(origin).zone")
            try text.write(to: file, atomically: true, encoding: .utf8)
            all += ["--zonefile", "\(origin)=\(file.path)"]
        }
        process = Process()
        process.executableURL = URL(filePath: Self.binary)
        process.arguments = all
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The pipe ends when the server does, so this does not wait for ever.
        var text = ""
        while !text.contains("ready\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                throw StartFailure(description: "the server ended before it was ready: \(text)")
            }
            text += String(decoding: data, as: UTF8.self)
        }
        let digits = text.split(separator: "listening on 127.0.0.1:").last?.prefix { $0.isNumber }
        guard let digits, let port = UInt16(digits) else {
            throw StartFailure(description: "no port in: \(text)")
        }
        self.port = port
    }

    /// Ends the server; the status it ended with.
    @discardableResult
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
        return process.terminationStatus
    }

    func manifest(_ name: String) -> URL { folder.appending(path: "manifests").appending(path: name) }
}

/// Runs a program to its end and gives what it wrote to standard output and error.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, complaints)
}
