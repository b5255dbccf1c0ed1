import Registry

/// What kubeconfig files say: clusters, users, and contexts that name one of each (client-go `clientcmd/api/v1`).
package struct KubeConfig: Hashable, Sendable {
    package struct Cluster: Hashable, Sendable {
        package var server: ServerURL
        package var trust: APIAccess.Trust
        package var serverName: String?
    }

    package struct User: Hashable, Sendable {
        package var credentials: APIAccess.Credentials
        package var clientCertificate: APIAccess.ClientCertificate?

        /// Whether the file itself holds a token, a password or a key.
        var holdsSecret: Bool {
            switch credentials {
            case .token, .password, .tokenFile(_, .some): return true
            case .none, .tokenFile(_, nil): break
            }
            if case .data? = clientCertificate?.key { return true }
            return false
        }
    }

    package struct Context: Hashable, Sendable {
        package var cluster: String
        /// Empty for nobody.
        package var user: String
        /// Empty where the context names none.
        package var namespace: String
    }

    /// An entry: what it says, or why it cannot be used, which matters only to those who use it.
    package typealias Entry<Value> = Result<Value, KubeConfigError>

    /// The files that were read, for messages.
    package private(set) var files: [String]
    package private(set) var currentContext: String
    package private(set) var contexts: [String: Entry<Context>]
    package private(set) var clusters: [String: Entry<Cluster>]
    package private(set) var users: [String: Entry<User>]

    init(
        file: String, currentContext: String, contexts: [String: Entry<Context>], clusters: [String: Entry<Cluster>],
        users: [String: Entry<User>]
    ) {
        files = [file]
        self.currentContext = currentContext
        self.contexts = contexts
        self.clusters = clusters
        self.users = users
    }

    /// Whether nothing at all is said.
    package var isEmpty: Bool { currentContext.isEmpty && contexts.isEmpty && clusters.isEmpty && users.isEmpty }

    /// Adds what another file says of names that have not been told of yet.
    package mutating func merge(_ other: KubeConfig) {
        files += other.files
        if currentContext.isEmpty { currentContext = other.currentContext }
        contexts.merge(other.contexts) { first, _ in first }
        clusters.merge(other.clusters) { first, _ in first }
        users.merge(other.users) { first, _ in first }
    }

    /// The way to the server of a context, the current one where none is named.
    package func access(context named: String? = nil) throws(KubeConfigError) -> APIAccess {
        let name = named ?? currentContext
        guard !name.isEmpty else {
            throw error(
                "current-context",
                "no context is current: set one (kubectl config use-context NAME); \(known(contexts))")
        }
        let context = try find(name, in: contexts, kind: "context")
        guard !context.cluster.isEmpty else { throw error("contexts", "context '\(name)' names no cluster") }
        let cluster = try find(context.cluster, in: clusters, kind: "cluster")
        var access = APIAccess(server: cluster.server, trust: cluster.trust, serverName: cluster.serverName)
        if !context.user.isEmpty {
            let user = try find(context.user, in: users, kind: "user")
            if case .tokenFile(let path, _) = user.credentials {
                try Self.checkSecret(path, of: files.joined(separator: ":"))
            }
            access.credentials = user.credentials
            access.clientCertificate = user.clientCertificate
        }
        if !context.namespace.isEmpty { access.namespace = context.namespace }
        return access
    }

    private func find<Value>(
        _ name: String, in entries: [String: Entry<Value>], kind: String
    ) throws(KubeConfigError) -> Value {
        guard let entry = entries[name] else {
            throw error("\(kind)s", "there is no \(kind) '\(name)'; \(known(entries))")
        }
        return try entry.get()
    }

    private func known<Value>(_ entries: [String: Entry<Value>]) -> String {
        entries.isEmpty ? "none is defined" : "known are \(entries.keys.sorted().joined(separator: ", "))"
    }

    private func error(_ field: String, _ reason: String) -> KubeConfigError {
        KubeConfigError(file: files.joined(separator: ":"), path: FieldPath([.member(field)]), reason: reason)
    }
}

/// What is wrong with a kubeconfig, and where.
package struct KubeConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// The line in the file, from 1; only where the text itself does not parse.
    package let line: Int?
    package let path: FieldPath
    package let reason: String

    init(file: String, line: Int? = nil, path: FieldPath = FieldPath(), reason: String) {
        self.file = file
        self.line = line
        self.path = path
        self.reason = reason
    }

    /// One line: `config:3: did not find expected key`, `config: users[0].user.exec: is not supported: …`.
    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return path.components.isEmpty ? "\(place): \(reason)" : "\(place): \(path): \(reason)"
    }
}
