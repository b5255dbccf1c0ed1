/// Certificates for tests, valid for a hundred years, of an authority that nobody else has the key of.
///
/// Made by openssl on the curve P-256; the authority's key was thrown away.
package enum TestCertificates {
    /// The authority that has signed the others.
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUGgAwIBAgIUFXnx+KL/deALx7DBToFmxRwc7hUwCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXc3dpZnRsZXQgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMDc1
        NDUxWhgPMjEyNjEwMjgwNzU0NTFaMCIxIDAeBgNVBAMMF3N3aWZ0bGV0IHRlc3Qg
        YXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERB1Cy7H5jERvcbFp
        wFLh+UqOAu7x11S/SBelFzoCaBouy+IBtAwQdxkFS1577xFO2P8dPqOC6o3vG9e9
        vQ2WCqNTMFEwHQYDVR0OBBYEFOzIEjdWSIUM+HdIgQ2aDRxz+c9/MB8GA1UdIwQY
        MBaAFOzIEjdWSIUM+HdIgQ2aDRxz+c9/MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
        zj0EAwIDSAAwRQIgSqfJuyD26kxmo4AIAMifsLxWMhbzwSmj0uouCwI3RWUCIQD7
        0OV5BncCw2ZzN2SWoLnOMkwVOa92sv9exu2rE4Srzg==
        -----END CERTIFICATE-----

        """

    /// For api.swiftlet.example and 127.0.0.1.
    package static let server = """
        -----BEGIN CERTIFICATE-----
        MIIBtTCCAVugAwIBAgIUW2SFof3SqqrjXL45CfxzpgNkGnswCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXc3dpZnRsZXQgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMDc1
        NDUxWhgPMjEyNjEwMjgwNzU0NTFaMBExDzANBgNVBAMMBnNlcnZlcjBZMBMGByqG
        SM49AgEGCCqGSM49AwEHA0IABGMTc4CJCo04cL4CuzwWpxotgBE0BtuIAWbSCORl
        sY2IKdQ2idx4WwwFE9DT5v0XgcmXfFF5ovWi7oBxejuwme2jfjB8MCUGA1UdEQQe
        MByCFGFwaS5zd2lmdGxldC5leGFtcGxlhwR/AAABMBMGA1UdJQQMMAoGCCsGAQUF
        BwMBMB0GA1UdDgQWBBTfHkgJ6CiqT5v6XnlxMG5XXQe8UjAfBgNVHSMEGDAWgBTs
        yBI3VkiFDPh3SIENmg0cc/nPfzAKBggqhkjOPQQDAgNIADBFAiAOm+3JuGUfwcyz
        PakwOywjsqJ07KA9yrVpyW85b9Kq7AIhALd0ULF7tPc8R5libDuU9bg2HAoi+HBN
        5y6DZbN94l/0
        -----END CERTIFICATE-----

        """

    package static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4yjNkkKivzsHzpDx
        hY9VGTm3ImGoNUlY+gy8pc6W5rmhRANCAARjE3OAiQqNOHC+Ars8FqcaLYARNAbb
        iAFm0gjkZbGNiCnUNonceFsMBRPQ0+b9F4HJl3xReaL1ou6AcXo7sJnt
        -----END PRIVATE KEY-----

        """

    /// For api.swiftlet.example alone.
    package static let named = """
        -----BEGIN CERTIFICATE-----
        MIIBrjCCAVSgAwIBAgIUW2SFof3SqqrjXL45CfxzpgNkGnwwCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXc3dpZnRsZXQgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMDc1
        NDUxWhgPMjEyNjEwMjgwNzU0NTFaMBAxDjAMBgNVBAMMBW5hbWVkMFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAEFwBdSNDGuorNmJTu6rJ1c1BAu8OleFTnaiSKytSn
        yogAW5e95B72xRpOkVckUcu/AEuzqqibzlHqciCEllSdH6N4MHYwHwYDVR0RBBgw
        FoIUYXBpLnN3aWZ0bGV0LmV4YW1wbGUwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYD
        VR0OBBYEFFYFep+n5yhEEOyqwBvBHyBmgoyDMB8GA1UdIwQYMBaAFOzIEjdWSIUM
        +HdIgQ2aDRxz+c9/MAoGCCqGSM49BAMCA0gAMEUCIQDvVLICX0JeNDf0rgCIKG8S
        cr8UA/hcl3tX8oySsS3piQIgIZNeROgHIlfI6q6KEWEHg0dNaCprWPArNoZP03h+
        fpc=
        -----END CERTIFICATE-----

        """

    package static let namedKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9GbEc8CtarQzJd34
        rj98QoNaho0jGlHqi9QCzLzo+gahRANCAAQXAF1I0Ma6is2YlO7qsnVzUEC7w6V4
        VOdqJIrK1KfKiABbl73kHvbFGk6RVyRRy78AS7OqqJvOUepyIISWVJ0f
        -----END PRIVATE KEY-----

        """

    /// Of a client, CN=client.
    package static let client = """
        -----BEGIN CERTIFICATE-----
        MIIBjTCCATSgAwIBAgIUW2SFof3SqqrjXL45CfxzpgNkGn0wCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXc3dpZnRsZXQgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMDc1
        NDUxWhgPMjEyNjEwMjgwNzU0NTFaMBExDzANBgNVBAMMBmNsaWVudDBZMBMGByqG
        SM49AgEGCCqGSM49AwEHA0IABOtxzKCyTppBAb9BLslQFUhsIEBBkAkfQrjIBgHx
        CwnEWGa/My+mV3ib9KBj8oPJbzuaqkVzaMrwk5Gq2+ureG+jVzBVMBMGA1UdJQQM
        MAoGCCsGAQUFBwMCMB0GA1UdDgQWBBTiLtNzOerP+WPjN0C6olKys8IUzDAfBgNV
        HSMEGDAWgBTsyBI3VkiFDPh3SIENmg0cc/nPfzAKBggqhkjOPQQDAgNHADBEAiBh
        cC6sw0IjtNuIYNTo36bJNAc163o3FcuPYhAuWHT6JQIgGI3AUZqMr46Qeme4VW8H
        FNtRO/YMrNKGZp2MBO6JmAs=
        -----END CERTIFICATE-----

        """

    package static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4b6hpumJ6bg8Ktx2
        ojQRHGe1Q7OOXw+90b9reynRO6ihRANCAATrccygsk6aQQG/QS7JUBVIbCBAQZAJ
        H0K4yAYB8QsJxFhmvzMvpld4m/SgY/KDyW87mqpFc2jK8JORqtvrq3hv
        -----END PRIVATE KEY-----

        """
}
