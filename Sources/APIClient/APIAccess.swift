/// How to reach an API server: where it is, whom to trust, who one is.
package struct APIAccess: Hashable, Sendable {
    /// Bytes that stand in a file or were given in place.
    package enum Material: Hashable, Sendable {
        case file(String)
        case data([UInt8])
    }

    /// Whose certificates a server may show.
    package enum Trust: Hashable, Sendable {
        /// Those that the system trusts.
        case system
        /// Those that an authority has signed (PEM).
        case authority(Material)
        /// Anybody's, which protects against nobody.
        case anyone
    }

    package enum Credentials: Hashable, Sendable {
        case none
        case token(String)
        /// A file that somebody renews; `initial` serves while it cannot be read.
        case tokenFile(String, initial: String?)
        /// HTTP Basic.
        case password(user: String, password: String)
    }

    /// A certificate chain and its key (PEM).
    package struct ClientCertificate: Hashable, Sendable {
        package var chain: Material
        package var key: Material

        package init(chain: Material, key: Material) {
            self.chain = chain
            self.key = key
        }
    }

    package var server: ServerURL
    package var trust: Trust
    /// The name that the server's certificate is to carry, where it is not the host's.
    package var serverName: String?
    package var credentials: Credentials
    package var clientCertificate: ClientCertificate?
    /// The namespace that is meant where none is named.
    package var namespace: String

    package init(
        server: ServerURL, trust: Trust = .system, serverName: String? = nil, credentials: Credentials = .none,
        clientCertificate: ClientCertificate? = nil, namespace: String = "default"
    ) {
        self.server = server
        self.trust = trust
        self.serverName = serverName
        self.credentials = credentials
        self.clientCertificate = clientCertificate
        self.namespace = namespace
    }
}

/// Why an API server cannot be asked: something that reaching it takes is missing or broken.
package struct APIAccessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file, or what is meant where there is none.
    package let place: String
    package let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    package var description: String { "\(place): \(reason)" }
}

extension APIAccess.Material {
    /// - Parameter name: What the bytes are, for messages.
    func bytes(_ name: String) throws(APIAccessError) -> [UInt8] {
        switch self {
        case .data(let bytes): return bytes
        case .file(let path): return try AccessFile.bytes(path)
        }
    }

    /// Where the bytes come from, for messages.
    func place(_ name: String) -> String {
        switch self {
        case .data: name
        case .file(let path): path
        }
    }
}
