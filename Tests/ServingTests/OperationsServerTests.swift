import Corefile
import Foundation
import Testing

@testable import Serving

@Suite("The operators' pages")
struct OperationsServerTests {
    /// What curl says of a page, with the status behind it.
    private func get(_ port: Int, _ path: String, host: String = "127.0.0.1") async throws -> String {
        try await onThread {
            let curl = Process()
            curl.executableURL = URL(filePath: "/usr/bin/env")
            let url = "http://\(host):\(port)\(path)"
            curl.arguments = ["curl", "-s", "--max-time", "60", "-w", " %{http_code}", url]
            let output = Pipe()
            curl.standardOutput = output
            try curl.run()
            let text = output.fileHandleForReading.readDataToEndOfFile()
            curl.waitUntilExit()
            return String(decoding: text, as: UTF8.self)
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

    /// Sixteen places, two a host: eight hosts have them all and ask for nothing.
    @Test("A probe is answered while others hold all connections")
    func filled() async throws {
        let server = OperationsServer(.init(connections: 16, idleTime: .seconds(3600), lifetime: .seconds(3600)))
        let (filled, other) = (PageAddress(host: "127.0.0.1", port: 0), PageAddress(host: "127.0.0.3", port: 0))
        try await server.setPages([
            filled: ["/": { .init(body: "here") }], other: ["/": { .init(body: "there") }],
        ])
        let port = try #require(await server.ports[filled])
        var idle: [RawConnection] = []
        for number in 0..<16 {
            idle.append(try RawConnection(port: port, from: "127.0.2.\(number / 2 + 1)"))
            // Whoever has got an answer has a place.
            #expect(try await idle[number].ask())
        }
        #expect(try await get(port, "/") == "here 200")
        // It came in for the oldest, and no other one had to end for it.
        #expect(try await idle[0].end() == "")
        #expect(try await idle[1].ask())
        // The place that the probe left is taken again, and the next one comes to another address.
        let late = try RawConnection(port: port, from: "127.0.2.9")
        #expect(try await late.ask())
        #expect(try await get(try #require(await server.ports[other]), "/", host: "127.0.0.3") == "there 200")
        #expect(try await idle[2].end() == "")
        await server.stop()
    }

    @Test("A connection of HTTP/1.0 ends after its answer")
    func formerVersion() async throws {
        let server = OperationsServer(.init(idleTime: .seconds(3600), lifetime: .seconds(3600)))
        let address = PageAddress(host: "127.0.0.1", port: 0)
        try await server.setPages([address: ["/": { .init(body: "here") }]])
        let connection = try RawConnection(port: try #require(await server.ports[address]), from: "127.0.0.1")
        connection.send("GET / HTTP/1.0\r\n\r\n")
        let answer = try await connection.end()
        #expect(answer.hasPrefix("HTTP/1.") && answer.contains(" 200 OK") && answer.hasSuffix("here"), "\(answer)")
        await server.stop()
    }
}

/// A TCP connection from an address of this host.
private final class RawConnection {
    struct Failure: Error { let code = errno }

    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    init(port: Int, from source: String) throws {
        func call(_ host: String, _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw Failure() }
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0, length) }
            }
            guard result == 0 else { throw Failure() }
        }
        try call(source, 0, Glibc.bind)
        try call("127.0.0.1", UInt16(clamping: port), Glibc.connect)
        // So that a failure is told at all.
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) { _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// Asks for a page that says "here".
    func ask() async throws -> Bool {
        send("GET / HTTP/1.1\r\nHost: here.test\r\n\r\n")
        return try await receive { $0.hasSuffix("\r\n\r\nhere") }.hasSuffix("here")
    }

    /// All that comes until the end; "no end" where none comes.
    func end() async throws -> String { try await receive { _ in false } }

    private func receive(until isWhole: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await onThread { [descriptor] in
            var (text, buffer) = ("", [UInt8](repeating: 0, count: 4096))
            while !isWhole(text) {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count == 0 || count < 0 && errno == ECONNRESET { return text }
                guard count > 0 else { return "no end" }
                text += String(decoding: buffer[..<count], as: UTF8.self)
            }
            return text
        }
    }
}

/// Runs what blocks on a thread of its own, as the server needs the tasks' threads.
private func onThread(_ body: @escaping @Sendable () throws -> String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
