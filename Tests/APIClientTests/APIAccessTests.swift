import Glibc
@testable import APIClient
import TestSupport
import Testing

struct APIAccessTests {
    private static let pod = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]

    @Test("Outside of a cluster, where nothing names a server, the failure says so")
    func notInCluster() {
        let failure = #expect(throws: APIAccessFailure.notInCluster) { try APIAccess.access(environment: [:]) }
        #expect(failure?.description.contains("KUBERNETES_SERVICE_HOST") == true)
    }

    @Test("In a Pod its account is used, and a Pod without one is told of")
    func account() throws {
        let folder = try TemporaryFolder()
        #expect(throws: APIAccessFailure.material(APIAccessError("\(folder.path)/token", "no such file"))) {
            try APIAccess.access(environment: Self.pod, account: folder.path)
        }
        try folder.write("token", "secret\n")
        let access = try APIAccess.access(environment: Self.pod, account: folder.path)
        #expect(access.server == ServerURL("https://10.96.0.1:443"))
        #expect(access.credentials == .tokenFile("\(folder.path)/token", initial: "secret"))
    }

    @Test("An endpoint is reached with the files of tls; without a scheme it is plain HTTP")
    func endpoint() throws {
        let tls = APIAccess.TLSFiles(certificate: "/c", key: "/k", authority: "/a")
        let access = try APIAccess.access(endpoint: "https://api:6443", tls: tls, environment: Self.pod)
        #expect(access.server == ServerURL("https://api:6443"))
        #expect(access.trust == .authority(.file("/a")))
        #expect(access.clientCertificate == .init(chain: .file("/c"), key: .file("/k")))
        #expect(
            try APIAccess.access(endpoint: "localhost:8080", environment: [:]).server
                == ServerURL("http://localhost:8080"))
        #expect(throws: APIAccessFailure.badEndpoint("ftp://x")) {
            try APIAccess.access(endpoint: "ftp://x", environment: [:])
        }
    }

    @Test("A kubeconfig wins, by its current context or the one that is named; plugins are refused by name")
    func kubeConfig() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "config",
            """
            current-context: one
            contexts: [{name: one, context: {cluster: a, user: u}}, {name: two, context: {cluster: b, user: x}}]
            clusters: [{name: a, cluster: {server: "https://a:1"}}, {name: b, cluster: {server: "https://b:2"}}]
            users: [{name: u, user: {token: t}}, {name: x, user: {exec: {command: login}}}]
            """)
        let file = folder.path("config")
        // It holds a token, so it is for its owner alone.
        #expect(throws: APIAccessFailure.self) {
            try APIAccess.access(kubeConfig: .init(file: file), environment: Self.pod)
        }
        #expect(chmod(file, 0o600) == 0)
        let access = try APIAccess.access(
            endpoint: "https://c:3", kubeConfig: .init(file: file), environment: Self.pod)
        #expect(access.server == ServerURL("https://a:1") && access.credentials == .token("t"))
        let failure = #expect(throws: APIAccessFailure.self) {
            try APIAccess.access(kubeConfig: .init(file: file, context: "two"), environment: [:])
        }
        #expect(failure?.description.contains("exec") == true)
        #expect(throws: APIAccessFailure.self) {
            try APIAccess.access(kubeConfig: .init(file: folder.path("none")), environment: [:])
        }
    }

    @Test("A FIFO in place of a file of credentials is refused at once, by its name")
    func fifo() throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        #expect(throws: APIAccessError(fifo, "is no regular file")) { try AccessFile.bytes(fifo) }
    }
}
