import Foundation

/// `swiftlet serve --conf`, black box, on files given as text; `FOLDER` in arguments stands for the folder they are in.
final class CorefileServer: Sendable {
    let process: ServerProcess
    let port: UInt16

    /// Starts on the file named `Corefile`.
    init(_ files: [String: String], arguments: [String] = []) throws {
        process = try ServerProcess(files: files, arguments: ["--conf", "FOLDER/Corefile"] + arguments)
        let endpoints = try process.awaitReady()
        guard let port = endpoints.first?.port else {
            throw ServerProcess.Failure(description: "no address said: \(process.log)")
        }
        self.port = port
    }

    convenience init(_ corefile: String, arguments: [String] = []) throws {
        try self.init(["Corefile": corefile], arguments: arguments)
    }

    /// The URL of one of the operators' pages: `health`, `ready` or `metrics`.
    func page(_ name: String) throws -> String {
        guard let url = process.pages[name] else {
            throw ServerProcess.Failure(description: "no page \(name) said: \(process.log)")
        }
        return url
    }

    /// What a page says, and its status.
    func get(_ name: String) throws -> (status: Int, text: String) {
        let result = try run("curl", ["-s", "--max-time", "10", "-w", "\n%{http_code}", try page(name)])
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    /// The value of a metric with these labels, given as they are written: `name{label="value"}`.
    func metric(_ name: String) throws -> Double? {
        try get("metrics").text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            .flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
    }

    func ask(_ name: String, _ type: String = "A", overTCP: Bool = false) throws -> Seen {
        try Asker.ldns.ask(name, type, port: port, overTCP: overTCP)
    }

    /// Asks until the reply is as wanted; at most for half a minute.
    func awaitReply(_ name: String, _ type: String = "A", _ isWanted: (Seen) -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if isWanted(try ask(name, type)) { return true }
        }
        return false
    }

    @discardableResult
    func stop() -> Int32? { process.stop() }
}
