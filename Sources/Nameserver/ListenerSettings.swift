/// Where and how to listen; cannot change while a listener is open.
package struct ListenerSettings: Sendable {
    package enum Scheme: String, Hashable, Sendable, CaseIterable {
        /// UDP and TCP.
        case dns
        /// RFC 7858.
        case tls
        /// RFC 8484.
        case https
    }

    package var scheme: Scheme
    /// Each gets sockets of its own; port 0 stands for any free one, the same for UDP and TCP.
    package var addresses: [ListenAddress]
    /// UDP sockets and threads for each address (`multisocket`); nil: one for each processor this process may use.
    package var workers: Int?
    /// Whether the addresses may be shared with a process of the same user that listens there already (`SO_REUSEPORT`
    /// on both sides), to take over from it without losing a query. Otherwise an address that is in use is an error.
    package var takesOver: Bool

    package init(
        _ scheme: Scheme = .dns, _ addresses: [ListenAddress], workers: Int? = nil, takesOver: Bool = false
    ) {
        self.scheme = scheme
        self.addresses = addresses
        self.workers = workers
        self.takesOver = takesOver
    }
}
