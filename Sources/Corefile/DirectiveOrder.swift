/// The order in which directives see a query, whatever their order in the file: that of CoreDNS 1.14's `plugin.cfg`.
///
/// `rrl` is a plugin that CoreDNS is built with on request; what it limits is replies, whatever stands before it.
/// Access control comes behind all that changes a query's name, so that a name is not reached under another one, and
/// before the cache, which would go around it.
package enum DirectiveOrder {
    /// All directives of CoreDNS, the first to see a query first.
    package static let names = [
        "root", "metadata", "geoip", "cancel", "tls", "proxyproto", "quic", "grpc_server", "https", "https3",
        "timeouts", "multisocket", "reload", "nsid", "bufsize", "bind", "debug", "trace", "ready", "health", "pprof",
        "prometheus", "errors", "log", "dnstap", "local", "dns64", "any", "chaos", "loadbalance", "tsig", "rewrite",
        "autopath", "acl", "rrl", "cache", "header", "dnssec", "minimal", "template", "transfer", "hosts", "route53",
        "azure", "clouddns", "k8s_external", "kubernetes", "file", "auto", "secondary", "etcd", "loop", "forward",
        "grpc", "erratic", "whoami", "on", "sign", "view", "nomad",
    ]

    private static let places = Dictionary(
        names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })

    /// Where a directive stands; nil for one that CoreDNS does not have.
    package static func place(of directive: String) -> Int? { places[directive] }
}
