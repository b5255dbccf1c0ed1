import Foundation
import Glibc
import Testing

/// A start with a secret in one of its files: `MARKER` is part of it, and must never be told. `@HERE@` in the Corefile
/// stands for the folder of the files.
struct SecretStart: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Name and text of the file with the secret.
    let file: (name: String, text: String)
    var corefile = ".:0 {\n    bind 127.0.0.1\n    whoami\n}\n"
    var arguments = ["--conf", "FOLDER/Corefile"]
    /// What is said of it; nothing of a start that succeeds.
    var said: String?

    init(_ description: String, _ name: String, _ text: String, _ change: (inout Self) -> Void) {
        testDescription = description
        file = (name, text)
        change(&self)
    }

    static let token = "MARKER-0123456789abcdef"
    static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: a
        contexts: [{name: a, context: {cluster: a, user: a}}]
        clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]
        users: [{name: a, user: {token: \(token)}}]

        """
    static let key = "-----BEGIN PRIVATE KEY-----\nMARKER0123456789\n-----END PRIVATE KEY-----\n"
    static let cluster = """
        .:0 {
            bind 127.0.0.1
            errors
            log
            prometheus 127.0.0.1:0
            kubernetes cluster.local {
                kubeconfig @HERE@/kubeconfig a
                startup_timeout 1s
            }
        }

        """

    private static let tls =
        "tls://.:0 {\n    bind 127.0.0.1\n    whoami\n    tls @HERE@/tls.pem @HERE@/tls.key\n}\n"

    /// Of each kind of file one that everybody may read.
    static let exposed: [Self] = [
        Self("a kubeconfig", "kubeconfig", kubeconfig) { start in
            start.corefile = cluster
        },
        Self("the key of tls", "tls.key", key) { start in
            start.corefile = tls
        },
        Self("the API's tokens", "tokens", "\(token),me,admin\n") { start in
            start.arguments = ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--api-tokens", "FOLDER/tokens"]
        },
        Self("the API's key", "tls.key", key) { start in
            start.arguments = [
                "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--api-cert", "FOLDER/tls.pem", "--api-key",
                "FOLDER/tls.key",
            ]
        },
        Self("the key for an upstream", "tls.key", key) { start in
            start.corefile =
                ".:0 {\n    bind 127.0.0.1\n    forward . tls://127.0.0.1 {\n"
                + "        tls @HERE@/tls.pem @HERE@/tls.key\n    }\n}\n"
        },
    ]

    /// Files of secrets that cannot be read as such.
    static let broken: [Self] = [
        Self("tokens with a line that is none", "tokens", "\(token),me\n") { start in
            start.arguments = ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--api-tokens", "FOLDER/tokens"]
            start.said = "tokens:1: write TOKEN,NAME,ROLE"
        },
        Self("a token that is too short", "tokens", "MARKER,me,admin\n") { start in
            start.arguments = ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--api-tokens", "FOLDER/tokens"]
            start.said = "tokens:1: the token is shorter"
        },
        Self("a key that is none", "tls.key", key) { start in
            start.corefile = tls
            start.said = "tls.key"
        },
        Self(
            "a kubeconfig that is no YAML", "kubeconfig",
            kubeconfig.replacing("token: \(token)}}]", with: "token: \(token)}]")
        ) { start in
            start.corefile = cluster
            start.said = "kubeconfig"
        },
        Self(
            "a token that is a list", "kubeconfig",
            kubeconfig.replacing("token: \(token)", with: "token: [\(token)]")
        ) { start in
            start.corefile = cluster
            start.said = "must be a string"
        },
        Self(
            "a key that is no base64", "kubeconfig",
            kubeconfig.replacing(
                "token: \(token)", with: "client-certificate-data: TUFS, client-key-data: \"MARKER!!\"")
        ) { start in
            start.corefile = cluster
            start.said = "kubeconfig"
        },
    ]
}

@Suite("Secrets are not told, and not taken from where everybody reads them")
struct SecretTests {
    private static let certificate =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        + "-keyout FOLDER/other.key -out FOLDER/tls.pem 2>/dev/null"

    private func start(_ start: SecretStart, mode: String) throws -> ServerProcess {
        let placed = "sed -i s#@HERE@#FOLDER#g FOLDER/Corefile"
        return try ServerProcess(
            files: ["Corefile": start.corefile, start.file.name: start.file.text], arguments: start.arguments,
            launcher: [
                "sh", "-c",
                "\(Self.certificate); \(placed); chmod \(mode) FOLDER/\(start.file.name); exec \"$@\"", "sh",
            ])
    }

    @Test(
        "A file that every user of the host may read is refused, and what to do is said", arguments: SecretStart.exposed
    )
    func exposed(_ wanted: SecretStart) throws {
        let server = try start(wanted, mode: "0644")
        defer { server.stop() }
        #expect(throws: ServerProcess.Failure.self) { try server.awaitReady() }
        #expect(server.log.contains("chmod o= "), "\(server.log)")
        #expect(server.log.contains(wanted.file.name), "\(server.log)")
        #expect(!server.log.contains("MARKER"), "\(server.log)")
    }

    @Test("What is wrong in a file of secrets is told without them", arguments: SecretStart.broken)
    func broken(_ wanted: SecretStart) throws {
        let server = try start(wanted, mode: "0600")
        defer { server.stop() }
        #expect(throws: ServerProcess.Failure.self) { try server.awaitReady() }
        #expect(server.log.contains(try #require(wanted.said)), "\(server.log)")
        #expect(!server.log.contains("MARKER"), "\(server.log)")
    }

    @Test("A token shown to a server that cannot be reached, or refuses it, is in no log line, metric or answer")
    func shown() throws {
        let api = try ServerProcess(
            files: ["tokens": "another-0123456789abcdef,me,admin\n"],
            arguments: ["--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--api-tokens", "FOLDER/tokens"],
            launcher: ["sh", "-c", "chmod 0600 FOLDER/tokens; exec \"$@\"", "sh"])
        defer { api.stop() }
        _ = try api.awaitReady()
        for url in ["http://127.0.0.1:1", try #require(api.apiURL)] {
            let kubeconfig = SecretStart.kubeconfig.replacing("http://127.0.0.1:1", with: url)
            let wanted = SecretStart("", "kubeconfig", kubeconfig) { $0.corefile = SecretStart.cluster }
            let server = try start(wanted, mode: "0600")
            defer { server.stop() }
            let port = try #require(try server.awaitReady().first?.port)
            #expect(try Asker.ldns.ask("a.b.svc.cluster.local", "A", port: port, overTCP: false).rcode == "SERVFAIL")
            let metrics = try run("curl", ["-s", "--max-time", "10", try #require(server.pages["metrics"])]).output
            #expect(metrics.contains("coredns_"))
            for text in [server.log, metrics, api.log] { #expect(!text.contains("MARKER"), "\(text)") }
            #expect(!server.log.isEmpty, "nothing was said of it at all")
        }
    }
}
