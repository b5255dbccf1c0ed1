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
