import Corefile
import FileReading
import NIOSSL
import ProcessRights

/// What `tls` says, made into what listeners take.
enum ServerCertificate {
    /// Reads the files of a `tls` directive.
    static func configuration(_ settings: TLSSettings, at place: Token) throws(CorefileError) -> TLSConfiguration {
        let chain = try reading(settings.certificateFile, place) { try NIOSSLCertificate.fromPEMBytes($0) }
        do {
            try SecretFile.check(settings.keyFile)
        } catch {
            throw CorefileError(file: place.file, line: place.line, token: settings.keyFile, reason: error.reason)
        }
        let key = try reading(settings.keyFile, place) { try NIOSSLPrivateKey(bytes: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        if let authority = settings.authorityFile {
            let roots = try reading(authority, place) { try NIOSSLCertificate.fromPEMBytes($0) }
            configuration.trustRoots = .certificates(roots)
        }
        configuration.certificateVerification =
            switch settings.clientAuthentication {
            case .none, .request: .none
            case .verifyIfGiven: .optionalVerification
            case .require, .requireAndVerify: .noHostnameVerification
            }
        // A key of another certificate is found out here, not when some listeners have been exchanged already.
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw unusable(settings.certificateFile, place, error)
        }
        return configuration
    }

    /// What is made of the bytes of a file.
    private static func reading<Value>(
        _ file: String, _ place: Token, _ body: ([UInt8]) throws -> Value
    ) throws(CorefileError) -> Value {
        let bytes: [UInt8]
        do {
            bytes = try RegularFile.bytes(file, limit: RegularFile.configurationLimit)
        } catch {
            throw CorefileError(file: place.file, line: place.line, token: file, reason: "\(error)")
        }
        do {
            return try body(bytes)
        } catch {
            throw unusable(file, place, error)
        }
    }

    private static func unusable(_ file: String, _ place: Token, _ cause: any Error) -> CorefileError {
        CorefileError(
            file: place.file, line: place.line, token: file,
            reason: "is no PEM file of the expected kind, or has another key: \(cause)")
    }
}
