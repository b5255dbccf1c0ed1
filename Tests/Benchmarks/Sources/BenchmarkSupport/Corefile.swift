import Foundation

/// Configurations in CoreDNS's language.
package enum Corefile {
    /// The Corefile of kubeadm, except that ports are free ones of 127.0.0.1, that nobody is there to forward to, and
    /// that the end is not delayed (`lameduck`).
    ///
    /// - Parameters:
    ///   - api: the port of the API server; nil leaves it to the server where its cluster comes from.
    ///   - upstream: the port of the server to forward to; nil for one that nobody listens on.
    ///   - additions: further directives.
    ///   - omissions: directives to leave out, of those that stand in one line.
    package static func kubeadm(
        port: UInt16, api: UInt16?, upstream: UInt16? = nil, additions: [String] = [], omissions: [String] = []
    ) throws(BenchmarkError) -> String {
        let destination: UInt16 = if let upstream { upstream } else { try findFreePort() }
        let text = try kubeadm(port: port, api: api, upstream: destination, additions: additions)
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !omissions.contains($0.trimmingCharacters(in: .whitespaces)) }.joined(separator: "\n")
    }

    private static func kubeadm(
        port: UInt16, api: UInt16?, upstream: UInt16, additions: [String]
    ) throws(BenchmarkError) -> String {
        """
        .:\(port) {
            bind 127.0.0.1
            errors
            health 127.0.0.1:\(try findFreePort())
            ready 127.0.0.1:\(try findFreePort())
            kubernetes cluster.local in-addr.arpa ip6.arpa {
                \(api.map { "endpoint http://127.0.0.1:\($0)" } ?? "")
                pods insecure
                fallthrough in-addr.arpa ip6.arpa
                ttl 30
            }
            prometheus 127.0.0.1:\(try findFreePort())
            forward . 127.0.0.1:\(upstream) {
                max_concurrent 1000
            }
            cache 30 {
                disable success cluster.local
                disable denial cluster.local
            }
            loop
            reload
            loadbalance
            \(additions.joined(separator: "\n    "))
        }

        """
    }
}
