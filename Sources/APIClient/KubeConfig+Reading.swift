import Foundation
import Manifests
import ProcessRights
import Registry

extension KubeConfig {
    /// Reads the text of a kubeconfig, YAML or JSON; unknown fields say nothing.
    ///
    /// - Parameter file: The file's path: relative paths in it go from its folder.
    package init(parsing bytes: [UInt8], file: String) throws(KubeConfigError) {
        let documents: [JSONValue]
        do {
            documents = try YAMLText.values(of: bytes)
        } catch {
            throw KubeConfigError(file: file, line: error.line, reason: error.reason)
        }
        guard documents.count <= 1 else {
            throw KubeConfigError(file: file, reason: "holds \(documents.count) documents, and is to hold one")
        }
        let reader = KubeConfigReader(file: file, value: documents.first, path: FieldPath())
        try reader.expectObject()
        let kind = try reader.string("kind")
        guard kind.isEmpty || kind == "Config" else {
            throw reader.member("kind").error("is '\(kind)', not Config")
        }
        self.init(
            file: file, currentContext: try reader.string("current-context"),
            contexts: try reader.entries("contexts", of: "context", Self.context),
            clusters: try reader.entries("clusters", of: "cluster", Self.cluster),
            users: try reader.entries("users", of: "user", Self.user))
    }

    /// Reads a file.
    package init(file: String) throws(KubeConfigError) {
        let bytes: [UInt8]
        do {
            bytes = try AccessFile.bytes(file)
        } catch {
            throw KubeConfigError(file: file, reason: error.reason)
        }
        try self.init(parsing: bytes, file: file)
        if users.values.contains(where: { (try? $0.get())?.holdsSecret == true }) {
            try Self.checkSecret(file, of: file)
        }
    }

    /// The files that `$KUBECONFIG` lists, else `~/.kube/config`, merged; nil where none of them says anything.
    package static func standard(environment: [String: String]) throws(KubeConfigError) -> KubeConfig? {
        let files: [String]
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            files = list.split(separator: ":").map { String($0) }
        } else {
            guard let home = environment["HOME"], !home.isEmpty else { return nil }
            files = ["\(home)/.kube/config"]
        }
        var merged: KubeConfig?
        for file in files where AccessFile.exists(file) {
            let config = try KubeConfig(file: file)
            // `KUBECONFIG=/dev/null` is the custom for "none".
            if config.isEmpty { continue }
            if merged == nil { merged = config } else { merged?.merge(config) }
        }
        return merged
    }

    /// Refuses a file of secrets that every user of the host may read.
    static func checkSecret(_ path: String, of file: String) throws(KubeConfigError) {
        do {
            try SecretFile.check(path)
        } catch {
            throw KubeConfigError(file: file, reason: path == file ? error.reason : "\(error)")
        }
    }

    private static func context(_ reader: KubeConfigReader) throws(KubeConfigError) -> Context {
        Context(
            cluster: try reader.string("cluster"), user: try reader.string("user"),
            namespace: try reader.string("namespace"))
    }

    private static func cluster(_ reader: KubeConfigReader) throws(KubeConfigError) -> Cluster {
        try reader.refuse("proxy-url", "proxies are not supported")
        let text = try reader.string("server")
        guard !text.isEmpty else { throw reader.member("server").error("is missing") }
        guard let server = ServerURL(text) else {
            throw reader.member("server").error("'\(text)' is no URL of a server: write it as https://HOST:PORT")
        }
        let authority = try reader.material("certificate-authority")
        let isUnchecked = try reader.flag("insecure-skip-tls-verify")
        guard authority == nil || !isUnchecked else {
            throw reader.member("insecure-skip-tls-verify").error("may not be set beside a certificate-authority")
        }
        let serverName = try reader.string("tls-server-name")
        return Cluster(
            server: server, trust: isUnchecked ? .anyone : authority.map { .authority($0) } ?? .system,
            serverName: serverName.isEmpty ? nil : serverName)
    }

    private static func user(_ reader: KubeConfigReader) throws(KubeConfigError) -> User {
        try reader.refuse(
            "exec", "plugins that make credentials are not run; use a token, a tokenFile or a certificate")
        try reader.refuse(
            "auth-provider", "auth providers are not supported; use a token, a tokenFile or a certificate")
        for name in ["as", "as-uid", "as-groups", "as-user-extra"] {
            try reader.refuse(name, "impersonation is not supported")
        }
        let chain = try reader.material("client-certificate")
        let key = try reader.material("client-key")
        var certificate: APIAccess.ClientCertificate?
        switch (chain, key) {
        case (let chain?, let key?): certificate = APIAccess.ClientCertificate(chain: chain, key: key)
        case (_?, nil): throw reader.member("client-key").error("is missing beside the client-certificate")
        case (nil, _?): throw reader.member("client-certificate").error("is missing beside the client-key")
        case (nil, nil): break
        }
        return User(credentials: try credentials(reader), clientCertificate: certificate)
    }

    private static func credentials(_ reader: KubeConfigReader) throws(KubeConfigError) -> APIAccess.Credentials {
        let token = try reader.string("token")
        let tokenFile = try reader.string("tokenFile")
        let user = try reader.string("username")
        guard token.isEmpty && tokenFile.isEmpty || user.isEmpty else {
            throw reader.member("username").error("may not be set beside a token")
        }
        if !tokenFile.isEmpty { return .tokenFile(reader.path(of: tokenFile), initial: token.isEmpty ? nil : token) }
        if !token.isEmpty { return .token(token) }
        return user.isEmpty ? .none : .password(user: user, password: try reader.string("password"))
    }
}

/// Reads the fields of a kubeconfig; the first of a wrong type ends the reading.
private struct KubeConfigReader {
    let file: String
    let value: JSONValue?
    let path: FieldPath

    func error(_ reason: String) -> KubeConfigError { KubeConfigError(file: file, path: path, reason: reason) }

    func member(_ name: String) -> KubeConfigReader {
        KubeConfigReader(file: file, value: value?[name], path: path / name)
    }

    func expectObject() throws(KubeConfigError) {
        switch value {
        case nil, .null, .object: break
        case .some(let value): throw error("must be an object, not \(value.kindName)")
        }
    }

    /// A text; empty where there is none.
    func string(_ name: String) throws(KubeConfigError) -> String {
        switch value?[name] {
        case nil, .null: return ""
        case .string(let text): return text
        case .some(let other): throw member(name).error("must be a string, not \(other.kindName)")
        }
    }

    func flag(_ name: String) throws(KubeConfigError) -> Bool {
        switch value?[name] {
        case nil, .null: return false
        case .bool(let flag): return flag
        case .some(let other): throw member(name).error("must be a boolean, not \(other.kindName)")
        }
    }

    /// Refuses a field that would change who one is or how the server is reached.
    func refuse(_ name: String, _ reason: String) throws(KubeConfigError) {
        switch value?[name] {
        case nil, .null, .string(""), .array([]), .object([:]): break
        default: throw member(name).error("is set, and \(reason)")
        }
    }

    /// Bytes under `NAME-data` in base64, which win, or in the file under `NAME`.
    func material(_ name: String) throws(KubeConfigError) -> APIAccess.Material? {
        let data = try string("\(name)-data")
        if !data.isEmpty {
            guard let bytes = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !bytes.isEmpty else {
                throw member("\(name)-data").error("is no base64")
            }
            return .data(Array(bytes))
        }
        let file = try string(name)
        return file.isEmpty ? nil : .file(path(of: file))
    }

    /// A path as it is meant in this file.
    func path(of text: String) -> String {
        guard !text.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return text }
        return "\(file[...slash])\(text)"
    }

    /// The entries of a list of `{name, KEY}`; of equal names the first one counts.
    func entries<Value>(
        _ name: String, of key: String, _ read: (KubeConfigReader) throws(KubeConfigError) -> Value
    ) throws(KubeConfigError) -> [String: KubeConfig.Entry<Value>] {
        let elements: [JSONValue]
        switch value?[name] {
        case nil, .null: elements = []
        case .array(let list): elements = list
        case .some(let other): throw member(name).error("must be an array, not \(other.kindName)")
        }
        var entries: [String: KubeConfig.Entry<Value>] = [:]
        for (index, element) in elements.enumerated() {
            let reader = KubeConfigReader(file: file, value: element, path: (path / name)[index])
            try reader.expectObject()
            let entryName = try reader.string("name")
            guard !entryName.isEmpty else { throw reader.member("name").error("is missing") }
            let body = reader.member(key)
            try body.expectObject()
            guard entries[entryName] == nil else { continue }
            do throws(KubeConfigError) {
                entries[entryName] = .success(try read(body))
            } catch {
                entries[entryName] = .failure(error)
            }
        }
        return entries
    }
}
