import DNS

/// One address of a server block: `dns://example.org:53`.
package struct ServerKey: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable, CaseIterable {
        case dns, tls, https

        /// The port where none is written.
        package var port: UInt16 {
            switch self {
            case .dns: 53
            case .tls: 853
            case .https: 443
            }
        }
    }

    package var scheme: Scheme
    package var zone: DomainName
    package var port: UInt16

    package init(scheme: Scheme, zone: DomainName, port: UInt16) {
        self.scheme = scheme
        self.zone = zone
        self.port = port
    }
}
