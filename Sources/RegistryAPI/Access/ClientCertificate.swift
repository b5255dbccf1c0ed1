import NIOCore
import NIOSSL

/// The certificate that a client has shown on a connection.
struct ClientCertificate: Hashable {
    /// Who it says the client is.
    let identity: Identity
    /// The last second of it, since 1970.
    let end: Int

    /// What a channel's client has shown; nil where there is none, it has expired since, or the channel has no TLS.
    ///
    /// - Parameter now: in seconds since 1970.
    static func shown(on channel: any Channel, at now: Int) async throws -> ClientCertificate? {
        do {
            return try await channel.nioSSL_peerCertificate().get().flatMap { try ClientCertificate($0, at: now) }
        } catch is ChannelPipelineError {
            // A stream of HTTP/2 is a channel of its own; TLS is its parent's.
            return nil
        }
    }

    /// Reads a certificate that TLS has verified; nil where it has expired since.
    init?(_ certificate: NIOSSLCertificate, at now: Int) throws {
        end = certificate.notValidAfter
        guard end >= now, let subject = CertificateSubject(der: try certificate.toDERBytes()) else { return nil }
        identity = subject.identity
    }
}
