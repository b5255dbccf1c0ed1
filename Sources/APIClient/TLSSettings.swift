import NIOSSL
import ProcessRights

/// TLS as an `APIAccess` describes it.
enum TLSSettings {
    static func configuration(_ access: APIAccess) throws(APIAccessError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch access.trust {
        case .system: break
        case .anyone: configuration.certificateVerification = .none
        case .authority(let material):
            let name = "certificate-authority"
            configuration.trustRoots = .certificates(
                try certificates(try material.bytes(name), place: material.place(name)))
        }
        if let pair = access.clientCertificate {
            let chain = try certificates(
                try pair.chain.bytes("client-certificate"), place: pair.chain.place("client-certificate"))
            configuration.certificateChain = chain.map { .certificate($0) }
            let place = pair.key.place("client-key")
            if case .file(let path) = pair.key {
                do {
                    try SecretFile.check(path)
                } catch {
                    throw APIAccessError(path, error.reason)
                }
            }
            do {
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(bytes: try pair.key.bytes("client-key"), format: .pem))
            } catch let error as APIAccessError {
                throw error
            } catch {
                throw APIAccessError(place, "is no private key in PEM")
            }
        }
        return configuration
    }

    /// For those who only want to know whether somebody answers.
    static var anyone: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return configuration
    }

    private static func certificates(_ bytes: [UInt8], place: String) throws(APIAccessError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            if !certificates.isEmpty { return certificates }
        } catch {
            // Told below, in words that help more than BoringSSL's.
        }
        throw APIAccessError(place, "holds no certificates in PEM")
    }
}
