import NIOSSL
import Testing

@testable import RegistryAPI

@Suite("Certificates of clients")
struct ClientCertificateTests {
    /// /O=read/CN=rita, to the 25th of November 2026, 07:03:58 UTC.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBkTCCATegAwIBAgIUTvSFjRkKbQomlRP4quR7Lhw24kowCgYIKoZIzj0EAwIw
        HjENMAsGA1UECgwEcmVhZDENMAsGA1UEAwwEcml0YTAeFw0yNjExMjMwNzAzNTha
        Fw0yNjExMjUwNzAzNThaMB4xDTALBgNVBAoMBHJlYWQxDTALBgNVBAMMBHJpdGEw
        WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATDVcZhSm2rE9a4QEkAix1gseEJoiX5
        j2G4dZtAjr3T8tLmbp/nWN/TDU3G3k+r4z0cAIlKUXZtXqG8nxekI/D/o1MwUTAd
        BgNVHQ4EFgQUj5OcXLtkA6cuPT8/KL2fboO/BCcwHwYDVR0jBBgwFoAUj5OcXLtk
        A6cuPT8/KL2fboO/BCcwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
        AiASNvHCrLa+Wa6ebqUuF6PBi8ajf0BHHmo3PvtVjhwRawIhANoAPB/wmlxwcqpp
        5xr9tt2KNqrFkmgNvQeA7qcY6lmJ
        -----END CERTIFICATE-----
        """
    private static let end = 1_795_590_238

    @Test("A connection that outlives its client's certificate lets in nobody by it")
    func expiry() throws {
        let certificate = try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem)
        let rita = Identity(name: "rita", roles: [.read])
        let shown = try ClientCertificate(certificate, at: Self.end)
        #expect(shown?.identity == rita && shown?.end == Self.end)
        #expect(try ClientCertificate(certificate, at: Self.end + 1) == nil)
    }
}
