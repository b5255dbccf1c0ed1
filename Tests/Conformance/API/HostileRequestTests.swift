import Foundation
import Testing

/// Requests that are to do harm: each has its answer, and others have theirs meanwhile.
@Suite("Hostile requests")
struct HostileRequestTests {
    private static let services = "/api/v1/namespaces/default/services"

    private static func server() throws -> (APIServerUnderTest, UInt16) {
        let server = try APIServerUnderTest()
        return (server, try #require(URL(string: server.url)?.port.flatMap { UInt16(exactly: $0) }))
    }

    @Test(
        "Long runs of combining marks are refused before anything is compared",
        arguments: [
            ("application/json", "{\"aMARKS\":1,\"metadata\":{\"name\":\"x\"}}"),
            ("application/json", "{\"metadata\":{\"name\":\"x\",\"annotations\":{\"a\":\"aMARKS\"}}}"),
            ("application/yaml", "{aMARKS: 1, metadata: {name: x}}"),
        ])
    func marks(_ sample: (type: String, body: String)) throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let marks = String(repeating: "\u{301}\u{323}", count: 100_000)
        let reply = try HTTPConnection(port: port).request(
            "POST", Self.services, type: sample.type, sample.body.replacing("MARKS", with: marks))
        #expect(reply.status == 400, "\(reply.object)")
    }

    @Test("YAML that would cost much more than its length is refused; JSON in its place is read with YAML's strictness")
    func costlyYAML() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        func send(_ method: String, _ path: String, _ type: String, _ body: String) throws -> String {
            let reply = try HTTPConnection(port: port).request(method, path, type: type, body)
            return "\(reply.status) \(reply.object["message"] as? String ?? "")"
        }
        let keys =
            String(repeating: "{? ", count: 200) + "[" + String(repeating: "a,", count: 100_000) + "]"
            + String(repeating: "}", count: 200)
        #expect(try send("POST", Self.services, "application/yaml", keys).hasSuffix("keys that are collections"))
        let directives = (0..<100_000).map { "%TAG !\($0)! x\n" }.joined() + "---\na: b\n"
        #expect(try send("POST", Self.services, "application/yaml", directives).contains("directives"))
        let apply = "application/apply-patch+yaml"
        func service(_ name: String) -> String {
            #"{"apiVersion":"v1","kind":"Service","metadata":{\#(name)},"spec":{"ports":[{"port":80}]}}"#
        }
        let place = "\(Self.services)/x?fieldManager=test"
        let twice = try send("PATCH", place, apply, service(#""name":"x","name":"x""#))
        #expect(twice.hasPrefix("400 error decoding YAML"), "\(twice)")
        #expect(try send("PATCH", place, apply, service(#""name":"x""#)).hasPrefix("201"))
    }

    @Test("Texts of YAML that take long hold up neither others nor the end")
    func slowYAML() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let depth = 90
        let body =
            String(repeating: "[", count: depth) + String(repeating: "a,", count: 1_400_000)
            + String(repeating: "]", count: depth)
        let senders = try (0..<4).map { _ in try HTTPConnection(port: port) }
        for sender in senders { try sender.send("POST", Self.services, type: "application/yaml", body) }
        #expect(try server.shell("curl -fsS -m 20 $URL/readyz").output == "ok")
        #expect(try server.shell("kubectl create namespace other").status == 0)
        #expect(server.process.stop() == 0)
    }

    @Test(
        "What a page of another site sends by a browser is not answered",
        arguments: ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Host: rebound.example"])
    func otherSites(_ header: String) throws {
        let (server, _) = try Self.server()
        defer { server.stop() }
        for method in ["GET", "POST"] {
            let reply = try server.shell(
                """
                curl -s -o /dev/null -w '%{http_code}' -X \(method) -H '\(header)' -H 'Content-Type: application/json' \
                -d '{"metadata":{"name":"x"},"spec":{"type":"ExternalName","externalName":"evil.example"}}' \
                $URL\(Self.services)
                """)
            #expect(reply.output == "403", "\(method) \(header): \(reply.output)")
        }
    }

    @Test("A body over 3 MiB is refused with a Status, though the client goes on sending")
    func tooLarge() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let body =
            "{\"metadata\":{\"name\":\"x\",\"annotations\":{\"a\":\""
            + String(repeating: "x", count: 5 << 20) + "\"}}}"
        let reply = try HTTPConnection(port: port).request("POST", Self.services, body)
        #expect(reply.status == 413 && reply.object["reason"] as? String == "RequestEntityTooLarge", "\(reply.object)")
    }

    @Test("HEAD has no body, of a watch neither")
    func head() throws {
        let (server, _) = try Self.server()
        defer { server.stop() }
        for query in ["", "?watch=1"] {
            let reply = try server.shell("curl -s -m 10 --head $URL\(Self.services)\(query) | head -1")
            #expect(reply.output.hasPrefix("HTTP/1.1 200"), "\(reply.output)")
        }
    }

    @Test("Thousands of wrong values are told in little time, and only the first of them")
    func manyViolations() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let labels = (0..<60_000).map { "\"!\($0)\":\"v\"" }.joined(separator: ",")
        let connection = try HTTPConnection(port: port)
        let reply = try connection.request(
            "POST", Self.services,
            "{\"metadata\":{\"name\":\"x\",\"labels\":{\(labels)}},\"spec\":{\"ports\":[{\"port\":80}]}}")
        let details = reply.object["details"] as? [String: Any]
        #expect(reply.status == 422 && (details?["causes"] as? [Any])?.count ?? 0 <= 100)
        #expect(try connection.request("GET", "/readyz").status == 200)
    }

    @Test("Values that reference each other into the exponential are refused")
    func doublingVariables() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let items = (1...40).map { "env=A\($0)=$(A\($0 - 1))$(A\($0 - 1))" }.joined(separator: "&")
        let reply = try HTTPConnection(port: port).request(
            "GET", "/swiftlet/v1/namespaces/default/env?env=A0=xxxxxxxxxxxxxxxx&\(items)")
        #expect(reply.status == 400, "\(reply.object)")
    }

    @Test("Endpoints whose addresses and ports multiply are refused")
    func multipliedEndpoints() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let addresses = (0..<1000).map { "{\"ip\":\"192.0.\($0 >> 8).\($0 & 255)\"}" }.joined(separator: ",")
        let ports = (1...1000).map { "{\"name\":\"p\($0)\",\"port\":\($0)}" }.joined(separator: ",")
        let reply = try HTTPConnection(port: port).request(
            "POST", "/api/v1/namespaces/default/endpoints",
            "{\"metadata\":{\"name\":\"x\"},\"subsets\":[{\"addresses\":[\(addresses)],\"ports\":[\(ports)]}]}")
        #expect(reply.status == 422, "\(reply.object)")
    }

    @Test("A token of a page that nobody can compare in little time is none")
    func hostileToken() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let text = "v1\n0\ndefault\na" + String(repeating: "\u{301}\u{323}", count: 500)
        let token = Data(text.utf8).base64EncodedString().replacing("+", with: "%2B").replacing("=", with: "%3D")
        let reply = try HTTPConnection(port: port).request("GET", "\(Self.services)?limit=1&continue=\(token)")
        #expect(reply.status == 400, "\(reply.object)")
    }

    @Test(
        "A head that is too long to be read is refused with a Status",
        arguments: ["/readyz?\(String(repeating: "x", count: 100_000))", "/readyz"])
    func longHead(_ target: String) throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let type = target == "/readyz" ? String(repeating: "x", count: 100_000) : "application/json"
        let reply = try HTTPConnection(port: port).request("POST", target, type: type, "{}")
        #expect(reply.status == 400 && reply.object["reason"] as? String == "BadRequest", "\(reply.object)")
        #expect((reply.object["message"] as? String)?.contains("16 KiB") == true, "\(reply.object)")
    }

    @Test("Everything that the root names is there")
    func root() throws {
        let (server, port) = try Self.server()
        defer { server.stop() }
        let connection = try HTTPConnection(port: port)
        let paths = try connection.request("GET", "/").object["paths"] as? [String] ?? []
        #expect(paths.count > 10)
        for path in paths { #expect(try connection.request("GET", path).status == 200, "\(path)") }
    }
}
