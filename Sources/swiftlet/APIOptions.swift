import ArgumentParser
import RegistryAPI

/// How `serve` is told to serve the registry's API.
struct APIOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the registry's API is served: ADDRESS:PORT, or none. (default: 127.0.0.1:8001)",
            valueName: "host:port"))
    var api: String?

    @Option(
        name: .customLong("api-cert"),
        help: ArgumentHelp("The certificate chain of the API (PEM): it is served over TLS.", valueName: "file"))
    var certificate: String?

    @Option(name: .customLong("api-key"), help: ArgumentHelp("The key of that certificate (PEM).", valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("api-tokens"),
        help: ArgumentHelp(
            """
            Who may use the API: lines of TOKEN,NAME,ROLE[;ROLE] with the roles read, write, write:NAMESPACE, admin. \
            Read again as it changes.
            """,
            valueName: "file"))
    var tokens: String?

    @Option(
        name: .customLong("api-client-ca"),
        help: ArgumentHelp(
            "The authority of client certificates (PEM); CN is the name, each O a role or system:masters.",
            valueName: "file"))
    var clientAuthority: String?

    /// The file of tokens, read; nil where none is named or the API is not to be served.
    func tokenFile() throws(CommandFailure) -> AccessTokenFile? {
        guard api != "none", let tokens else { return nil }
        return try AccessTokenFile(tokens, mayBeEmpty: clientAuthority != nil)
    }

    /// What was asked for; nil where the API is not to be served.
    ///
    /// - Parameter memory: what the process may have in all, in bytes; nil for no bound that is known.
    func settings(_ tokens: AccessTokenBook?, memory: Int?) throws(CommandFailure) -> APISettings? {
        guard api != "none" else { return nil }
        let address = api ?? "127.0.0.1:8001"
        guard let (host, port) = Self.split(address) else {
            throw CommandFailure(.usage, "--api \(address): write ADDRESS:PORT, [IPV6]:PORT or none")
        }
        guard (certificate == nil) == (key == nil) else {
            throw CommandFailure(.usage, "--api-cert and --api-key go together: give both, or none")
        }
        guard clientAuthority == nil || certificate != nil else {
            throw CommandFailure(.usage, "--api-client-ca needs TLS: give --api-cert and --api-key")
        }
        do {
            var settings = try APISettings(
                host: host, port: port, certificateFile: certificate, keyFile: key,
                clientAuthorityFile: clientAuthority, tokens: tokens)
            settings.fit(memory: memory)
            return settings
        } catch {
            switch error {
            case .unprotected: throw CommandFailure(.usage, "\(error)")
            case .unreadable: throw CommandFailure(.badData, "\(error)")
            }
        }
    }

    private static func split(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), Int(port))
    }
}
