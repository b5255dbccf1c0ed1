import Foundation
import Testing

/// A node-local Pod's successor, whose addresses are all those of the Pod that is about to end.
@Suite("A successor on the same node")
struct SuccessorTests {
    private static func corefile(dns: UInt16, health: String, ready: String, metrics: String) -> String {
        """
        .:\(dns) {
            bind 127.0.0.1
            health \(health)
            ready \(ready)
            prometheus \(metrics)
            whoami
        }

        """
    }

    @Test("It answers queries beside its predecessor, and the operators' pages after it")
    func pages() throws {
        let free = "127.0.0.1:0"
        let first = try CorefileServer(Self.corefile(dns: 0, health: free, ready: free, metrics: free))
        defer { first.stop() }
        let urls = try ["health", "ready", "metrics"].map { try first.page($0) }
        let places = urls.map { String($0.split(separator: "/").dropFirst().first ?? "") }
        let text = Self.corefile(dns: first.port, health: places[0], ready: places[1], metrics: places[2])
        let second = try CorefileServer(text, arguments: ["--take-over"])
        defer { second.stop() }
        #expect(second.port == first.port)
        #expect(second.process.pages.isEmpty)
        #expect(first.stop() == 0)
        #expect(try second.ask("whoami.test").rcode == "NOERROR")
        for url in urls {
            let end = ContinuousClock.now + .seconds(30)
            var status = ""
            while status != "200", ContinuousClock.now < end {
                status = try run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", url])
                    .output
            }
            #expect(status == "200", "\(url)")
        }
        #expect(second.stop() == 0)
    }

    @Test("Without a state it leaves all queries to its predecessor, and none once that is gone")
    func unread() throws {
        let first = try CorefileServer(".:0 {\nbind 127.0.0.1\nwhoami\n}")
        defer { first.stop() }
        // Bound and not listened on: the cluster is never read.
        let nobody = try LoopbackSocket(from: 0x7f00_0001, to: nil)
        let text = """
            .:\(first.port) {
                bind 127.0.0.1
                kubernetes cluster.local {
                    endpoint http://127.0.0.1:\(nobody.port)
                    startup_timeout 100ms
                }
            }
            """
        let second = try ServerProcess(
            files: ["Corefile": text], arguments: ["--conf", "FOLDER/Corefile", "--take-over"])
        defer { second.stop() }
        #expect(second.awaitLog("is left to answer"))
        // From as many ports: sockets that share an address share the askers.
        for _ in 0..<40 { #expect(try first.ask("a.default.svc.cluster.local").rcode == "NOERROR") }
        #expect(first.stop() == 0)
        #expect(try second.awaitReady().first?.port == first.port)
        #expect(try first.ask("a.default.svc.cluster.local").rcode == "SERVFAIL")
        #expect(second.stop() == 0)
        withExtendedLifetime(nobody) {}
    }

    @Test("Without --take-over a page's taken port ends the start")
    func takenPage() throws {
        let free = "127.0.0.1:0"
        let first = try CorefileServer(Self.corefile(dns: 0, health: free, ready: free, metrics: free))
        defer { first.stop() }
        let place = String(try first.page("health").split(separator: "/").dropFirst().first ?? "")
        #expect(throws: ServerProcess.Failure.self) {
            _ = try CorefileServer(Self.corefile(dns: 0, health: place, ready: free, metrics: free))
        }
    }
}
