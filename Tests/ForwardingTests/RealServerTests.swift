import DNS
import Foundation
import Glibc
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

/// A name server of the system, started on files of the test's own and stopped with the last reference.
///
/// `@unchecked Sendable`: the process is started in `init` and only ended afterwards.
private final class NameServer: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let folder: TemporaryFolder
    private let process = Process()

    /// - Parameters:
    ///   - command: the program and its arguments; `FOLDER` stands for the folder of the files.
    ///   - package: the Debian package that has it, for whoever lacks it.
    init(_ command: [String], package: String, folder: TemporaryFolder) throws {
        self.folder = folder
        guard let program = command.first, FileManager.default.isExecutableFile(atPath: program) else {
            throw Failure(description: "\(command.first ?? "") is not there; install \(package) (deploy/test does)")
        }
        process.executableURL = URL(filePath: program)
        process.arguments = command.dropFirst().map { $0.replacing("FOLDER", with: folder.path) }
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var isRunning: Bool { process.isRunning }

    /// A port that is free for UDP and TCP now.
    static func freePort() throws -> UInt16 {
        for _ in 0..<50 {
            let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer {
                close(udp)
                close(tcp)
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isFree = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                    bind(udp, raw, length) == 0 && getsockname(udp, raw, &length) == 0 && bind(tcp, raw, length) == 0
                }
            }
            if isFree { return UInt16(bigEndian: address.sin_port) }
        }
        throw Failure(description: "no free port")
    }

    static let zone = """
        $ORIGIN example.org.
        $TTL 300
        @ SOA ns hostmaster 1 3600 600 86400 300
        @ NS ns
        ns A 192.0.2.53
        www A 192.0.2.1
        alias CNAME www
        *.wild TXT "wild"
        big TXT "\((0..<12).map { _ in String(repeating: "x", count: 200) }.joined(separator: "\" \""))"

        """

    static func nsd() throws -> (NameServer, port: UInt16) {
        let folder = try TemporaryFolder()
        let port = try freePort()
        try folder.write("example.org.zone", zone)
        try folder.write(
            "nsd.conf",
            """
            server:
              ip-address: 127.0.0.1@\(port)
              server-count: 1
              username: ""
              chroot: ""
              zonesdir: \(folder.path)
              database: ""
              pidfile: \(folder.path("nsd.pid"))
              xfrdfile: \(folder.path("xfrd.state"))
              zonelistfile: \(folder.path("zone.list"))
              xfrdir: \(folder.path)
              rrl-ratelimit: 0
            remote-control:
              control-enable: no
            zone:
              name: example.org
              zonefile: example.org.zone

            """)
        return (try NameServer(["/usr/sbin/nsd", "-d", "-c", "FOLDER/nsd.conf"], package: "nsd", folder: folder), port)
    }

    static func knot() throws -> (NameServer, port: UInt16) {
        let folder = try TemporaryFolder()
        let port = try freePort()
        try folder.write("example.org.zone", zone)
        try folder.write(
            "knot.conf",
            """
            server:
              listen: 127.0.0.1@\(port)
              rundir: \(folder.path)
              user: \(NSUserName())
              udp-workers: 1
              tcp-workers: 1
              background-workers: 1
            database:
              storage: \(folder.path)
            zone:
              - domain: example.org
                storage: \(folder.path)
                file: example.org.zone
                zonefile-load: whole
                journal-content: none

            """)
        return (try NameServer(["/usr/sbin/knotd", "-c", "FOLDER/knot.conf"], package: "knot", folder: folder), port)
    }

    /// A resolver that knows `example.org` by itself, by UDP, TCP and TLS.
    ///
    /// - Parameter names: what its certificate is for.
    static func unbound(names: String = "DNS:dns.example,IP:127.0.0.1") throws -> (
        NameServer, port: UInt16, tlsPort: UInt16
    ) {
        let folder = try TemporaryFolder()
        let (port, tlsPort) = (try freePort(), try freePort())
        try makeCertificate(for: names, in: folder)
        let data = [
            "www.example.org. 300 IN A 192.0.2.1", "alias.example.org. 300 IN CNAME www.example.org.",
            "big.example.org. 300 IN TXT "
                + (0..<12).map { _ in "\\\"" + String(repeating: "x", count: 200) + "\\\"" }.joined(separator: " "),
        ]
        try folder.write(
            "unbound.conf",
            """
            server:
              interface: 127.0.0.1@\(port)
              interface: 127.0.0.1@\(tlsPort)
              tls-port: \(tlsPort)
              tls-service-pem: \(folder.path("server.pem"))
              tls-service-key: \(folder.path("server.key"))
              username: ""
              chroot: ""
              directory: \(folder.path)
              pidfile: \(folder.path("unbound.pid"))
              use-syslog: no
              num-threads: 1
              do-daemonize: no
              module-config: "iterator"
              local-zone: "." static
              local-zone: "example.org." static

            """ + data.map { "  local-data: \"\($0)\"\n" }.joined() + "remote-control:\n  control-enable: no\n")
        let server = try NameServer(
            ["/usr/sbin/unbound", "-d", "-c", "FOLDER/unbound.conf"], package: "unbound", folder: folder)
        return (server, port, tlsPort)
    }

    /// A certificate of an authority of its own: `ca.pem`, `server.pem`, `server.key`.
    private static func makeCertificate(for names: String, in folder: TemporaryFolder) throws {
        try folder.write("names", "subjectAltName=\(names)\n")
        let commands = [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority "
                + "-keyout ca.key -out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=dns.example "
                + "-keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        ]
        for command in commands {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = command.split(separator: " ").map(String.init)
            process.currentDirectoryURL = URL(filePath: folder.path)
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw Failure(description: "openssl cannot make a certificate; install openssl (deploy/test does)")
            }
        }
    }

    /// Asks until the server answers; throws where it ends, or does not come up within twenty seconds.
    func awaitAnswer(_ asker: Asker, name: String = "www.example.org") async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try await asker.ask(name).code != .noError {
            guard isRunning, ContinuousClock.now < end else {
                throw Failure(description: "the server in \(folder.path) does not come up")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

@Suite("Forwarding to NSD, Knot DNS and Unbound")
struct RealServerTests {
    private enum Authority: String, CaseIterable {
        case nsd, knot
    }

    @Test("Answers of an authority, by UDP and by TCP", arguments: Authority.allCases)
    private func authority(_ authority: Authority) async throws {
        let (server, port) = try authority == .nsd ? NameServer.nsd() : NameServer.knot()
        let asker = try Asker("forward . 127.0.0.1:\(port)")
        try await server.awaitAnswer(asker)
        for transport in [Transport.udp, .tcp] {
            let response = try await asker.ask("wWw.example.ORG", transport: transport)
            #expect(response.lastBytes == [1] && response.isAuthoritative)
            #expect(response.answers.first?.owner.wire == DomainName("wWw.example.ORG")?.wire)
            let alias = try await asker.ask("alias.example.org", transport: transport)
            #expect(alias.answers.map(\.type) == [.cname, .a] && alias.code == .noError)
            let missing = try await asker.ask("missing.example.org", transport: transport)
            #expect(missing.code == .nxDomain && missing.authorities.map(\.type) == [.soa])
            let empty = try await asker.ask("www.example.org", .aaaa, transport: transport)
            #expect(empty.code == .noError && empty.answers.isEmpty && empty.authorities.map(\.type) == [.soa])
            #expect(try await asker.ask("elsewhere.test", transport: transport).code == .refused)
        }
        #expect(try await asker.ask("big.example.org", .txt).isTruncated)
        let whole = try await asker.ask("big.example.org", .txt) { $0.edns = EDNS(udpPayload: 4096) }
        #expect(whole.answers.first?.data.bytes.count == 12 * 201 && !whole.isTruncated)
        #expect(asker.metrics.text().contains("cause=\"case\"} 0"))
        withExtendedLifetime(server) {}
    }

    @Test("Many questions at once, each with its own answer")
    func load() async throws {
        let (server, port) = try NameServer.nsd()
        let asker = try Asker("forward . 127.0.0.1:\(port)")
        try await server.awaitAnswer(asker)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let name = "n\(number).wild.example.org"
                    let response = try await asker.ask(name, .txt)
                    return response.answers.first?.owner.wire == DomainName(name)?.wire
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        withExtendedLifetime(server) {}
    }

    @Test("Answers of a resolver, by UDP, TCP and TLS")
    func resolver() async throws {
        let (server, port, tlsPort) = try NameServer.unbound()
        let authority = server.folder.path("ca.pem")
        let ways = [
            "forward . 127.0.0.1:\(port)",
            "forward . 127.0.0.1:\(port) {\nforce_tcp\n}",
            "forward . tls://127.0.0.1:\(tlsPort) {\ntls \(authority)\ntls_servername dns.example\n}",
            "forward . tls://127.0.0.1%dns.example:\(tlsPort) {\ntls \(authority)\n}",
            // Without a name the certificate must hold the address.
            "forward . tls://127.0.0.1:\(tlsPort) {\ntls \(authority)\n}",
        ]
        for way in ways {
            let asker = try Asker(way)
            try await server.awaitAnswer(asker)
            #expect(try await asker.ask("alias.example.org").answers.map(\.type).contains(.cname))
            #expect(try await asker.ask("missing.example.org").code == .nxDomain)
            #expect(try await asker.ask("www.example.org", transport: .tls).isRecursionAvailable)
            if way.contains("tls") {
                let connections = asker.metrics.counter(
                    "coredns_proxy_conn_cache_misses_total", "",
                    ["proxy_name": "forward", "to": "127.0.0.1:\(tlsPort)", "proto": "tcp-tls"])
                #expect(connections.value <= 2, "the connection is kept")
            }
        }
        withExtendedLifetime(server) {}
    }

    @Test(
        "A certificate of another name, or of nobody that we trust, is a failure that says so",
        arguments: ["tls AUTHORITY\ntls_servername other.example", "tls_servername dns.example", "tls AUTHORITY"])
    func falseCertificate(options: String) async throws {
        let (server, port, tlsPort) = try NameServer.unbound(names: "DNS:dns.example")
        try await server.awaitAnswer(try Asker("forward . 127.0.0.1:\(port)"))
        let options = options.replacing("AUTHORITY", with: server.folder.path("ca.pem"))
        let asker = try Asker("forward . tls://127.0.0.1:\(tlsPort) {\n\(options)\n}")
        let response = try await asker.ask("www.example.org")
        #expect(response.code == .serverFailure && response.extendedError?.code == .networkError)
        #expect(response.failure?.hasPrefix("read tcp-tls 127.0.0.1:\(tlsPort): tls: ") == true)
        withExtendedLifetime(server) {}
    }

    @Test("A server that ends is noticed, and another one asked meanwhile")
    func ends() async throws {
        let (first, firstPort) = try NameServer.nsd()
        let (second, secondPort) = try NameServer.knot()
        try await first.awaitAnswer(try Asker("forward . 127.0.0.1:\(firstPort)"))
        try await second.awaitAnswer(try Asker("forward . 127.0.0.1:\(secondPort)"))
        let asker = try Asker("forward . 127.0.0.1:\(firstPort) 127.0.0.1:\(secondPort) {\npolicy sequential\n}")
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
        first.end()
        for _ in 0..<20 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        withExtendedLifetime(second) {}
    }
}

extension NameServer {
    /// Kills the server and waits for its end.
    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
