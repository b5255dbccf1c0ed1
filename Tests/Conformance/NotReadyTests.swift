import Foundation
import Glibc
import LDNS
import Testing

@Suite("Before the first snapshot of the registry")
struct NotReadyTests {
    private static let count = 2000

    /// A port that was free for UDP and TCP a moment ago.
    private static func freePort() throws -> UInt16 {
        let server = try ServerUnderTest(manifests: [:])
        defer { server.stop() }
        return server.port
    }

    @Test("Names are SERVFAIL with EDE 14, never NXDOMAIN, until they are answered (RFC 8914 §4.15)")
    func servfail() throws {
        let services = (1...Self.count).map {
            """
            apiVersion: v1
            kind: Service
            metadata: {name: s\($0)}
            spec: {\($0 == 1 ? "clusterIP: 10.96.0.1, " : "")ports: [{port: 80}]}

            """
        }.joined(separator: "---\n")
        let port = try Self.freePort()
        let server = try ServerProcess(
            files: ["m/many.yaml": services],
            arguments: ["--listen", "127.0.0.1:\(port)", "--manifests", "FOLDER/m"])
        let names = ["s1", "s\(Self.count)"].map { "\($0).default.svc.cluster.local" } + ["1.0.96.10.in-addr.arpa"]
        var codes: [String: Set<String>] = [:]
        var open = Set(names)
        let end = ContinuousClock.now + .seconds(60)
        while !open.isEmpty, ContinuousClock.now < end {
            for name in open {
                let query = try RawQuery(name: name, type: name.hasSuffix("arpa") ? "PTR" : "A", edns: RawQuery.opt())
                let client = try EndpointClient("127.0.0.1", port: port, overTCP: false)
                // Before the server is bound the port is closed, which a connected socket is told.
                guard (try? client.send(query.bytes)) != nil, let bytes = try? client.receive(seconds: 1) else {
                    usleep(500)
                    continue
                }
                let reply = try WireWitness(bytes)
                codes[name, default: []].insert(reply.rcodeName)
                if reply.rcodeName == "SERVFAIL" {
                    #expect(reply.edns?.options.map(\.code.rawValue) == [15])
                    #expect(reply.edns?.options.first?.bytes.prefix(2) == [0, 14])
                    #expect(reply.answer == [])
                } else {
                    open.remove(name)
                }
            }
        }
        #expect(open == [])
        for name in names { #expect(codes[name]?.subtracting(["SERVFAIL", "NOERROR"]) == [], "\(name)") }
        // Without one SERVFAIL nothing would have been shown: the folder would have to be larger.
        #expect(codes.values.contains { $0.contains("SERVFAIL") }, "\(codes)")
        _ = try server.awaitReady()
        #expect(server.stop() == 0)
    }

    @Test("While a cluster is waited for, probes are answered: alive, and not ready")
    func pages() throws {
        // Bound and not listened on: the state of the cluster is waited for.
        let nobody = try LoopbackSocket(from: 0x7f00_0001, to: nil)
        let page = try Self.freePort()
        let corefile = """
            .:0 {
                bind 127.0.0.1
                health 127.0.0.1:\(page)
                ready 127.0.0.1:\(page)
                prometheus 127.0.0.1:\(page)
                kubernetes cluster.local {
                    endpoint http://127.0.0.1:\(nobody.port)
                    startup_timeout 300s
                }
            }
            """
        let server = try ServerProcess(files: ["Corefile": corefile], arguments: ["--conf", "FOLDER/Corefile"])
        defer { server.stop() }
        func get(_ path: String) throws -> String {
            try run(
                "curl",
                [
                    "-s", "--max-time", "10", "--retry", "100", "--retry-delay", "1", "--retry-connrefused",
                    "--retry-max-time", "60", "-w", " %{http_code}", "http://127.0.0.1:\(page)/\(path)",
                ]
            ).output
        }
        #expect(try get("health") == "OK 200")
        let ready = try run("curl", ["-s", "-w", " %{http_code}", "http://127.0.0.1:\(page)/ready"])
        #expect(ready.output == "kubernetes 503")
        #expect(try get("metrics").contains("coredns_build_info"))
        #expect(server.stop() == 0)
        withExtendedLifetime(nobody) {}
    }
}
