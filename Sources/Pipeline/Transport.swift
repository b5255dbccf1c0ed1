/// How a query came.
package enum Transport: String, Hashable, Sendable, CaseIterable {
    case udp
    case tcp
    /// DNS over TLS (RFC 7858).
    case tls
    /// DNS over HTTPS (RFC 8484).
    case https

    /// Whether answers may have 65,535 bytes.
    package var isStream: Bool { self != .udp }

    /// The scheme in front of a server block's zone, as in `tls://`.
    package var scheme: String {
        switch self {
        case .udp, .tcp: "dns"
        case .tls: "tls"
        case .https: "https"
        }
    }
}
