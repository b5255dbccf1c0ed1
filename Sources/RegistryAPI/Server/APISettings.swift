import ConnectionRules
import FileReading
import NIOSSL
import ProcessRights
import Registry

/// How the API is served; read once, at start.
package struct APISettings: Sendable {
    /// Why settings cannot be served with.
    package enum Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        /// An address that others reach, without TLS or without anybody to let in.
        case unprotected(address: String, missing: String)
        case unreadable(file: String, reason: String)

        package var description: String {
            switch self {
            case .unprotected(let address, let missing):
                "the API on \(address) can be reached from other hosts and has no \(missing): give --api-cert and "
                    + "--api-key, and --api-tokens or --api-client-ca, or listen on 127.0.0.1"
            case .unreadable(let file, let reason):
                "\(file): \(reason)"
            }
        }
    }

    /// An IP address as text.
    package var host: String
    /// 0 for any that is free.
    package var port: Int
    package var tls: TLSConfiguration?
    package var tokens: AccessTokenBook?
    package var acceptsClientCertificates: Bool
    package var maximumWatches = 1000
    /// What may wait for a watch to be read, in bytes of text that all watches share.
    package var maximumQueueBytes = WatchHub.usualQueueBytes
    package var maximumConnections = 4096
    /// What answers may have in all that are being made, or wait for their clients to read them; in bytes.
    package var maximumAnswerBytes = 64 << 20
    /// How long a request waits for room among them.
    package var answerPatience = Duration.seconds(5)
    /// What the bodies of requests may have in all that are being read or answered; in bytes.
    package var maximumBodyBytes = 256 << 20
    /// What bodies may have in all that are read as documents and carried out, in values of JSON, and each of them: some
    /// 400 bytes of memory each where they are small.
    package var maximumBodyValues = BodyReader.usualValues
    /// How long a body waits for its turn among them.
    package var turnPatience = Duration.seconds(60)
    /// How long a client may take for the next piece of a body.
    package var bodyPatience = Duration.seconds(10)

    /// Room for a few of the longest bodies, in bytes.
    private static let leastBytes = 16 << 20
    /// Room for an EndpointSlice of a thousand endpoints, and for what kubectl notes of it.
    private static let leastBodyValues = 40_000
    /// Room for the largest transaction of the store, in bytes.
    private static let leastQueueBytes = 8 << 20

    /// Leaves requests a quarter of the memory that the process may have for their answers, and for their bodies, and a
    /// watch an eighth.
    ///
    /// - Parameter memory: in bytes; nil for no bound that is known.
    package mutating func fit(memory: Int?) {
        guard let memory else { return }
        let part = max(memory / 4, Self.leastBytes)
        maximumAnswerBytes = min(maximumAnswerBytes, part)
        maximumBodyBytes = min(maximumBodyBytes, part)
        maximumBodyValues = min(maximumBodyValues, max(memory / 2048, Self.leastBodyValues))
        maximumQueueBytes = min(maximumQueueBytes, max(memory / 8, Self.leastQueueBytes))
    }

    /// - Parameters:
    ///   - certificateFile: The server's certificate chain (PEM); with it the API is served over TLS only.
    ///   - keyFile: The key of the certificate (PEM).
    ///   - clientAuthorityFile: The authority of client certificates (PEM); their subjects say who they are:
    ///     CN the name, each O a role, `system:masters` being admin.
    package init(
        host: String, port: Int, certificateFile: String? = nil, keyFile: String? = nil,
        clientAuthorityFile: String? = nil, tokens: AccessTokenBook? = nil
    ) throws(Invalid) {
        self.host = host
        self.port = port
        self.tokens = tokens
        acceptsClientCertificates = clientAuthorityFile != nil
        if let certificateFile, let keyFile {
            tls = try Self.tls(certificateFile, keyFile, clientAuthorityFile)
        }
        guard !Self.isLoopback(host) else { return }
        guard tls != nil else { throw .unprotected(address: "\(host):\(port)", missing: "TLS") }
        guard tokens?.isEmpty == false || acceptsClientCertificates else {
            throw .unprotected(address: "\(host):\(port)", missing: "authentication")
        }
    }

    /// Whether requests must say who sends them.
    var needsIdentity: Bool { tokens != nil || acceptsClientCertificates }

    private static func isLoopback(_ host: String) -> Bool {
        // A name that begins like an address may lead anywhere.
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && IPAddress(host) != nil
    }

    private static func tls(_ certificate: String, _ key: String, _ authority: String?) throws(Invalid)
        -> TLSConfiguration
    {
        func reading<Value>(_ file: String, _ body: ([UInt8]) throws -> Value) throws(Invalid) -> Value {
            let bytes: [UInt8]
            do {
                bytes = try RegularFile.bytes(file, limit: RegularFile.configurationLimit)
            } catch {
                throw .unreadable(file: file, reason: "\(error)")
            }
            do {
                return try body(bytes)
            } catch {
                throw .unreadable(file: file, reason: "is no PEM file of the expected kind: \(error)")
            }
        }
        let chain = try reading(certificate) { try NIOSSLCertificate.fromPEMBytes($0) }
        do {
            try SecretFile.check(key)
        } catch {
            throw .unreadable(file: key, reason: error.reason)
        }
        let privateKey = try reading(key) { try NIOSSLPrivateKey(bytes: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = TLSConfiguration.endPatience
        if let authority {
            let roots = try reading(authority) { try NIOSSLCertificate.fromPEMBytes($0) }
            configuration.trustRoots = .certificates(roots)
            // Who has no certificate may come with a token.
            configuration.certificateVerification = .optionalVerification
        }
        return configuration
    }
}
