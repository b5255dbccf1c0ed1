import APIClient
import ArgumentParser
import Foundation

/// Which API server a command asks, and as whom.
struct APIServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The API server, Swiftlet's or Kubernetes' own.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("A file that names API servers and users, as kubectl reads it.", valueName: "file"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The context of the kubeconfig, instead of its current one.", valueName: "name"))
    var context: String?

    @Option(help: ArgumentHelp("A file with the token to show; it is read again when it changes.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("The authority of the certificate that --server shows (PEM).", valueName: "file"))
    var certificateAuthority: String?

    /// Whether a server is named.
    var isNamed: Bool { server != nil || kubeconfig != nil || context != nil }

    /// The way to the server that is named.
    func access() throws(CommandFailure) -> APIAccess {
        try access(standsForDefault: false)
    }

    /// The way to the server that is named, else to that of `$KUBECONFIG` or `~/.kube/config`, else to one on this host.
    func accessOrDefault() throws(CommandFailure) -> APIAccess {
        try access(standsForDefault: !isNamed)
    }

    private func access(standsForDefault: Bool) throws(CommandFailure) -> APIAccess {
        let environment = ProcessInfo.processInfo.environment
        var access: APIAccess
        if let server {
            guard kubeconfig == nil, context == nil else {
                throw CommandFailure(.usage, "--server and --kubeconfig or --context name two servers: give one of them")
            }
            guard let url = ServerURL(server) else {
                throw CommandFailure(.usage, "--server '\(server)' is no URL: write it as http://HOST:PORT")
            }
            access = APIAccess(server: url)
            if let certificateAuthority { access.trust = .authority(.file(certificateAuthority)) }
        } else {
            guard certificateAuthority == nil else {
                throw CommandFailure(.usage, "--certificate-authority goes with --server: a kubeconfig names its own")
            }
            do {
                let config =
                    try kubeconfig.map { file throws(KubeConfigError) in try KubeConfig(file: file) }
                    ?? KubeConfig.standard(environment: environment)
                if let config {
                    access = try config.access(context: context)
                } else if standsForDefault, let url = ServerURL("http://127.0.0.1:8001") {
                    access = APIAccess(server: url)
                } else {
                    throw CommandFailure(
                        .usage, "--context needs a kubeconfig, and there is none: name it by --kubeconfig FILE")
                }
            } catch let failure as CommandFailure {
                throw failure
            } catch {
                throw CommandFailure(.badData, "\(error)")
            }
        }
        if let tokenFile { access.credentials = .tokenFile(tokenFile, initial: nil) }
        return access
    }
}

extension APIAccess {
    /// A client of the server; whoever asks for one closes it.
    func client() throws(CommandFailure) -> APIClient {
        do {
            return try APIClient(self, userAgent: "swiftlet/\(Swiftlet.configuration.version)")
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
    }

    /// Runs a body with a client that is closed again behind it.
    func withClient<Value>(
        _ body: (APIClient) async throws(CommandFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        let client = try client()
        do throws(CommandFailure) {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }
}

extension CommandFailure {
    /// A request that came to nothing: out of reach, or refused.
    init(_ error: APIClientError) {
        switch error.cause {
        case .unreachable, .malformed: self.init(.unavailable, "\(error)")
        case .refused, .cancelled: self.init(.other, "\(error)")
        }
    }
}
