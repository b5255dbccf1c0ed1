import Foundation
import Glibc
import Testing

@Suite("The rights that a server has", .enabled(if: geteuid() == 0, "only root may give rights up"))
struct RightsTests {
    /// An address of loopback that nobody else listens on, for the port that takes a right to listen on.
    private static let address = "127.91.\(getpid() >> 8 & 255).\(getpid() & 127 | 1)"

    private static func corefile(_ blocks: [String]) -> String {
        blocks.map { ".:53 {\n    bind \($0)\n    whoami\n    reload 2s 1s\n}\n" }.joined()
    }

    /// A field of each thread's status (proc(5)), each value once.
    private func status(_ process: Int32, _ field: String) throws -> Set<String> {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
        #expect(tasks.count > 1)
        return Set(
            tasks.compactMap { task in
                // A thread may have ended meanwhile.
                guard let text = try? String(contentsOfFile: "/proc/\(process)/task/\(task)/status", encoding: .utf8)
                else { return nil }
                return text.split(separator: "\n").first { $0.hasPrefix("\(field):") }.map { line in
                    line.dropFirst(field.utf8.count + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ")
                }
            })
    }

    private func ask(_ address: String, overTCP: Bool) throws -> Bool {
        let client = try EndpointClient(address, port: 53, overTCP: overTCP)
        try client.send(RawQuery(name: "whoami.test", type: "A", id: 77).bytes)
        return try client.receive().starts(with: [0, 77])
    }

    @Test("Started by root, --user leaves it port 53 and nothing else, in each of its threads; a reload listens anew")
    func user() throws {
        let server = try ServerProcess(
            files: ["Corefile": Self.corefile([Self.address])],
            arguments: ["--conf", "FOLDER/Corefile", "--user", "65532:65533"])
        defer { server.stop() }
        _ = try server.awaitReady()
        let process = server.processIdentifier
        #expect(try status(process, "Uid") == ["65532 65532 65532 65532"])
        #expect(try status(process, "Gid") == ["65533 65533 65533 65533"])
        #expect(try status(process, "Groups") == [""])
        for field in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(try status(process, field) == ["0000000000000400"], "\(field)")
        }
        #expect(try status(process, "NoNewPrivs") == ["1"])
        #expect(try ask(Self.address, overTCP: false) && ask(Self.address, overTCP: true))
        // Another low port's listener, and then the first one once more.
        let second = Self.address.replacing("127.91.", with: "127.92.")
        for blocks in [[second], [Self.address, second]] {
            try Self.corefile(blocks).write(
                to: server.folder.appending(path: "Corefile"), atomically: true, encoding: .utf8)
            kill(process, SIGUSR1)
            let end = ContinuousClock.now + .seconds(30)
            var isAnswered = false
            while !isAnswered, ContinuousClock.now < end {
                isAnswered = blocks.allSatisfy { (try? ask($0, overTCP: true)) == true }
            }
            #expect(isAnswered, "\(blocks) \(server.log)")
        }
        #expect(server.stop() == 0)
    }

    @Test(
        "Users that cannot be become end the start",
        arguments: [
            ("root", "is root"), ("no-such-user", "knows no user"), ("65532", "write USER:GROUP"),
            ("65532:0", "of root's group"),
        ])
    func refused(user: String, said: String) throws {
        let server = try ServerProcess(
            files: ["Corefile": Self.corefile(["127.0.0.1"])],
            arguments: ["--conf", "FOLDER/Corefile", "--user", user])
        defer { server.stop() }
        #expect(throws: ServerProcess.Failure.self) { try server.awaitReady() }
        #expect(server.log.contains("--user \(user): ") && server.log.contains(said), "\(server.log)")
    }

    @Test("Who is not root cannot become another user")
    func notRoot() throws {
        let server = try ServerProcess(
            files: ["Corefile": Self.corefile(["127.0.0.1"])],
            arguments: ["--conf", "FOLDER/Corefile", "--user", "65531:65531"],
            launcher: ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups"])
        defer { server.stop() }
        #expect(throws: ServerProcess.Failure.self) { try server.awaitReady() }
        #expect(server.log.contains("only root can go on as another user"), "\(server.log)")
    }

    /// Binds UDP and TCP at an address and port 53, and goes on as what follows, with both as sd_listen_fds(3) has them.
    private static let passing = """
        use Socket; $^F = 9; my $place = sockaddr_in(53, inet_aton(shift));
        my ($udp, $tcp);
        socket($udp, PF_INET, SOCK_DGRAM, 0) && bind($udp, $place) or die "UDP: $!";
        socket($tcp, PF_INET, SOCK_STREAM, 0) && bind($tcp, $place) && listen($tcp, 64) or die "TCP: $!";
        die "in other places" unless fileno($udp) == 3 && fileno($tcp) == 4;
        ($ENV{LISTEN_PID}, $ENV{LISTEN_FDS}) = ($$, 2); exec @ARGV;
        """

    @Test("With its sockets passed by systemd it needs no right at all")
    func passedSockets() throws {
        let address = Self.address.replacing("127.91.", with: "127.93.")
        let server = try ServerProcess(
            files: ["Corefile": Self.corefile([address])], arguments: ["--conf", "FOLDER/Corefile"],
            launcher: [
                "perl", "-e", Self.passing, address, "setpriv", "--reuid", "65532", "--regid", "65532",
                "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs",
            ])
        defer { server.stop() }
        #expect(try server.awaitReady() == [ServerProcess.Endpoint(host: address, port: 53)])
        #expect(try status(server.processIdentifier, "CapEff") == ["0000000000000000"])
        for _ in 1...50 { #expect(try ask(address, overTCP: false) && ask(address, overTCP: true)) }
        #expect(server.stop() == 0)
    }

    @Test("A socket that nobody listens on is named in the log")
    func unusedSockets() throws {
        let address = Self.address.replacing("127.91.", with: "127.94.")
        let server = try ServerProcess(
            files: ["Corefile": ".:0 {\n    bind 127.0.0.1\n    whoami\n}\n"],
            arguments: ["--conf", "FOLDER/Corefile"], launcher: ["perl", "-e", Self.passing, address])
        defer { server.stop() }
        _ = try server.awaitReady()
        #expect(server.log.contains("a socket was passed for \(address):53 (UDP)"), "\(server.log)")
        #expect(server.log.contains("a socket was passed for \(address):53 (TCP)"), "\(server.log)")
    }
}
