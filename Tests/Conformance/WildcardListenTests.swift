import Foundation
import LDNS
import Testing

@Suite("A server that listens on all addresses")
struct WildcardListenTests {
    private static let hasIPv6 = FileManager.default.fileExists(atPath: "/proc/net/if_inet6")

    @Test(
        "Replies come from the address that was asked",
        .enabled(if: hasIPv6, "this machine has no IPv6"))
    func source() throws {
        let server = try ServerProcess(
            files: ["m/fixture.yaml": Fixture.manifest],
            arguments: ["--listen", "0.0.0.0:0", "--listen", "[::]:0", "--manifests", "FOLDER/m"] + Fixture.arguments)
        let endpoints = try server.awaitReady()
        #expect(endpoints.map(\.host) == ["0.0.0.0", "::"])
        try #require(endpoints.count == 2)
        for (address, port) in [
            ("127.0.0.1", endpoints[0].port), ("127.0.0.2", endpoints[0].port), ("127.9.9.9", endpoints[0].port),
            ("::1", endpoints[1].port),
        ] {
            for overTCP in [false, true] {
                // A connected socket takes replies of that address only.
                let client = try EndpointClient(address, port: port, overTCP: overTCP)
                for id: UInt16 in [1, 2] {
                    try client.send(RawQuery(name: "web.prod.svc.cluster.local", type: "A", id: id).bytes)
                    let reply = try WireWitness(client.receive())
                    #expect(reply.id == id, "\(address)")
                    #expect(reply.answer == ["web.prod.svc.cluster.local. 5 IN A 10.96.0.10"], "\(address)")
                }
            }
        }
        #expect(server.stop() == 0)
    }
}
