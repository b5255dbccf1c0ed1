import NIOCore
import NIOSSL

/// The certificate that a client has shown on a connection.
enum ClientCertificate {
    /// Who it says the client is; nil where there is none, or the channel has no TLS.
    static func identity(on channel: any Channel) async throws -> Identity? {
        let certificate: NIOSSLCertificate?
        do {
            certificate = try await channel.nioSSL_peerCertificate().get()
        } catch is ChannelPipelineError {
            // A stream of HTTP/2 is a channel of its own; TLS is its parent's.
            return nil
        }
        guard let certificate, let subject = CertificateSubject(der: try certificate.toDERBytes()) else { return nil }
        return subject.identity
    }
}
