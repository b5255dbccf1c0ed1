import Foundation
import Testing

/// A server whose registry is another server's API, as a Kubernetes cluster's would be.
@Suite("The registry of an API server")
struct APIServerRegistryTests {
    static func corefile(_ api: String, options: String = "") -> String {
        """
        .:0 {
            bind 127.0.0.1
            errors
            health 127.0.0.1:0
            ready 127.0.0.1:0
            prometheus 127.0.0.1:0
            kubernetes cluster.local in-addr.arpa ip6.arpa {
                endpoint \(api)
                pods insecure
                fallthrough in-addr.arpa ip6.arpa
                \(options)
            }
            loadbalance
        }
        """
    }

    static func service(_ name: String, _ address: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: default}
        spec: {clusterIP: \(address), ports: [{name: http, port: 80}]}

        """
    }

    @Test("What is written to the API is answered, and no more once it is deleted")
    func changes() throws {
        let api = try APIServerUnderTest()
        defer { api.stop() }
        #expect(try api.shell("kubectl apply -f -", input: Self.service("first", "10.96.0.21")).status == 0)
        let server = try CorefileServer(Self.corefile(api.url))
        defer { server.stop() }
        #expect(
            try server.ask("first.default.svc.cluster.local").answer == [
                "first.default.svc.cluster.local. 5 in a 10.96.0.21"
            ])
        #expect(
            try server.ask("21.0.96.10.in-addr.arpa", "PTR").answer == [
                "21.0.96.10.in-addr.arpa. 5 in ptr first.default.svc.cluster.local."
            ])
        #expect(try server.get("ready").status == 200)
        #expect(try api.shell("kubectl apply -f -", input: Self.service("second", "10.96.0.22")).status == 0)
        #expect(try server.awaitReply("second.default.svc.cluster.local") { $0.rcode == "NOERROR" })
        #expect(try api.shell("kubectl delete service second").status == 0)
        #expect(try server.awaitReply("second.default.svc.cluster.local") { $0.rcode == "NXDOMAIN" })
        #expect(server.stop() == 0)
    }

    @Test("An outage of the API costs no answers; what changed meanwhile is known after it")
    func outage() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        let first = try APIServerUnderTest(arguments: ["--data", data])
        defer { first.stop() }
        #expect(try first.shell("kubectl apply -f -", input: Self.service("first", "10.96.0.21")).status == 0)
        let port = try #require(first.url.split(separator: ":").last)
        let server = try CorefileServer(Self.corefile(first.url))
        defer { server.stop() }
        #expect(try server.ask("first.default.svc.cluster.local").rcode == "NOERROR")
        first.stop()
        for _ in 0..<20 {
            #expect(try server.ask("first.default.svc.cluster.local").answer.count == 1)
            #expect(try server.ask("other.default.svc.cluster.local").rcode == "NXDOMAIN")
        }
        #expect(try server.get("ready").status == 200)
        let second = try APIServerUnderTest(arguments: ["--data", data, "--api", "127.0.0.1:\(port)"])
        defer { second.stop() }
        #expect(try second.shell("kubectl apply -f -", input: Self.service("second", "10.96.0.22")).status == 0)
        #expect(try second.shell("kubectl delete service first").status == 0)
        #expect(try server.awaitReply("second.default.svc.cluster.local") { $0.rcode == "NOERROR" })
        #expect(try server.awaitReply("first.default.svc.cluster.local") { $0.rcode == "NXDOMAIN" })
    }

    @Test("A restart while the API is out of reach answers from the state on disk")
    func stateOnDisk() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        let api = try APIServerUnderTest()
        defer { api.stop() }
        #expect(try api.shell("kubectl apply -f -", input: Self.service("first", "10.96.0.21")).status == 0)
        let server = try CorefileServer(Self.corefile(api.url), arguments: ["--data", data])
        #expect(try server.ask("first.default.svc.cluster.local").rcode == "NOERROR")
        #expect(server.stop() == 0)
        api.stop()
        let second = try CorefileServer(Self.corefile(api.url), arguments: ["--data", data])
        defer { second.stop() }
        #expect(try second.ask("first.default.svc.cluster.local").answer.count == 1)
        #expect(try second.ask("other.default.svc.cluster.local").rcode == "NXDOMAIN")
    }

    @Test("Before any state nothing is denied: SERVFAIL, and not ready")
    func nothingKnown() throws {
        let server = try CorefileServer(Self.corefile("http://127.0.0.1:1", options: "startup_timeout 10ms"))
        defer { server.stop() }
        #expect(try server.ask("first.default.svc.cluster.local").rcode == "SERVFAIL")
        #expect(try server.ask("ns.dns.cluster.local").rcode == "NOERROR")
        let ready = try server.get("ready")
        #expect(ready.status == 503)
        #expect(ready.text == "kubernetes")
        #expect(try server.get("health").text == "OK")
    }
}
