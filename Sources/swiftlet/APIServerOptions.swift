import APIClient
import ArgumentParser
import Foundation
import ProcessRights

/// Which API server a command asks, and as whom.
struct APIServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The API server, Swiftlet's or Kubernetes' own. (default: $SWIFTLET_SERVER)", valueName: "url"))
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

    /// Whether a server is named by an option.
    var isNamed: Bool { server != nil || kubeconfig != nil || context != nil }

    /// Whether a server is named by an option or by `$SWIFTLET_SERVER`.
    var isKnown: Bool { isNamed || Self.serverOfEnvironment != nil }

    /// The way to the server that is named, else to that of `$KUBECONFIG` or `~/.kube/config`, else to the one of the
    /// cluster whose Pod this is, else to one on this host.
    func accessOrDefault() throws(CommandFailure) -> APIAccess {
        if let access = try namedAccess() { return try finished(access) }
        if let access = try kubeconfigAccess() { return try finished(access) }
        // The variables alone say nothing: `swiftlet exec` sets them too. In a Pod there is a token beside them.
        if let access = try? ServiceAccount.access(environment: ProcessInfo.processInfo.environment) {
            return try finished(access)
        }
        return try finished(try Self.access("http://127.0.0.1:8001", option: "--server"))
    }

    private func namedAccess() throws(CommandFailure) -> APIAccess? {
        if let server {
            guard kubeconfig == nil, context == nil else {
                throw CommandFailure(
                    .usage, "--server and --kubeconfig or --context name two servers: give one of them")
            }
            return try Self.access(server, option: "--server")
        }
        if kubeconfig != nil || context != nil {
            guard let access = try kubeconfigAccess() else {
                throw CommandFailure(
                    .usage, "--context needs a kubeconfig, and there is none: name it by --kubeconfig FILE")
            }
            return access
        }
        guard let server = Self.serverOfEnvironment else { return nil }
        return try Self.access(server, option: "SWIFTLET_SERVER")
    }

    private func kubeconfigAccess() throws(CommandFailure) -> APIAccess? {
        guard certificateAuthority == nil else {
            throw CommandFailure(.usage, "--certificate-authority goes with --server: a kubeconfig names its own")
        }
        do throws(KubeConfigError) {
            if let kubeconfig { return try KubeConfig(file: kubeconfig).access(context: context) }
            return try KubeConfig.standard(environment: ProcessInfo.processInfo.environment)?.access(context: context)
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
    }

    /// With the authority and the token that options name.
    private func finished(_ access: APIAccess) throws(CommandFailure) -> APIAccess {
        var access = access
        if let certificateAuthority { access.trust = .authority(.file(certificateAuthority)) }
        if let tokenFile {
            try SecretFile.checkOption("--token-file", tokenFile)
            access.credentials = .tokenFile(tokenFile, initial: nil)
        }
        return access
    }

    private static var serverOfEnvironment: String? {
        let server = ProcessInfo.processInfo.environment["SWIFTLET_SERVER"] ?? ""
        return server.isEmpty ? nil : server
    }

    private static func access(_ server: String, option: String) throws(CommandFailure) -> APIAccess {
        guard let url = ServerURL(server) else {
            throw CommandFailure(.usage, "\(option) '\(server)' is no URL: write it as http://HOST:PORT")
        }
        return APIAccess(server: url)
    }
}

extension SecretFile {
    /// Refuses a file that an option names and every user of the host may read.
    static func checkOption(_ option: String, _ path: String) throws(CommandFailure) {
        do {
            try check(path)
        } catch {
            throw CommandFailure(.badData, "\(option) \(error)")
        }
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
        case .refused(code: 401, _):
            self.init(.other, "\(error): show a token by --token-file FILE, or name a kubeconfig that has one")
        case .refused, .cancelled: self.init(.other, "\(error)")
        }
    }
}
