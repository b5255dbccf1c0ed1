import Corefile
import NIOSSL
import ProcessRights

/// What `tls` says, made into what listeners take.
enum ServerCertificate {
    /// Reads the files of a `tls` directive.
    static func configuration(_ settings: TLSSettings, at place: Token) throws(CorefileError) -> TLSConfiguration {
        let chain = try reading(settings.certificateFile, place) { try NIOSSLCertificate.fromPEMFile($0) }
        do {
            try SecretFile.check(settings.keyFile)
        } catch {
            throw CorefileError(file: place.file, line: place.line, token: settings.keyFile, reason: error.reason)
        }
        let key = try reading(settings.keyFile, place) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        if let authority = settings.authorityFile {
            let roots = try reading(authority, place) { try NIOSSLCertificate.fromPEMFile($0) }
            configuration.trustRoots = .certificates(roots)
        }
        configuration.certificateVerification =
            switch settings.clientAuthentication {
            case .none, .request: .none
            case .verifyIfGiven: .optionalVerification
            case .require, .requireAndVerify: .noHostnameVerification
            }
        // A key of another certificate is found out here, not when some listeners have been exchanged already.
        _ = try reading(settings.certificateFile, place) { _ in try NIOSSLContext(configuration: configuration) }
        return configuration
    }

    private static func reading<Value>(
        _ file: String, _ place: Token, _ body: (String) throws -> Value
    ) throws(CorefileError) -> Value {
        do {
            return try body(file)
        } catch {
            throw CorefileError(
                file: place.file, line: place.line, token: file,
                reason: "is no PEM file of the expected kind, has another key, or cannot be read: \(error)")
        }
    }
}
