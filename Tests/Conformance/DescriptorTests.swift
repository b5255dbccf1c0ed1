import Foundation
import Testing

/// Descriptors that clients use up: the server goes on, and takes connections again when there is room.
@Suite("Connections that use up descriptors")
struct DescriptorTests {
    @Test("More connections than there are descriptors: further ones are closed at once, and nothing else suffers")
    func flood() throws {
        let server = try APIServerUnderTest(descriptors: "128:128")
        defer { server.stop() }
        let connections = try (0..<200).map { _ in try EndpointClient("127.0.0.1", port: server.dnsPort, overTCP: true)
        }
        // Left waiting, it would hear nothing for longer than that.
        try #require(connections.last).awaitEnd(seconds: 8)
        let answer = try server.shell("dig +short @127.0.0.1 -p $DNS kubernetes.default.svc.cluster.local A")
        #expect(answer.output == "10.96.0.1\n", "\(answer)")
        #expect(try server.shell("curl -fsS -o /dev/null $URL/version").status == 0)
    }

    @Test("As many descriptors are used as the process may have, not only as many as it is given at first")
    func softLimit() throws {
        let server = try APIServerUnderTest(descriptors: "256:1024")
        defer { server.stop() }
        let limits = try String(
            contentsOfFile: "/proc/\(server.process.processIdentifier)/limits", encoding: .utf8)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
        #expect(line.split(separator: " ").dropFirst(3).prefix(2) == ["1024", "1024"], "\(line)")
    }
}
