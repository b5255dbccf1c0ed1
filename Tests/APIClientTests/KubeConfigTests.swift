import APIClient
import Registry
import TestSupport
import Testing

@Suite("kubeconfig files")
struct KubeConfigTests {
    static let certificateData = "aGVsbG8="

    static let whole = """
        apiVersion: v1
        kind: Config
        current-context: prod
        preferences: {}
        clusters:
        - name: far
          cluster:
            server: https://api.example:6443/
            certificate-authority: pki/ca.crt
            tls-server-name: kubernetes
        - name: near
          cluster: {server: "http://127.0.0.1:8001", insecure-skip-tls-verify: false}
        - name: careless
          cluster: {server: "https://[fd00::1]", insecure-skip-tls-verify: true}
        - name: pinned
          cluster: {server: "https://api.example/k8s/c-1", certificate-authority-data: aGVsbG8=, certificate-authority: x}
        users:
        - name: robot
          user: {token: abc}
        - name: renewed
          user: {tokenFile: /run/token, token: first}
        - name: person
          user: {username: ann, password: "p:w"}
        - name: certified
          user: {client-certificate: me.crt, client-key-data: aGVsbG8=}
        - name: plugin
          user: {exec: {command: aws}}
        contexts:
        - name: prod
          context: {cluster: far, user: robot, namespace: prod}
        - name: renewed
          context: {cluster: near, user: renewed}
        - name: person
          context: {cluster: careless, user: person}
        - name: certified
          context: {cluster: pinned, user: certified}
        - name: nobody
          context: {cluster: near}
        - name: plugged
          context: {cluster: near, user: plugin}
        - name: lost
          context: {cluster: gone}
        - name: stranger
          context: {cluster: near, user: gone}
        - name: empty
          context: {}
        """

    struct Row: Sendable, CustomTestStringConvertible {
        let context: String?
        let access: APIAccess
        var testDescription: String { context ?? "the current context" }

        init(_ context: String?, _ server: String, _ change: (inout APIAccess) -> Void) throws {
            self.context = context
            var access = APIAccess(server: try #require(ServerURL(server)))
            change(&access)
            self.access = access
        }
    }

    @Test("A context names server, trust, credentials and namespace; paths go from the file's folder")
    func contexts() throws {
        let config = try KubeConfig(parsing: Array(Self.whole.utf8), file: "/etc/kube/config")
        let rows = try [
            Row(nil, "https://api.example:6443") {
                $0.trust = .authority(.file("/etc/kube/pki/ca.crt"))
                $0.serverName = "kubernetes"
                $0.credentials = .token("abc")
                $0.namespace = "prod"
            },
            Row("renewed", "http://127.0.0.1:8001") { $0.credentials = .tokenFile("/run/token", initial: "first") },
            Row("person", "https://[fd00::1]:443") {
                $0.trust = .anyone
                $0.credentials = .password(user: "ann", password: "p:w")
            },
            Row("certified", "https://api.example:443/k8s/c-1") {
                $0.trust = .authority(.data(Array("hello".utf8)))
                $0.clientCertificate = APIAccess.ClientCertificate(
                    chain: .file("/etc/kube/me.crt"), key: .data(Array("hello".utf8)))
            },
            Row("nobody", "http://127.0.0.1:8001") { _ in },
        ]
        for row in rows {
            #expect(try config.access(context: row.context) == row.access, "\(row.testDescription)")
        }
    }

    static let unusable: [(context: String, message: String)] = [
        (
            "plugged",
            "config: users[4].user.exec: is set, and plugins that make credentials are not run; use a token, a "
                + "tokenFile or a certificate"
        ),
        ("lost", "config: clusters: there is no cluster 'gone'; known are careless, far, near, pinned"),
        (
            "stranger",
            "config: users: there is no user 'gone'; known are certified, person, plugin, renewed, robot"
        ),
        ("empty", "config: contexts: context 'empty' names no cluster"),
        (
            "nowhere",
            "config: contexts: there is no context 'nowhere'; known are certified, empty, lost, nobody, person, "
                + "plugged, prod, renewed, stranger"
        ),
    ]

    @Test("A context that cannot be used says why, and does not harm the others", arguments: unusable)
    func unusableContext(context: String, message: String) throws {
        let config = try KubeConfig(parsing: Array(Self.whole.utf8), file: "config")
        let error = #expect(throws: KubeConfigError.self) { try config.access(context: context) }
        #expect(error?.description == message)
    }

    static let bad: [(text: String, message: String)] = [
        ("a: [", "config:2: did not find expected node content while parsing a flow node that began in line 2"),
        ("[]", "config: must be an object, not an array"),
        ("a: 1\n---\nb: 2", "config: holds 2 documents, and is to hold one"),
        ("kind: Service", "config: kind: is 'Service', not Config"),
        ("current-context: 5", "config: current-context: must be a string, not a number"),
        ("clusters: {}", "config: clusters: must be an array, not an object"),
        ("clusters: [5]", "config: clusters[0]: must be an object, not a number"),
        ("clusters: [{cluster: {}}]", "config: clusters[0].name: is missing"),
        ("users: [{name: a, user: 5}]", "config: users[0].user: must be an object, not a number"),
    ]

    @Test("What is wrong with a whole file is named with its place", arguments: bad)
    func badFile(text: String, message: String) {
        let error = #expect(throws: KubeConfigError.self) { try KubeConfig(parsing: Array(text.utf8), file: "config") }
        #expect(error?.description == message)
    }

    static let badEntries: [(cluster: String, user: String, message: String)] = [
        ("{}", "{}", "config: clusters[0].cluster.server: is missing"),
        ("{server: 5}", "{}", "config: clusters[0].cluster.server: must be a string, not a number"),
        (
            "{server: api.example}", "{}",
            "config: clusters[0].cluster.server: 'api.example' is no URL of a server: write it as https://HOST:PORT"
        ),
        (
            "{server: 'http://a', insecure-skip-tls-verify: 'no'}", "{}",
            "config: clusters[0].cluster.insecure-skip-tls-verify: must be a boolean, not a string"
        ),
        (
            "{server: 'http://a', insecure-skip-tls-verify: true, certificate-authority: x}", "{}",
            "config: clusters[0].cluster.insecure-skip-tls-verify: may not be set beside a certificate-authority"
        ),
        (
            "{server: 'http://a', certificate-authority-data: '*'}", "{}",
            "config: clusters[0].cluster.certificate-authority-data: is no base64"
        ),
        (
            "{server: 'http://a', proxy-url: 'http://b'}", "{}",
            "config: clusters[0].cluster.proxy-url: is set, and proxies are not supported"
        ),
        (
            "{server: 'http://a'}", "{auth-provider: {name: gcp}}",
            "config: users[0].user.auth-provider: is set, and auth providers are not supported; use a token, a "
                + "tokenFile or a certificate"
        ),
        (
            "{server: 'http://a'}", "{as: root}",
            "config: users[0].user.as: is set, and impersonation is not supported"
        ),
        (
            "{server: 'http://a'}", "{client-certificate: a}",
            "config: users[0].user.client-key: is missing beside the client-certificate"
        ),
        (
            "{server: 'http://a'}", "{client-key: a}",
            "config: users[0].user.client-certificate: is missing beside the client-key"
        ),
        (
            "{server: 'http://a'}", "{token: a, username: b}",
            "config: users[0].user.username: may not be set beside a token"
        ),
    ]

    @Test("What is wrong with an entry is told to those who use it", arguments: badEntries)
    func badEntry(cluster: String, user: String, message: String) throws {
        let text = """
            clusters: [{name: c, cluster: \(cluster)}]
            users: [{name: u, user: \(user)}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """
        let config = try KubeConfig(parsing: Array(text.utf8), file: "config")
        let error = #expect(throws: KubeConfigError.self) { try config.access(context: "x") }
        #expect(error?.description == message)
        let unset = #expect(throws: KubeConfigError.self) { try config.access() }
        #expect(
            unset?.description
                == "config: current-context: no context is current: set one (kubectl config use-context NAME); known are x"
        )
    }

    @Test("Of several files the first that names something counts; those that are missing do not matter")
    func merging() throws {
        let folder = try TemporaryFolder()
        let first = try folder.file("first", "clusters: [{name: c, cluster: {server: 'http://first:1'}}]\n")
        let second = try folder.file(
            "second",
            """
            current-context: x
            clusters: [{name: c, cluster: {server: 'http://second:1'}}, {name: d, cluster: {server: 'http://d:1'}}]
            contexts: [{name: x, context: {cluster: c}}, {name: z, context: {cluster: d}}]

            """)
        let config = try #require(
            try KubeConfig.standard(environment: ["KUBECONFIG": "\(first):/nowhere:\(second)", "HOME": "/nowhere"]))
        #expect(try config.access().server.description == "http://first:1")
        #expect(try config.access(context: "z").server.description == "http://d:1")
        #expect(config.files == [first, second])
        #expect(try KubeConfig.standard(environment: ["KUBECONFIG": "/nowhere"]) == nil)
        #expect(try KubeConfig.standard(environment: ["KUBECONFIG": "/dev/null"]) == nil)
        #expect(try KubeConfig.standard(environment: ["HOME": folder.path]) == nil)
        let missing = #expect(throws: KubeConfigError.self) { try KubeConfig(file: "/nowhere") }
        #expect(missing?.description == "/nowhere: no such file")
    }

    @Test("A Pod finds its server, its authority and its token, which is read again")
    func serviceAccount() throws {
        let folder = try TemporaryFolder()
        #expect(try ServiceAccount.access(environment: [:], folder: folder.path) == nil)
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let error = #expect(throws: APIAccessError.self) {
            try ServiceAccount.access(environment: environment, folder: folder.path)
        }
        #expect(error?.description == "\(folder.path)/token: no such file")
        let token = try folder.file("token", "abc\n")
        let authority = try folder.file("ca.crt", "x")
        try folder.write("namespace", "prod")
        let access = try #require(try ServiceAccount.access(environment: environment, folder: folder.path))
        #expect(access.server.description == "https://[fd00::1]:443")
        #expect(access.trust == .authority(.file(authority)))
        #expect(access.credentials == .tokenFile(token, initial: "abc"))
        #expect(access.namespace == "prod")
    }

    @Test(
        "URLs of servers",
        arguments: [
            ("http://a", "http://a:80"), ("https://a:6443/", "https://a:6443"),
            ("HTTPS://a/x/y//", "https://a:443/x/y"), ("https://[fd00::1]:1", "https://[fd00::1]:1"),
            ("a", nil), ("ftp://a", nil), ("http://", nil), ("http://a?b", nil), ("http://u@a", nil),
            ("http://a:0", nil), ("http://a:65536", nil), ("http://a#b", nil), ("", nil),
        ])
    func serverURLs(text: String, want: String?) {
        #expect(ServerURL(text)?.description == want)
    }
}

extension TemporaryFolder {
    /// Writes a file and gives its path.
    func file(_ name: String, _ text: String) throws -> String {
        try write(name, text)
        return path(name)
    }
}
