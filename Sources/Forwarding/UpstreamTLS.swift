import Corefile
import FileReading
import NIOSSL
import ProcessRights

/// TLS towards upstreams, from the files of `tls`.
enum UpstreamTLS {
    /// - Throws: an error at the word whose file cannot be used.
    static func context(_ files: ForwardSettings.TLSFiles) throws(CorefileError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authority = files.authority {
            let certificates = try certificates(authority, files)
            configuration.trustRoots = .certificates(certificates)
        }
        if let certificate = files.certificate, let key = files.key {
            configuration.certificateChain = try certificates(certificate, files).map { .certificate($0) }
            do {
                try SecretFile.check(files.path(key))
            } catch {
                throw key.error(error.reason)
            }
            let bytes = try bytes(key, files)
            do {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: bytes, format: .pem))
            } catch {
                throw key.error("holds no private key that can be read", wanted: "write the path of a key in PEM")
            }
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let word = files.certificate ?? files.authority
            throw word?.error("cannot be used for TLS: \(error)")
                ?? CorefileError(file: "", line: 0, reason: "TLS cannot be used: \(error)")
        }
    }

    private static func certificates(
        _ word: Token, _ files: ForwardSettings.TLSFiles
    ) throws(CorefileError) -> [NIOSSLCertificate] {
        let bytes = try bytes(word, files)
        if let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty {
            return certificates
        }
        throw word.error("holds no certificate that can be read", wanted: "write the path of certificates in PEM")
    }

    private static func bytes(_ word: Token, _ files: ForwardSettings.TLSFiles) throws(CorefileError) -> [UInt8] {
        do {
            return try RegularFile.bytes(files.path(word), limit: RegularFile.configurationLimit)
        } catch {
            throw word.error("\(error)", wanted: "write the path of a file in PEM")
        }
    }
}
