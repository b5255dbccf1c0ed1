/// Configurations in CoreDNS's language.
package enum Corefile {
    /// The Corefile of kubeadm, except that ports are free ones of 127.0.0.1, that nobody is there to forward to, and
    /// that the end is not delayed (`lameduck`).
    ///
    /// - Parameter api: the port of the API server; nil leaves it to the server where its cluster comes from.
    package static func kubeadm(port: UInt16, api: UInt16?) throws(BenchmarkError) -> String {
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
            forward . 127.0.0.1:\(try findFreePort()) {
                max_concurrent 1000
            }
            cache 30 {
                disable success cluster.local
                disable denial cluster.local
            }
            loop
            reload
            loadbalance
        }

        """
    }
}
