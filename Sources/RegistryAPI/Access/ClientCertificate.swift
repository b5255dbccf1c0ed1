import NIOCore
import NIOSSL

/// The certificate that a client has shown on a connection.
enum ClientCertificate {
    /// Who it says the client is; nil where there is none, or the channel has no TLS.
    ///
    /// - Parameter now: in seconds since 1970.
    static func identity(on channel: any Channel, at now: Int) async throws -> Identity? {
        do {
            return try await channel.nioSSL_peerCertificate().get().flatMap { try identity(of: $0, at: now) }
        } catch is ChannelPipelineError {
            // A stream of HTTP/2 is a channel of its own; TLS is its parent's.
            return nil
        }
    }

    /// Who a certificate that TLS has verified is of; nil where it has expired since.
    static func identity(of certificate: NIOSSLCertificate, at now: Int) throws -> Identity? {
        guard certificate.notValidAfter >= now else { return nil }
        return CertificateSubject(der: try certificate.toDERBytes())?.identity
    }
}
