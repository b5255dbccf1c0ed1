import Glibc
import APIClient
import Registry
import TestSupport
import Testing

/// A client of a server of this test, closed behind the body.
func withClient(
    _ server: TestServer, answerTime: Duration = .seconds(20), silenceTime: Duration = APIClient.silenceTime,
    change: (inout APIAccess) -> Void = { _ in },
    _ body: (APIClient) async throws -> Void
) async throws {
    var access = APIAccess(server: try #require(ServerURL("http://127.0.0.1:\(server.port)")))
    change(&access)
    let client = try APIClient(access, userAgent: "test", answerTime: answerTime, silenceTime: silenceTime)
    do {
        try await body(client)
    } catch {
        await client.close()
        throw error
    }
    await client.close()
}

/// The error that a request ends with.
func failure(_ body: () async throws -> Void) async -> APIClientError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? APIClientError
    }
}

enum RefusalTable {
    static func status(_ code: Int, _ reason: String, _ message: String) -> TestAnswer {
        .json(
            code,
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\(message)",\
            "reason":"\(reason)","code":\(code)}
            """)
    }

    static let refusals: [(answer: TestAnswer, cause: APIClientError.Cause, message: String)] = [
        (
            status(404, "NotFound", "services web not found"), .refused(code: 404, reason: "NotFound"),
            "services web not found"
        ),
        (
            status(409, "AlreadyExists", "services web already exists"), .refused(code: 409, reason: "AlreadyExists"),
            "services web already exists"
        ),
        (
            .json(502, "<html>\n  bad gateway"), .refused(code: 502, reason: ""),
            "GET http://127.0.0.1:PORT/api/v1/namespaces/prod/services/web: status 502: <html> bad gateway"
        ),
        (
            .json(301, "", headers: [("location", "http://127.0.0.1:1/")]), .refused(code: 301, reason: ""),
            "GET http://127.0.0.1:PORT/api/v1/namespaces/prod/services/web: status 301"
        ),
        (
            .json(200, "{"), .malformed,
            "GET http://127.0.0.1:PORT/api/v1/namespaces/prod/services/web: the answer is no JSON: malformed JSON at "
                + "byte 1"
        ),
        (
            .hangUp, .unreachable,
            "GET http://127.0.0.1:PORT/api/v1/namespaces/prod/services/web: the server closed the connection"
        ),
        (
            .parts(["{"], .breakOff), .unreachable,
            "GET http://127.0.0.1:PORT/api/v1/namespaces/prod/services/web: the server closed the connection"
        ),
    ]
}

@Suite("Requests to an API server")
struct APIClientTests {
    @Test("Each operation has its method, path, query, media type and body")
    func operations() async throws {
        try await TestServer.with({ _ in .json(200, #"{"kind":"Service","metadata":{"resourceVersion":"7"}}"#) }) {
            server in
            try await withClient(server) { client in
                let document = JSONValue.object(["a": .string("b")])
                _ = try await client.object(.service, namespace: "prod", name: "web/../x")
                _ = try await client.create(.lease, namespace: "prod", document)
                _ = try await client.mergePatch(.endpointSlice, namespace: "prod", name: "web-1", document)
                _ = try await client.delete(.namespace, name: "prod")
                _ = try await client.apply(.ipAddress, name: "10.0.0.1", document, force: true)
            }
            let requests = server.requests
            #expect(
                requests.map { "\($0.method) \($0.uri) \($0.headers["content-type"] ?? "-")" } == [
                    "GET /api/v1/namespaces/prod/services/web%2F..%2Fx -",
                    "POST /apis/coordination.k8s.io/v1/namespaces/prod/leases?fieldManager=swiftlet application/json",
                    "PATCH /apis/discovery.k8s.io/v1/namespaces/prod/endpointslices/web-1?fieldManager=swiftlet "
                        + "application/merge-patch+json",
                    "DELETE /api/v1/namespaces/prod application/json",
                    "GET /apis/networking.k8s.io/v1/ipaddresses/10.0.0.1 -",
                    "PATCH /apis/networking.k8s.io/v1/ipaddresses/10.0.0.1?fieldManager=swiftlet&fieldValidation=Strict"
                        + "&force=true application/apply-patch+yaml",
                ])
            #expect(requests[1].body == #"{"a":"b"}"#)
            #expect(requests.allSatisfy { $0.headers["host"] == "127.0.0.1:\(server.port)" })
            #expect(requests.allSatisfy { $0.headers["user-agent"] == "test" && $0.headers["authorization"] == nil })
        }
    }

    static let applications: [(former: String?, code: Int, version: String, want: APIClient.Applied)] = [
        (nil, 201, "5", .created), ("4", 200, "5", .configured), ("5", 200, "5", .unchanged),
    ]

    @Test("What applying did is told by status and version", arguments: applications)
    func application(former: String?, code: Int, version: String, want: APIClient.Applied) async throws {
        try await TestServer.with({ request in
            if request.method == "GET" {
                guard let former else { return RefusalTable.status(404, "NotFound", "not there") }
                return .json(200, #"{"metadata":{"uid":"u","resourceVersion":"\#(former)"}}"#)
            }
            return .json(
                code, #"{"metadata":{"uid":"u","resourceVersion":"\#(version)"}}"#,
                headers: [("warning", #"299 - "unknown field \"spec.foo\"""#)])
        }) { server in
            try await withClient(server) { client in
                let result = try await client.apply(.service, namespace: "prod", name: "web", .object([:]))
                #expect(result.outcome == want)
                #expect(result.warnings == [#"unknown field "spec.foo""#])
            }
        }
    }

    @Test("A list is asked for in pages, and its items say what they are")
    func paging() async throws {
        try await TestServer.with({ request in
            switch request.uri {
            case "/api/v1/services?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=500":
                .json(
                    200, #"{"metadata":{"resourceVersion":"9","continue":"x/="},"items":[{"metadata":{"name":"a"}}]}"#)
            case "/api/v1/services?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=500&continue=x%2F%3D":
                .json(200, #"{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"b"}}]}"#)
            default: RefusalTable.status(400, "BadRequest", request.uri)
            }
        }) { server in
            try await withClient(server) { client in
                let list = try await client.list(APISelection(.service, labelSelector: "a=b,c in (d)"))
                #expect(list.version == "9")
                #expect(list.items.map { $0["metadata"]?["name"]?.string } == ["a", "b"])
                #expect(list.items.allSatisfy { $0["kind"] == .string("Service") && $0["apiVersion"] == .string("v1") })
            }
        }
    }

    @Test("A list whose pages expire is asked for anew, at once")
    func expiredPage() async throws {
        try await TestServer.with({ request in
            switch request.number {
            case 0: .json(200, #"{"metadata":{"continue":"x"},"items":[{"metadata":{"name":"a"}}]}"#)
            case 1: RefusalTable.status(410, "Expired", "too old")
            default: .json(200, #"{"metadata":{"resourceVersion":"3"},"items":null}"#)
            }
        }) { server in
            try await withClient(server) { client in
                let list = try await client.list(APISelection(.lease, namespace: "prod"))
                #expect(list.items.isEmpty)
                #expect(list.version == "3")
            }
            #expect(server.requests.last?.uri == "/apis/coordination.k8s.io/v1/namespaces/prod/leases")
        }
    }

    @Test(
        "What a server refuses, or does not get done, is an error that says so",
        arguments: RefusalTable.refusals.indices)
    func refusal(index: Int) async throws {
        let (answer, cause, message) = RefusalTable.refusals[index]
        try await TestServer.with({ _ in answer }) { server in
            try await withClient(server) { client in
                let error = await failure { _ = try await client.object(.service, namespace: "prod", name: "web") }
                #expect(error?.cause == cause)
                #expect(error?.description == message.replacing("PORT", with: "\(server.port)"))
            }
        }
    }

    @Test("A server that is not there is told at once, one that says nothing in time")
    func unreachable() async throws {
        let access = APIAccess(server: try #require(ServerURL("http://127.0.0.1:1")))
        let client = try APIClient(access)
        let error = await failure { _ = try await client.list(APISelection(.service)) }
        await client.close()
        #expect(error?.description == "GET http://127.0.0.1:1/api/v1/services: Connection refused")
        #expect(error?.isTransient == true)
        try await TestServer.with({ _ in .silence }) { server in
            try await withClient(server, answerTime: .seconds(1)) { client in
                let error = await failure { _ = try await client.list(APISelection(.service)) }
                #expect(error?.cause == .unreachable)
            }
        }
        try await TestServer.with({ _ in .parts(["{"], .open) }) { server in
            try await withClient(server, answerTime: .seconds(1)) { client in
                let error = await failure { _ = try await client.list(APISelection(.service)) }
                #expect(error?.cause == .unreachable)
            }
        }
    }

    @Test("A token is shown; one of a file is read again when it is refused")
    func tokens() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("token", "old\n")
        try await TestServer.with({ request in
            request.headers["authorization"] == "Bearer new"
                ? .json(200, "{}") : RefusalTable.status(401, "Unauthorized", "no")
        }) { server in
            try await withClient(server, change: { $0.credentials = .tokenFile(file, initial: nil) }) { client in
                let error = await failure { _ = try await client.object(.namespace, name: "a") }
                #expect(error?.code == 401)
                try folder.write("token", "new\n")
                _ = try await client.object(.namespace, name: "a")
            }
            #expect(
                server.requests.map { $0.headers["authorization"] }
                    == ["Bearer old", "Bearer old", "Bearer old", "Bearer new"])
        }
        try await TestServer.with({ _ in .json(200, "{}") }) { server in
            try await withClient(server, change: { $0.credentials = .password(user: "ann", password: "p:w") }) {
                _ = try await $0.object(.namespace, name: "a")
            }
            #expect(server.requests.map { $0.headers["authorization"] } == ["Basic YW5uOnA6dw=="])
        }
        let missing = #expect(throws: APIAccessError.self) {
            try APIClient(
                APIAccess(
                    server: try #require(ServerURL("http://a")),
                    credentials: .tokenFile(folder.path("none"), initial: nil)))
        }
        #expect(missing?.description == "\(folder.path)/none: no such file")
    }
}

@Suite("TLS to an API server")
struct APIClientTLSTests {
    typealias Certificates = TestCertificates

    private static func access(_ server: TestServer, host: String = "127.0.0.1") throws -> APIAccess {
        APIAccess(server: try #require(ServerURL("https://\(host):\(server.port)")))
    }

    static let authority = APIAccess.Trust.authority(.data(Array(Certificates.authority.utf8)))

    private func ask(_ access: APIAccess) async throws -> APIClientError? {
        let client = try APIClient(access)
        let error = await failure { _ = try await client.object(.namespace, name: "a") }
        await client.close()
        return error
    }

    @Test("A certificate is held against the authority and the address; without either it is refused")
    func authorities() async throws {
        try await TestServer.with(certificate: (Certificates.server, Certificates.serverKey), { _ in .json(200, "{}") })
        {
            server in
            var access = try Self.access(server)
            let error = try await ask(access)
            #expect(error?.cause == .unreachable)
            #expect(
                error?.message
                    == "TLS: the server's certificate is of no authority that is trusted here, or not valid now")
            access.trust = Self.authority
            #expect(try await ask(access) == nil)
            access.trust = .anyone
            #expect(try await ask(access) == nil)
        }
    }

    @Test("A certificate for another name is refused, unless tls-server-name says that name")
    func serverNames() async throws {
        try await TestServer.with(certificate: (Certificates.named, Certificates.namedKey), { _ in .json(200, "{}") }) {
            server in
            var access = try Self.access(server)
            access.trust = Self.authority
            #expect(try await ask(access)?.message == "TLS: the server's certificate is for another name")
            access.serverName = "api.swiftlet.example"
            #expect(try await ask(access) == nil)
            #expect(server.requests.map { $0.headers["host"] } == ["127.0.0.1:\(server.port)"])
            access.serverName = "other.swiftlet.example"
            #expect(try await ask(access)?.cause == .unreachable)
        }
    }

    @Test("A client certificate is shown to a server that asks for one")
    func clientCertificates() async throws {
        let folder = try TemporaryFolder()
        let chain = try folder.file("client.crt", Certificates.client)
        try await TestServer.with(
            certificate: (Certificates.server, Certificates.serverKey), clientAuthority: Certificates.authority,
            { _ in .json(200, "{}") }
        ) { server in
            var access = try Self.access(server)
            access.trust = Self.authority
            #expect(try await ask(access)?.cause == .unreachable)
            access.clientCertificate = APIAccess.ClientCertificate(
                chain: .file(chain), key: .data(Array(Certificates.clientKey.utf8)))
            #expect(try await ask(access) == nil)
        }
    }

    @Test("Certificates and keys that change in their files are taken once the former ones are refused")
    func rotation() async throws {
        let folder = try TemporaryFolder()
        func write(_ name: String, _ text: String) throws -> String {
            let path = try folder.file(name, text)
            #expect(chmod(path, 0o600) == 0)
            return path
        }
        try await TestServer.with(
            certificate: (Certificates.server, Certificates.serverKey), clientAuthority: Certificates.authority,
            { _ in .json(200, "{}") }
        ) { server in
            var access = try Self.access(server)
            // Of another authority, and a certificate that is for servers only.
            access.trust = .authority(.file(try write("ca.crt", Certificates.client)))
            access.clientCertificate = APIAccess.ClientCertificate(
                chain: .file(try write("client.crt", Certificates.named)),
                key: .file(try write("client.key", Certificates.namedKey)))
            let client = try APIClient(access)
            func error() async -> APIClientError? {
                await failure { _ = try await client.object(.namespace, name: "a") }
            }
            #expect(await error()?.cause == .unreachable)
            _ = try write("ca.crt", Certificates.authority)
            #expect(await error()?.cause == .unreachable)
            #expect(server.requests.isEmpty)
            _ = try write("client.key", Certificates.clientKey)
            // A key without its certificate is of no use yet, and takes nothing away.
            #expect(await error()?.cause == .unreachable)
            _ = try write("client.crt", Certificates.client)
            #expect(await error() == nil)
            await client.close()
        }
    }

    @Test("Files that are no certificates or keys are named")
    func badFiles() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("x.pem", "no PEM\n")
        var access = APIAccess(server: try #require(ServerURL("https://a")), trust: .authority(.file(file)))
        func message() -> String? { #expect(throws: APIAccessError.self) { try APIClient(access) }?.description }
        #expect(message() == "\(file): holds no certificates in PEM")
        access.trust = .authority(.file(folder.path("none")))
        #expect(message() == "\(folder.path)/none: no such file")
        access.trust = .system
        access.clientCertificate = APIAccess.ClientCertificate(
            chain: .data(Array(Certificates.client.utf8)), key: .file(file))
        #expect(message()?.contains("every user of this host may read it") == true)
        #expect(chmod(file, 0o600) == 0)
        #expect(message() == "\(file): is no private key in PEM")
        access.clientCertificate?.key = .data(Array(Certificates.namedKey.utf8))
        #expect(message()?.hasSuffix("is not the key of the client certificate") == true)
    }

    @Test("A list whose pages lead back to a page before ends in an error", .timeLimit(.minutes(1)))
    func circleOfPages() async throws {
        try await TestServer.with({ request in
            .json(200, #"{"metadata":{"continue":"page\#(request.number % 3)"},"items":[]}"#)
        }) { server in
            try await withClient(server) { client in
                let error = await failure { _ = try await client.list(APISelection(.service)) }
                #expect(error?.cause == .malformed)
            }
            #expect(server.requests.count == 4)
        }
    }

    @Test("A refused stream whose refusal does not come, and a stream that falls silent, end", .timeLimit(.minutes(1)))
    func silentStreams() async throws {
        try await TestServer.with({ _ in .head(403) }) { server in
            try await withClient(server, answerTime: .seconds(1)) { client in
                let error = await failure { _ = try await client.watch(APISelection(.service), from: "") }
                #expect(error?.cause == .unreachable)
            }
        }
        try await TestServer.with({ _ in .parts(["{}\n"], .open) }) { server in
            try await withClient(server, silenceTime: .milliseconds(300)) { client in
                var lines = try await client.lines(APICall(.get, ResourcePath(.service))).makeAsyncIterator()
                #expect(try await lines.next() == Array("{}".utf8))
                let error = await failure { _ = try await lines.next() }
                #expect(error?.cause == .unreachable)
            }
        }
    }
}
