import NIOSSL
import TestSupport
import Testing

/// A certificate for `dns.test`, made by openssl, with a serial number of one's own.
struct TestCertificate {
    private let folder: TemporaryFolder
    let configuration: TLSConfiguration
    let key: NIOSSLPrivateKey
    var file: String { folder.path("certificate.pem") }

    init(serial: Int) async throws {
        folder = try TemporaryFolder()
        let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
        let output = try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=dns.test", "-addext", "subjectAltName=DNS:dns.test,IP:127.0.0.1", "-set_serial",
                "\(serial)",
                "-keyout", key, "-out", certificate,
            ])
        let chain = try #require(try? NIOSSLCertificate.fromPEMFile(certificate), "\(output)")
        self.key = try NIOSSLPrivateKey(file: key, format: .pem)
        configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(self.key))
    }
}
