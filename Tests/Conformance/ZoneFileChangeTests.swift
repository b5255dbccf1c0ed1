import Foundation
import LDNS
import Testing

@Suite("Zone files that change while they are served")
struct ZoneFileChangeTests {
    private static func zone(_ address: String, serial: Int) -> String {
        """
        $TTL 60
        @ SOA ns hostmaster \(serial) 7200 1800 86400 60
        @ NS ns
        ns A 192.0.2.1
        www A \(address)

        """
    }

    /// Asks until the address is the answer; at most for ten seconds.
    private func answers(_ name: String, _ address: String, port: UInt16) throws -> Bool {
        let client = try RawClient(port: port, overTCP: false)
        let query = try RawQuery(name: name, type: "A")
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if try WireWitness(client.exchange(query.bytes)).answer == ["\(name). 60 IN A \(address)"] { return true }
            usleep(5000)
        }
        return false
    }

    @Test(
        "A good file is answered, a bad one is told of and the old answers stay",
        arguments: [
            "www A 192.0.2.66\n", "$TTL 60\n@ SOA ns hostmaster 2 7200 1800 86400 60\n@ NS ns\nwww A 300.0.2.1\n",
            "", "\0\u{1}\u{2} no zone (",
        ], [true, false])
    func replaced(bad: String, atomically: Bool) throws {
        let server = try ServerProcess(
            files: [
                "example.org": Self.zone("192.0.2.53", serial: 1), "example.net": Self.zone("192.0.2.53", serial: 1),
                "m/empty.yaml": "",
            ],
            arguments: [
                "--listen", "127.0.0.1:0", "--manifests", "FOLDER/m", "--zonefile", "example.org=FOLDER/example.org",
                "--zonefile", "example.net=FOLDER/example.net",
            ])
        let port = try #require(try server.awaitReady().first).port
        #expect(try answers("www.example.org", "192.0.2.53", port: port))
        func replace(_ name: String, _ text: String) throws {
            try text.write(to: server.folder.appending(path: name), atomically: atomically, encoding: .utf8)
        }
        try replace("example.org", bad)
        // Files are read in the order of their changes: once the second is answered, the first has been read.
        try replace("example.net", Self.zone("192.0.2.54", serial: 2))
        #expect(try answers("www.example.net", "192.0.2.54", port: port))
        let query = try RawQuery(name: "www.example.org", type: "A")
        let reply = try WireWitness(RawClient(port: port, overTCP: false).exchange(query.bytes))
        #expect(reply.answer == ["www.example.org. 60 IN A 192.0.2.53"])
        #expect(server.log.contains("example.org. stays as it was"), "\(server.log)")
        try replace("example.org", Self.zone("192.0.2.55", serial: 3))
        #expect(try answers("www.example.org", "192.0.2.55", port: port))
        #expect(server.stop() == 0)
    }
}
