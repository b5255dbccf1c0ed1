/// How a Pod reaches the API server of its cluster (Kubernetes, "Accessing the API from within a Pod").
package enum ServiceAccount {
    /// Where the kubelet puts the files of a Pod's account.
    package static let folder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// nil where this process runs in no Pod: `KUBERNETES_SERVICE_HOST` and `…_PORT` are not set.
    ///
    /// The token is read again as the kubelet renews it.
    package static func access(
        environment: [String: String], folder: String = folder
    ) throws(APIAccessError) -> APIAccess? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
        else { return nil }
        let authority = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard let server = ServerURL("https://\(authority)") else {
            throw APIAccessError("KUBERNETES_SERVICE_HOST", "'\(authority)' is no address of a server")
        }
        // A token that is missing at the start is a Pod without an account, which no waiting makes right.
        let token = try AccessFile.word("\(folder)/token")
        let certificate = "\(folder)/ca.crt"
        let namespace = (try? AccessFile.word("\(folder)/namespace")) ?? "default"
        return APIAccess(
            server: server, trust: AccessFile.exists(certificate) ? .authority(.file(certificate)) : .system,
            credentials: .tokenFile("\(folder)/token", initial: token), namespace: namespace)
    }
}
