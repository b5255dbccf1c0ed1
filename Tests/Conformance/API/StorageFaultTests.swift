import Foundation
import Testing

/// A disk that is full, may not be written to, or has been damaged: writes are refused and say why; DNS goes on.
@Suite(
    "Faults of the disk",
    .enabled(if: Mounting.isAllowed, "file systems are mounted in a namespace, which takes root and its leave"))
struct StorageFaultTests {
    private static let services = "/api/v1/namespaces/default/services"

    private static func body(_ name: String, filler: Int = 0) -> String {
        """
        {"metadata":{"name":"\(name)","annotations":{"filler":"\(String(repeating: "x", count: filler))"}},\
        "spec":{"ports":[{"port":80}]}}
        """
    }

    private static func port(of server: APIServerUnderTest) throws -> UInt16 {
        try #require(URL(string: server.url)?.port.flatMap { UInt16(exactly: $0) })
    }

    @Test("A full disk: 507 and the reason, nothing acknowledged is lost, and writes go on when there is room")
    func full() throws {
        let server = try APIServerUnderTest(
            arguments: ["--data", "FOLDER/data"], onTemporaryFileSystem: "FOLDER/data", megabytes: 12)
        defer { server.stop() }
        let inside = "nsenter --mount --target \(server.process.processIdentifier)"
        #expect(try server.shell("\(inside) fallocate --length 3M $PWD/data/ballast").status == 0)
        let connection = try HTTPConnection(port: Self.port(of: server))
        var stored: [String] = []
        var refusal: HTTPConnection.Reply?
        for number in 0..<200 where refusal == nil {
            let reply = try connection.request("POST", Self.services, Self.body("s\(number)", filler: 200_000))
            if reply.status == 201 { stored.append("s\(number)") } else { refusal = reply }
        }
        let status = try #require(refusal?.object, "200 times 200 kB fit into 12 MiB")
        #expect(refusal?.status == 507 && status["reason"] as? String == "InsufficientStorage", "\(status)")
        #expect((status["message"] as? String)?.contains("full") == true, "\(status)")
        #expect(!stored.isEmpty)
        let another = try connection.request("POST", Self.services, Self.body("t", filler: 200_000))
        #expect(another.status == 507)
        // Reading and DNS know what was stored before, and only that.
        func names() throws -> Set<String> {
            let items = try connection.request("GET", Self.services).object["items"] as? [[String: Any]] ?? []
            return Set(items.compactMap { ($0["metadata"] as? [String: Any])?["name"] as? String })
                .subtracting(["kubernetes"])
        }
        #expect(try names() == Set(stored))
        let answer = try server.shell("dig +short @127.0.0.1 -p $DNS s0.default.svc.cluster.local A")
        #expect(answer.output.hasPrefix("10.96."), "\(answer.output)")
        #expect(try server.shell("\(inside) rm $PWD/data/ballast").status == 0)
        let after = try connection.request("POST", Self.services, Self.body("after"))
        #expect(after.status == 201, "\(after.object)")
        let told = server.process.log.split(separator: "\n").compactMap { line in
            ["writes are refused", "writes are taken again"].first { line.contains($0) }
        }
        #expect(told == ["writes are refused", "writes are taken again"], "\(server.process.log)")
        #expect(try names() == Set(stored + ["after"]))
        let audit = try server.shell("\(inside) $SWIFTLET vip audit --data $PWD/data")
        #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
    }

    @Test("A folder that may not be written to: DNS and reading go on, writes are refused and say why")
    func readOnly() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "read-only-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        var server = try APIServerUnderTest(arguments: ["--data", data])
        let created = try HTTPConnection(port: Self.port(of: server)).request("POST", Self.services, Self.body("web"))
        #expect(created.status == 201)
        // Killed: what is in the write-ahead log only has to be read as well.
        kill(server.process.processIdentifier, SIGKILL)
        server.stop()
        server = try APIServerUnderTest(arguments: ["--data", data], readOnly: data)
        defer { server.stop() }
        let address = (created.object["spec"] as? [String: Any])?["clusterIP"] as? String ?? ""
        let answer = try server.shell("dig +short @127.0.0.1 -p $DNS web.default.svc.cluster.local A")
        #expect(answer.output == address + "\n", "\(answer.output) \(answer.errors)")
        let connection = try HTTPConnection(port: Self.port(of: server))
        #expect(try connection.request("GET", Self.services + "/web").status == 200)
        let refused = try connection.request("POST", Self.services, Self.body("api"))
        #expect(refused.status == 500 || refused.status == 507, "\(refused.object)")
        #expect((refused.object["message"] as? String)?.lowercased().contains("read-only") == true, "\(refused.object)")
    }

    @Test("A damaged file: check names it, DNS goes on, writes are refused and say why")
    func damaged() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "damaged-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: data) }
        let server = try APIServerUnderTest(arguments: ["--data", data])
        defer { server.stop() }
        let connection = try HTTPConnection(port: Self.port(of: server))
        for number in 0..<200 {
            #expect(try connection.request("POST", Self.services, Self.body("s\(number)", filler: 2000)).status == 201)
        }
        let clean = try server.shell("$SWIFTLET check \(data)")
        #expect(clean.status == 0, "\(clean.output)\(clean.errors)")
        // All pages behind the first become noise, in the database and in its log.
        for name in ["registry.sqlite", "registry.sqlite-wal"] {
            let file = try FileHandle(forUpdating: URL(filePath: "\(data)/\(name)"))
            let size = try file.seekToEnd()
            guard size > 4096 else { continue }
            try file.seek(toOffset: 4096)
            try file.write(contentsOf: Data(repeating: 0xa5, count: Int(size) - 4096))
            try file.close()
        }
        let found = try server.shell("$SWIFTLET check \(data)")
        #expect(found.status == 65 && (found.output + found.errors).contains("registry.sqlite"), "\(found)")
        // The server has pages of its own in memory; it looks at those on disk every ten seconds.
        let end = ContinuousClock.now + .seconds(60)
        var refused: HTTPConnection.Reply?
        var number = 0
        while refused == nil, ContinuousClock.now < end {
            number += 1
            let reply = try connection.request("POST", Self.services, Self.body("t\(number)", filler: 2000))
            if reply.status != 201 { refused = reply }
        }
        let reply = try #require(refused, "writes into a damaged file succeeded for a minute")
        #expect(reply.status == 500, "\(reply.object)")
        #expect((reply.object["message"] as? String)?.contains("damaged") == true, "\(reply.object)")
        let answer = try server.shell("dig +short @127.0.0.1 -p $DNS s0.default.svc.cluster.local A")
        #expect(answer.output.hasPrefix("10.96."), "\(answer.output)")
    }
}

/// What the machine lets tests do.
private enum Mounting {
    /// A root without its rights, as in many containers, may not.
    static let isAllowed =
        geteuid() == 0
        && (try? run("unshare", ["--mount", "mount", "-t", "tmpfs", "swiftlet", "/mnt"]))?.status == 0
}
