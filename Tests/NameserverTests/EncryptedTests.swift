import DNS
import Foundation
import Pipeline
import Telemetry
import TestSupport
import Testing

@testable import Nameserver

@Suite("DNS over TLS and HTTPS, as kdig and curl see it", .timeLimit(.minutes(2)))
struct EncryptedTests {
    /// A listener with a certificate, and how to reach it.
    private struct Server {
        let listeners = Listeners(limits: .patient)
        let listener: Listener
        let certificate: TestCertificate
        var port: String { "\(listener.addresses[0].port)" }
        var url: String { "https://127.0.0.1:\(port)/dns-query" }

        init(_ scheme: ListenerSettings.Scheme, _ stage: StubStage = .address(9, ttl: 77)) async throws {
            certificate = try await TestCertificate(serial: 1)
            listener = try await listeners.open(
                ListenerSettings(scheme, [Loopback.address]), content(stage, isCounted: true),
                tls: certificate.configuration)
        }

        func kdig(_ arguments: String...) async throws -> String {
            try await NameserverTests.run(
                "kdig", ["@127.0.0.1", "-p", port, "+tls-ca=\(certificate.file)", "+tls-hostname=dns.test"] + arguments)
        }

        /// Status, HTTP version and content type, then the headers and the body's length.
        func curl(_ arguments: String...) async throws -> String {
            try await NameserverTests.run(
                "curl",
                ["-s", "--cacert", certificate.file, "-D", "-", "-o", "/dev/null"] + arguments
                    + ["-w", "status=%{http_code} version=%{http_version} length=%{size_download}"])
        }
    }

    @Test("DNS over TLS answers kdig, several queries on one connection")
    func overTLS() async throws {
        let server = try await Server(.tls)
        let output = try await server.kdig("+tls", "+keepopen", "a.test.", "A", "b.test.", "A", "c.test.", "A")
        #expect(output.components(separatedBy: "192.0.2.9").count == 4, "\(output)")
        #expect(output.contains("TLS session (TLS1.3)"), "\(output)")
        await server.listeners.stop()
    }

    @Test("ALPN for DNS over TLS is dot (RFC 7858 §3.1)")
    func alpn() async throws {
        let server = try await Server(.tls)
        let output = try await run(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "dot", "-brief"])
        #expect(!output.contains("unknown option"), "\(output)")
        let verbose = try await run("openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "dot"])
        #expect(verbose.contains("ALPN protocol: dot"), "\(verbose)")
        await server.listeners.stop()
    }

    @Test("DNS over HTTPS answers kdig by POST and by GET", arguments: ["+https", "+https-get"])
    func overHTTPS(_ option: String) async throws {
        let server = try await Server(.https)
        var arguments = ["@127.0.0.1", "-p", server.port, "+https=/dns-query", "+tls-ca=\(server.certificate.file)"]
        arguments += ["+tls-hostname=dns.test"] + (option == "+https-get" ? [option] : []) + ["a.test.", "A"]
        let output = try await run("kdig", arguments)
        #expect(output.contains("192.0.2.9"), "\(output)")
        #expect(output.contains("HTTP session (HTTP/2"), "\(output)")
        await server.listeners.stop()
    }

    @Test("A client's padding and the server's keepalive come back over TLS, padding alone over HTTPS")
    func options() async throws {
        let server = try await Server(.tls)
        let output = try await server.kdig("+tls", "+padding=64", "+ednsopt=11", "+cookie", "a.test.", "A")
        #expect(output.contains("PADDING: ") && output.contains("64 B"), "\(output)")
        await server.listeners.stop()
    }

    private static let message = TestQuery("a.test.").bytes

    private static func encoded(_ message: [UInt8]) -> String {
        Data(message).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    @Test("GET and POST over HTTP/1.1 and HTTP/2", arguments: ["--http1.1", "--http2"])
    func methods(_ version: String) async throws {
        let server = try await Server(.https)
        let get = try await server.curl(version, "\(server.url)?dns=\(Self.encoded(Self.message))")
        #expect(get.contains("status=200 version=\(version == "--http2" ? "2" : "1.1")"), "\(get)")
        #expect(get.lowercased().contains("content-type: application/dns-message"), "\(get)")
        #expect(get.lowercased().contains("cache-control: max-age=77"), "\(get)")
        #expect(get.contains("length=\(Self.message.count + 16)"), "\(get)")
        let folder = try TemporaryFolder()
        let file = folder.path("query")
        try Data(Self.message).write(to: URL(fileURLWithPath: file))
        let post = try await server.curl(
            version, "-H", "content-type: application/dns-message", "--data-binary", "@\(file)", server.url)
        #expect(post.contains("status=200") && post.contains("length=\(Self.message.count + 16)"), "\(post)")
        // The body of an answer is the message itself.
        let body = folder.path("body")
        _ = try await run(
            "curl",
            [
                "-s", "--cacert", server.certificate.file, version, "-o", body,
                "\(server.url)?dns=\(Self.encoded(Self.message))",
            ])
        let reply = try TestReply(Array(try Data(contentsOf: URL(fileURLWithPath: body))))
        #expect(reply.answers.map(\.data.bytes) == [[192, 0, 2, 9]])
        await server.listeners.stop()
    }

    @Test(
        "What is no query of RFC 8484 is told by its status, and the server goes on",
        arguments: ["--http1.1", "--http2"])
    func statuses(_ version: String) async throws {
        let server = try await Server(.https)
        let folder = try TemporaryFolder()
        let (small, large) = (folder.path("small"), folder.path("large"))
        try Data(Self.message).write(to: URL(fileURLWithPath: small))
        try Data([UInt8](repeating: 0, count: 65536)).write(to: URL(fileURLWithPath: large))
        let type = "content-type: application/dns-message"
        let response = TestQuery.bytes([1, 0x8180, 1, 0, 0, 0]) + Self.message.dropFirst(12)
        let cases: [(status: Int, arguments: [String])] = [
            (404, ["https://127.0.0.1:\(server.port)/other"]), (400, [server.url]), (400, ["\(server.url)?dns="]),
            (400, ["\(server.url)?dns=AAA="]), (400, ["\(server.url)?dns=A"]),
            (400, ["\(server.url)?dns=\(Self.encoded(response))"]),
            (400, ["\(server.url)?dns=\(Self.encoded(Self.message))&dns=\(Self.encoded(Self.message))"]),
            (405, ["-X", "PUT", "-H", type, "--data-binary", "@\(small)", server.url]),
            (405, ["-X", "DELETE", server.url]), (415, ["--data-binary", "@\(small)", server.url]),
            (415, ["-H", "content-type: application/dns-json", "--data-binary", "@\(small)", server.url]),
            (413, ["-H", type, "-H", "expect:", "--data-binary", "@\(large)", server.url]),
            (200, ["-H", type + "; charset=x", "--data-binary", "@\(small)", server.url]),
            (200, ["-H", type + "\t; charset=x", "--data-binary", "@\(small)", server.url]),
        ]
        for (status, arguments) in cases {
            let output = try await run(
                "curl",
                ["-s", version, "--cacert", server.certificate.file, "-o", "/dev/null", "-w", "%{http_code}"]
                    + arguments)
            #expect(output == "\(status)", "\(arguments)")
        }
        let metrics = Metrics()
        server.listeners.counters.expose(in: metrics)
        for (status, count) in [(200, 2), (400, 6), (404, 1), (405, 2), (413, 1), (415, 2)] {
            let line = "coredns_dns_https_responses_total{server=\"dns://:53\",status=\"\(status)\"} \(count)\n"
            #expect(metrics.text().contains(line), "\(line)")
        }
        await server.listeners.stop()
    }

    @Test("HTTP/1.1 as RFC 9110 and RFC 9112 have it: absolute targets, one Host, 100 before a body that waits for it")
    func http1() async throws {
        let server = try await Server(.https)
        let folder = try TemporaryFolder()
        let file = folder.path("query")
        try Data(Self.message).write(to: URL(fileURLWithPath: file))
        let path = "/dns-query?dns=\(Self.encoded(Self.message))"
        let cases: [(status: Int, arguments: [String])] = [
            (200, ["--request-target", "https://localhost\(path)", server.url]),
            (404, ["--request-target", "https://localhost/other?dns=AA", server.url]),
            (404, ["--request-target", "https://localhost", server.url]),
        ]
        for (status, arguments) in cases {
            let output = try await run(
                "curl",
                ["-s", "--cacert", server.certificate.file, "-o", "/dev/null", "-w", "%{http_code}", "--http1.1"]
                    + arguments)
            #expect(output == "\(status)", "\(arguments)")
        }
        // curl would send the body after a while by itself.
        let waiting = try await run(
            "curl",
            [
                "-s", "-v", "--stderr", "-", "--http1.1", "--cacert", server.certificate.file, "-o", "/dev/null",
                "--expect100-timeout", "60", "--max-time", "30", "-H", "expect: 100-continue", "-H",
                "content-type: application/dns-message", "--data-binary", "@\(file)", server.url,
            ])
        #expect(waiting.contains("HTTP/1.1 100 Continue") && waiting.contains("HTTP/1.1 200 OK"), "\(waiting)")
        await server.listeners.stop()
    }

    @Test("A certificate is exchanged for new connections; one that cannot be used leaves the former")
    func certificates() async throws {
        let server = try await Server(.tls)
        func serial() async throws -> String {
            let output = try await run(
                "bash",
                [
                    "-c",
                    "openssl s_client -connect 127.0.0.1:\(server.port) </dev/null 2>&1 | openssl x509 -noout -serial",
                ])
            return output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        #expect(try await serial() == "serial=01")
        let other = try await TestCertificate(serial: 2)
        try server.listener.exchange(content(.address(9)), tls: other.configuration)
        #expect(try await serial() == "serial=02")
        var broken = other.configuration
        broken.privateKey = .privateKey(server.certificate.key)
        #expect(throws: NameserverError.self) { try server.listener.exchange(content(.address(9)), tls: broken) }
        #expect(try await serial() == "serial=02")
        await server.listeners.stop()
    }

    @Test("Without a certificate HTTP and TCP are served in plain text, for a proxy in front")
    func plain() async throws {
        let listeners = Listeners(limits: .patient)
        let http = try await listeners.open(ListenerSettings(.https, [Loopback.address]), content(.address(9)))
        let output = try await run(
            "curl",
            [
                "-s", "-o", "/dev/null", "-w", "%{http_code}",
                "http://\(http.addresses[0])/dns-query?dns=\(Self.encoded(Self.message))",
            ])
        #expect(output == "200")
        // RFC 9112 §3.2: one Host that can be one since HTTP/1.1, which may be empty.
        for (status, version, hosts) in [
            (200, "1.1", "Host:\\r\\n"), (400, "1.1", ""), (400, "1.1", "Host: a\\r\\nHost: b\\r\\n"),
            (200, "1.0", ""), (400, "1.0", "Host: a\\r\\nHost: b\\r\\n"), (400, "1.1", "Host: a b\\r\\n"),
            (200, "1.1", "Host: [::1]:8443\\r\\n"),
            // RFC 9112 §6.1: a coding that is not known.
            (501, "1.1", "Host: a\\r\\nTransfer-Encoding: gzip, chunked\\r\\n"),
        ] {
            let request = "GET /dns-query?dns=\(Self.encoded(Self.message)) HTTP/\(version)\\r\\n\(hosts)\\r\\n"
            let port = http.addresses[0].port
            let head = try await run(
                "bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port); printf '\(request)' >&3; head -n 1 <&3"])
            #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(version) \(hosts): \(head)")
        }
        // RFC 9110 §10.1.1: a client of HTTP/1.0 would take 100 for the answer.
        let port = http.addresses[0].port
        let old = try await run(
            "bash",
            [
                "-c",
                """
                exec 3<>/dev/tcp/127.0.0.1/\(port)
                printf 'POST /dns-query HTTP/1.0\\r\\nContent-Type: application/dns-message\\r\\nExpect: 100-continue\\r\\n\
                Content-Length: 2\\r\\n\\r\\nab' >&3
                head -n 1 <&3
                """,
            ])
        #expect(old.hasPrefix("HTTP/1.1 400 "), "\(old)")
        let tls = try await listeners.open(ListenerSettings(.tls, [Loopback.address]), content(.address(9)))
        let answer = try await run(
            "kdig", ["@127.0.0.1", "-p", "\(tls.addresses[0].port)", "+tcp", "+short", "a.test."])
        #expect(answer == "192.0.2.9\n")
        await listeners.stop()
    }

    @Test("Requests of HTTP/1.1 that come in one piece are all answered, also where the stages take their time")
    func pipelined() async throws {
        let listeners = Listeners(limits: .patient)
        let late = StubStage { query, _ in
            await Task.yield()
            return .address(9, for: query)
        }
        let http = try await listeners.open(ListenerSettings(.https, [Loopback.address]), content(late))
        let target = "/dns-query?dns=\(Self.encoded(Self.message))"
        let requests = (1...5).map { number in
            "GET \(target) HTTP/1.1\\r\\nHost: a\\r\\n\(number == 5 ? "Connection: close\\r\\n" : "")\\r\\n"
        }
        let port = http.addresses[0].port
        let replies = try await run(
            "bash",
            [
                "-c",
                """
                exec 3<>/dev/tcp/127.0.0.1/\(port)
                printf '\(requests.joined())' >&3
                timeout 30 cat <&3 | grep -a -o 'HTTP/1.1 200' | wc -l
                """,
            ])
        #expect(replies == "5\n")
        await listeners.stop()
    }

    @Test("An HTTPS listener that ends answers what is under way", arguments: ["--http1.1", "--http2"])
    func ending(_ version: String) async throws {
        let gate = Gate()
        let server = try await Server(
            .https,
            StubStage { query, _ in
                await gate.pass(query.name)
                return .address(9, for: query)
            })
        async let output = server.curl(version, "\(server.url)?dns=\(Self.encoded(Self.message))")
        await gate.wait(for: 1)
        async let stopped: Void = server.listeners.close(server.listener)
        gate.open()
        let result = try await output
        #expect(result.contains("status=200"))
        await stopped
        await server.listeners.stop()
    }

    @Test("Answers may be kept as long as their smallest TTL, denials as long as the SOA says")
    func freshness() throws {
        let owner = try TestServer.name("a.test.")
        let soa = StartOfAuthority(
            primary: owner, mailbox: owner, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 30)
        func message(_ answers: [UInt32], soa ttl: UInt32? = nil) -> [UInt8] {
            var message = DNSMessage(id: 0, question: .init(owner, .a))
            message.answers = answers.map { Record(owner: owner, ttl: $0, data: .address([1, 2, 3, 4])) }
            if let ttl { message.authorities = [Record(owner: owner, ttl: ttl, data: soa.data)] }
            return message.wire()
        }
        #expect(message([60, 5, 100], soa: 1).withUnsafeBytes { HTTPQuery.freshness(of: $0) } == 5)
        #expect(message([], soa: 60).withUnsafeBytes { HTTPQuery.freshness(of: $0) } == 30)
        #expect(message([], soa: 20).withUnsafeBytes { HTTPQuery.freshness(of: $0) } == 20)
        #expect(message([]).withUnsafeBytes { HTTPQuery.freshness(of: $0) } == 0)
        #expect(([] as [UInt8]).withUnsafeBytes { HTTPQuery.freshness(of: $0) } == 0)
    }

    @Test("base64url without padding, and nothing else")
    func base64() {
        for bytes in [[], [0], [255, 254], [1, 2, 3], [251, 239, 190, 255]] as [[UInt8]] {
            #expect(Base64URL.decoded(Self.encoded(bytes).utf8, limit: 4) == bytes)
            #expect(Base64URL.decoded((Self.encoded(bytes) + "=").utf8, limit: 4) == nil)
        }
        for text in ["A", "AB", "AAB", "AAAAA", "+AAA", "/AAA", "AA A", "AAAAAAAA"] {
            #expect(Base64URL.decoded(text.utf8, limit: 4) == nil, "\(text)")
        }
    }
}
