import DNS
import Registry

/// Knows the search paths that askers have in their resolv.conf(5), for `autopath`.
package protocol SearchPaths: Sendable {
    /// The names that a client puts behind a name of few labels, in its order; the bare name, which comes last of all,
    /// is not among them.
    ///
    /// Answers at once, from memory.
    ///
    /// - Parameter name: what the client asks for: it tells between several pods with one address (`hostNetwork`).
    /// - Returns: nil for clients that are not known and for names outside of the zones served.
    func searchPath(of client: IPAddress, asking name: DomainName) -> [DomainName]?
}
