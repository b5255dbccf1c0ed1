import NIOSSL
import ProcessRights

/// TLS as an `APIAccess` describes it.
enum TLSSettings {
    /// The certificates and the key, as their files have them at one time.
    struct Material: Hashable, Sendable {
        fileprivate var authority: [UInt8]?
        fileprivate var chain: [UInt8]?
        fileprivate var key: [UInt8]?

        init(reading access: APIAccess) throws(APIAccessError) {
            if case .authority(let material) = access.trust { authority = try material.bytes("certificate-authority") }
            guard let pair = access.clientCertificate else { return }
            chain = try pair.chain.bytes("client-certificate")
            if case .file(let path) = pair.key {
                do {
                    try SecretFile.check(path)
                } catch {
                    throw APIAccessError(path, error.reason)
                }
            }
            key = try pair.key.bytes("client-key")
        }
    }

    /// - Parameter access: what the material was read for.
    static func configuration(_ access: APIAccess, _ material: Material) throws(APIAccessError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch access.trust {
        case .system: break
        case .anyone: configuration.certificateVerification = .none
        case .authority(let place):
            configuration.trustRoots = .certificates(
                try certificates(material.authority ?? [], place: place.place("certificate-authority")))
        }
        if let pair = access.clientCertificate {
            let chain = try certificates(material.chain ?? [], place: pair.chain.place("client-certificate"))
            configuration.certificateChain = chain.map { .certificate($0) }
            do {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: material.key ?? [], format: .pem))
            } catch {
                throw APIAccessError(pair.key.place("client-key"), "is no private key in PEM")
            }
            do {
                _ = try NIOSSLContext(configuration: configuration)
            } catch {
                throw APIAccessError(pair.key.place("client-key"), "is not the key of the client certificate")
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
