import Corefile
import Foundation
import Testing

@testable import Serving

@Suite("The operators' pages")
struct OperationsServerTests {
    /// What curl says of a page, with the status behind it; run on a thread of its own, as the server needs the tasks'.
    private func get(_ port: Int, _ path: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let curl = Process()
                curl.executableURL = URL(filePath: "/usr/bin/env")
                let url = "http://127.0.0.1:\(port)\(path)"
                curl.arguments = ["curl", "-s", "--max-time", "60", "-w", " %{http_code}", url]
                let output = Pipe()
                curl.standardOutput = output
                continuation.resume(
                    with: Result {
                        try curl.run()
                        let text = output.fileHandleForReading.readDataToEndOfFile()
                        curl.waitUntilExit()
                        return String(decoding: text, as: UTF8.self)
                    })
            }
        }
    }

    @Test("Pages are exchanged on the socket that is there, and addresses go")
    func exchange() async throws {
        let server = OperationsServer()
        let address = PageAddress(host: "127.0.0.1", port: 0)
        try await server.setPages([address: ["/a": { .init(body: "first") }]])
        let port = try #require(await server.ports[address])
        #expect(try await get(port, "/a") == "first 200")
        #expect(try await get(port, "/b").hasSuffix(" 404"))
        try await server.setPages([address: ["/b": { .init(status: 503, body: "second") }]])
        #expect(await server.ports[address] == port)
        #expect(try await get(port, "/b?x=1") == "second 503")
        try await server.setPages([:])
        #expect(await server.ports.isEmpty)
        #expect(try await get(port, "/b").hasSuffix("000"))
        await server.stop()
    }

    @Test("An address that is taken is refused, and what was served goes on")
    func taken() async throws {
        let (first, second) = (OperationsServer(), OperationsServer())
        let free = PageAddress(host: "127.0.0.1", port: 0)
        try await first.setPages([free: ["/": { .init(body: "one") }]])
        try await second.setPages([free: ["/": { .init(body: "two") }]])
        let port = try #require(await first.ports[free])
        let taken = PageAddress(host: "127.0.0.1", port: try #require(UInt16(exactly: port)))
        await #expect(throws: OperationsServer.ListenFailure.self) {
            try await second.setPages([free: ["/": { .init(body: "three") }], taken: [:]])
        }
        #expect(try await get(try #require(await second.ports[free]), "/") == "two 200")
        await first.stop()
        await second.stop()
    }
}
