import APIClient
import Registry

/// How a registered process is asked whether it is ready.
struct ReadinessProbe {
    /// How long an answer may take, in seconds (Kubernetes core/v1 Probe: the default of `timeoutSeconds`).
    static let seconds: Int64 = 1

    private enum Means {
        case http(HTTPProbe)
        case tcp(host: String, port: Int)
        /// A line for the shell; success is its exit status 0.
        case exec(String)
    }

    private let means: Means

    /// Reads `http://…`, `https://…`, `tcp`, `tcp:PORT`, `tcp://HOST:PORT` or `exec COMMAND…`.
    ///
    /// - Parameter port: What `tcp` asks at the address that is registered.
    init(_ text: String, address: IPAddress, port: Int) throws(CommandFailure) {
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            guard let probe = HTTPProbe(url: text, seconds: Self.seconds) else { throw Self.unreadable(text) }
            means = .http(probe)
        } else if text == "tcp" {
            means = .tcp(host: "\(address)", port: port)
        } else if text.hasPrefix("tcp://") {
            guard let url = ServerURL("http://\(text.dropFirst("tcp://".count))"), url.path.isEmpty else {
                throw Self.unreadable(text)
            }
            means = .tcp(host: url.host, port: url.port)
        } else if text.hasPrefix("tcp:") {
            guard let number = Int(text.dropFirst("tcp:".count)), (1...65535).contains(number) else {
                throw Self.unreadable(text)
            }
            means = .tcp(host: "\(address)", port: number)
        } else if text.hasPrefix("exec "), text.dropFirst("exec ".count).contains(where: { !$0.isWhitespace }) {
            means = .exec(String(text.dropFirst("exec ".count)))
        } else {
            throw Self.unreadable(text)
        }
    }

    func isReady() async -> Bool {
        switch means {
        case .http(let probe): await probe.isReady()
        case .tcp(let host, let port): await TCPProbe.isReady(host: host, port: port, seconds: Self.seconds)
        case .exec(let line): await Self.succeeds(line)
        }
    }

    func close() async {
        if case .http(let probe) = means { await probe.close() }
    }

    private static func succeeds(_ line: String) async -> Bool {
        let arguments = ["/bin/sh", "-c", line].map { Array($0.utf8) }
        guard
            let process = try? ChildProcess.start(
                arguments, environment: CommandProcess.presentEnvironment(), hasOwnGroup: true)
        else { return false }
        let timer = Task {
            try await Task.sleep(for: .seconds(seconds))
            process.killGroup()
        }
        let code = await process.exitCode()
        timer.cancel()
        return code == 0
    }

    private static func unreadable(_ text: String) -> CommandFailure {
        CommandFailure(
            .usage,
            "--ready-probe '\(text)' is no probe: write http://HOST:PORT/PATH, tcp, tcp:PORT, tcp://HOST:PORT or "
                + "'exec COMMAND'")
    }
}
