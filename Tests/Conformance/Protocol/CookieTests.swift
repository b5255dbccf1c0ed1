import Foundation
import Glibc
import LDNS
import Testing

/// The secrets of RFC 9018 appendix A.
private enum CookieSecretLines {
    static let secrets = ["e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"]
}

@Suite("DNS cookies of servers that share their secret (RFC 7873, RFC 9018)")
struct CookieTests {
    private static let corefile = ".:0 {\n    bind 127.0.0.1\n    whoami\n}\n"

    /// A server on such lines of secrets.
    private func start(_ lines: [String], mode: mode_t = 0o600) throws -> ServerProcess {
        // Not by umask, which other tests' files would get as well.
        try ServerProcess(
            files: ["Corefile": Self.corefile, "cookies": lines.joined(separator: "\n")],
            arguments: ["--conf", "FOLDER/Corefile", "--cookie-secret-file", "FOLDER/cookies"],
            launcher: ["sh", "-c", "chmod \(String(mode, radix: 8)) FOLDER/cookies && exec \"$@\"", "sh"])
    }

    private func ask(_ server: ServerProcess.Endpoint, _ cookie: [UInt8], overTCP: Bool = false) throws -> [UInt8] {
        let query = try RawQuery(
            name: "whoami.test", type: "A",
            edns: RawQuery.opt(options: RawQuery.wire([10, UInt16(cookie.count)]) + cookie))
        let client = try EndpointClient("127.0.0.1", port: server.port, overTCP: overTCP)
        try client.send(query.bytes)
        let reply = try WireWitness(client.receive())
        #expect(reply.rcodeName == "NOERROR")
        return try #require(reply.edns?.options.first { $0.code.rawValue == 10 }).bytes
    }

    @Test("A cookie of one is taken by the other; while secrets roll over, those of both")
    func fleet() throws {
        let (old, new) = (CookieSecretLines.secrets[0], CookieSecretLines.secrets[1])
        let servers = try [[old], ["# the next one", old, new], [new, old], [new]].map { try start($0) }
        defer { for server in servers { server.stop() } }
        let places = try servers.map { try #require(try $0.awaitReady().first) }
        let first = try ask(places[0], Array(1...8))
        #expect(first.count == 24)
        #expect(try ask(places[0], first) == first)
        #expect(try ask(places[1], first) == first)
        #expect(try ask(places[1], first, overTCP: true) == first)
        // Taken, and replaced by one of the new secret, which those of the former step know already.
        let second = try ask(places[2], first)
        #expect(second != first && second.starts(with: 1...8))
        #expect(try ask(places[3], second) == second)
        #expect(try ask(places[2], second) == second)
        #expect(try ask(places[3], first) != first)
    }

    @Test("dig and kdig get a cookie, show it again and find it good")
    func programs() throws {
        let server = try start([CookieSecretLines.secrets[0]])
        defer { server.stop() }
        let place = try #require(try server.awaitReady().first)
        let arguments = ["@127.0.0.1", "-p", "\(place.port)", "whoami.test", "A"]
        let dig = try run("dig", arguments + ["+cookie", "+time=5", "+tries=1"]).output
        #expect(dig.contains("; COOKIE: ") && dig.contains(" (good)"), "\(dig)")
        let kdig = try run("kdig", arguments + ["+cookie", "+time=5", "+retry=0"]).output
        let option = try #require(kdig.firstMatch(of: /COOKIE: ([0-9A-Fa-f]{16})([0-9A-Fa-f]{32})/), "\(kdig)")
        let cookie = String(option.1 + option.2)
        #expect(try run("kdig", arguments + ["+cookie=\(cookie)", "+time=5"]).output.contains(option.2))
    }

    @Test(
        "A file of secrets that others may read, or with something else in it, ends the start; no secret is told",
        arguments: [
            (["MARKER73e5a6b2a43f48e7dc849e37bfcf"], 0o600, "cookies:1: write 32 hexadecimal digits"),
            ([CookieSecretLines.secrets[0], "e5e973"], 0o600, "cookies:2: write 32 hexadecimal digits"),
            (["# none"], 0o600, "write one secret"),
            ([String](repeating: CookieSecretLines.secrets[0], count: 5), 0o600, "write one secret"),
            ([CookieSecretLines.secrets[0]], 0o644, "chmod o="),
        ] as [([String], mode_t, String)])
    func refused(lines: [String], mode: mode_t, said: String) throws {
        let server = try start(lines, mode: mode)
        defer { server.stop() }
        #expect(throws: ServerProcess.Failure.self) { try server.awaitReady() }
        #expect(server.log.contains(said), "\(server.log)")
        #expect(!server.log.contains("73e5") && !server.log.contains("MARKER"))
    }
}
