import Registry

/// Why no API server is known to ask.
package enum APIAccessFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// This process runs in no Pod, and nothing else says where the API server is.
    case notInCluster
    /// The text after `endpoint` is no URL.
    case badEndpoint(String)
    /// A kubeconfig that cannot be read, or whose context cannot be used.
    case kubeConfig(KubeConfigError)
    /// A file of certificates or tokens.
    case material(APIAccessError)

    package var description: String {
        switch self {
        case .notInCluster:
            "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be "
                + "defined; outside of a cluster name the API server by 'endpoint URL' or 'kubeconfig FILE'"
        case .badEndpoint(let text): "endpoint '\(text)' is no URL of a server: write it as https://HOST:PORT"
        case .kubeConfig(let error): "kubeconfig \(error)"
        case .material(let error): error.description
        }
    }
}

extension APIAccess {
    /// A kubeconfig as a Corefile names it: a file, and a context of it where not the current one is meant.
    package struct KubeConfigChoice: Hashable, Sendable {
        package var file: String
        package var context: String?

        package init(file: String, context: String? = nil) {
            self.file = file
            self.context = context
        }
    }

    /// The files of the Corefile's `tls CERT KEY CACERT`.
    package struct TLSFiles: Hashable, Sendable {
        package var certificate: String
        package var key: String
        package var authority: String

        package init(certificate: String, key: String, authority: String) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }
    }

    /// The way to the API server: a kubeconfig where one is named, else an endpoint, else the Pod's own account.
    ///
    /// - Parameters:
    ///   - endpoint: A URL; one without a scheme is taken for `http`, as CoreDNS takes it.
    ///   - tls: Says nothing of a server that is reached without TLS.
    ///   - account: The folder of the Pod's account.
    package static func access(
        endpoint: String? = nil, tls: TLSFiles? = nil, kubeConfig: KubeConfigChoice? = nil,
        environment: [String: String], account: String = ServiceAccount.folder
    ) throws(APIAccessFailure) -> APIAccess {
        if let kubeConfig {
            do throws(KubeConfigError) {
                return try KubeConfig(file: kubeConfig.file).access(context: kubeConfig.context)
            } catch {
                throw .kubeConfig(error)
            }
        }
        if let endpoint {
            guard let server = ServerURL(endpoint.contains("://") ? endpoint : "http://\(endpoint)") else {
                throw .badEndpoint(endpoint)
            }
            var access = APIAccess(server: server)
            if let tls {
                access.trust = .authority(.file(tls.authority))
                access.clientCertificate = ClientCertificate(chain: .file(tls.certificate), key: .file(tls.key))
            }
            return access
        }
        let found = Result { () throws(APIAccessError) in
            try ServiceAccount.access(environment: environment, folder: account)
        }
        switch found {
        case .success(let access?): return access
        case .success(nil): throw .notInCluster
        case .failure(let error): throw .material(error)
        }
    }
}
