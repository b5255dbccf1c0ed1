import Corefile
import DNS
import Glibc
import Logging
import Pipeline
import Telemetry
import TestSupport
import Testing

@testable import Stages

@Suite("file at work")
struct FileStageTests {
    private static let zone = """
        $TTL 300
        @ SOA ns hostmaster 7 7200 1800 86400 60
        @ NS ns
        ns A 192.0.2.1
        www A 192.0.2.53
        alias CNAME www
        away CNAME www.example.net.
        lost CNAME none
        a0 CNAME a1
        a1 CNAME a0
        sub NS ns.sub
        ns.sub A 192.0.2.2
        old DNAME x123456789012345678901234567890123456789012345678901234567890.example.net.
        * TXT "any"
        """

    private static func stage(
        _ folder: TemporaryFolder, _ text: String,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in throw CancellationError() }
    ) async throws -> FileStage {
        let settings = try StageTrial.settings(
            FileSettings.self, text.replacing("FOLDER", with: folder.path), zone: "example.org")
        return try await FileStage.load(settings, logger: Logger(label: "test"), sleep: sleep)
    }

    private static func answer(
        _ stage: FileStage, _ question: String, lookups: any Lookups = ScriptedLookups { _ in Response(.refused) }
    ) async throws -> [String] {
        let trial = StageTrial(
            stage: stage,
            next: { _ in
                var response = Response(.noError)
                response.source = "next"
                return response
            }, lookups: lookups)
        let response = try await trial.ask(question)
        return response.source == "next" ? ["next"] : response.lines
    }

    private static let soa = "? example.org. 60 IN SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 60"

    @Test("An alias within the zone to a name that must not be asked for is answered alone")
    func refusedTarget() async throws {
        let folder = try TemporaryFolder()
        try folder.write("db", Self.zone)
        let rules = try StageTrial.settings(AclSettings.self, "acl www.example.org {\n allow net 10.0.0.1\n block\n}")
        let stage = try await Self.stage(folder, "file FOLDER/db")
        let query = try replyQuery("alias.example.org", from: "10.0.0.1")
        var other = query
        other.client.address = .v4(0x0a00_0002)
        let chain = Chain([AclStage(rules, metrics: Metrics()), stage])
        let allowed = await chain.respond(to: query)
        #expect(allowed.answers.map(\.type) == [.cname, .a] && allowed.dependsOnAsker)
        let refused = await chain.respond(to: other)
        #expect(refused.code == .noError && refused.answers.map(\.type) == [.cname] && refused.dependsOnAsker)
    }

    @Test("A zone is answered from its file", arguments: Cases.answers)
    func answers(_ question: String, _ expected: [String]) async throws {
        let folder = try TemporaryFolder()
        try folder.write("db", Self.zone)
        let stage = try await Self.stage(folder, "file FOLDER/db")
        let lookups = ScriptedLookups { query in
            (try? .trial(.noError, "\(query.name) 9 IN A 192.0.2.9")) ?? Response(.serverFailure)
        }
        let soa = Self.soa
        #expect(
            try await Self.answer(stage, question, lookups: lookups) == expected.map { $0 == "SOA" ? soa : $0 })
    }

    @Test("An alias out of the zone stands alone where its block has nothing behind, or a code of others' with it")
    func aliasWithoutTarget() async throws {
        let folder = try TemporaryFolder()
        try folder.write("db", Self.zone)
        let stage = try await Self.stage(folder, "file FOLDER/db")
        let alias = "away.example.org. 300 IN CNAME www.example.net."
        for zone in [DomainName.root, try #require(DomainName("example.org"))] {
            let server = Router([ServerBlockRoute(zone: zone, label: "dns://:53", chain: Chain([stage]))])
            let response = await server.respond(to: try .trial("away.example.org. A", lookups: server))
            #expect(response.lines == ["NOERROR", alias])
            #expect(response.failure == nil && response.isAuthoritative)
        }
        let refusing = ScriptedLookups { _ in Response(.refused) }
        let refused = try await Self.answer(stage, "away.example.org. A", lookups: refusing)
        #expect(refused == ["REFUSED", alias])
    }

    @Test("A DNAME that makes a name too long is YXDOMAIN")
    func tooLong() async throws {
        let folder = try TemporaryFolder()
        try folder.write("db", Self.zone)
        let stage = try await Self.stage(folder, "file FOLDER/db")
        let label = String(repeating: "y", count: 60)
        let response = try await Self.answer(stage, "\(label).\(label).\(label).old.example.org. A")
        #expect(response.first == "YXDOMAIN")
        #expect(response.count == 2)
    }

    @Test("The longest zone answers; fallthrough hands on names that do not exist")
    func zones() async throws {
        let folder = try TemporaryFolder()
        try folder.write("db", Self.zone)
        try folder.write("sub", "@ 60 IN SOA ns h 1 2 3 4 5\nb 60 A 192.0.2.77\n")
        let stage = try await Self.stage(
            folder,
            "file FOLDER/db example.org example.net {\n fallthrough x.example.org\n}\nfile FOLDER/sub sub.example.org")
        #expect(
            try await Self.answer(stage, "b.sub.example.org. A") == [
                "NOERROR", "b.sub.example.org. 60 IN A 192.0.2.77",
            ])
        #expect(
            try await Self.answer(stage, "www.example.net. A") == ["NOERROR", "www.example.net. 300 IN A 192.0.2.53"])
        #expect(try await Self.answer(stage, "example.com. A") == ["next"])
        #expect(Set(stage.zones.map(\.apex.description)) == ["example.org.", "example.net.", "sub.example.org."])
        try folder.write("plain", "@ 60 IN SOA ns h 1 2 3 4 5\n")
        let other = try await Self.stage(folder, "file FOLDER/plain {\n fallthrough x.example.org\n}")
        #expect(try await Self.answer(other, "a.x.example.org. A") == ["next"])
        #expect(try await Self.answer(other, "a.example.org. A").first == "NXDOMAIN")
        #expect(try await Self.answer(other, "example.org. A").first == "NOERROR")
        #expect(other.passesReadyAnswers(of: try #require(DomainName("cluster.local"))))
        #expect(!other.passesReadyAnswers(of: try #require(DomainName("x.example.org"))))
    }

    @Test("A new serial, and nothing else, makes a new zone; a broken file leaves the former one")
    func changes() async throws {
        let folder = try TemporaryFolder()
        func write(_ serial: Int, _ address: String) throws {
            try folder.write("db", "@ 60 IN SOA ns h \(serial) 2 3 4 5\na 60 A \(address)\n")
        }
        try write(1, "192.0.2.1")
        let stage = try await Self.stage(folder, "file FOLDER/db\nfile FOLDER/db example.net {\n reload_by_mtime\n}")
        func address(_ zone: String) async throws -> String? { try await Self.answer(stage, "a.\(zone). A").last }
        func refresh() async throws {
            try await stage.refresh(0)
            try await stage.refresh(1)
        }
        try write(1, "192.0.2.222")
        try await refresh()
        #expect(try await address("example.org") == "a.example.org. 60 IN A 192.0.2.1")
        #expect(try await address("example.net") == "a.example.net. 60 IN A 192.0.2.222")
        try write(2, "192.0.2.3")
        try await refresh()
        #expect(try await address("example.org") == "a.example.org. 60 IN A 192.0.2.3")
        try folder.write("db", "@ 60 IN SOA broken\n")
        await #expect(throws: FileError.self) { try await stage.refresh(0) }
        #expect(try await address("example.org") == "a.example.org. 60 IN A 192.0.2.3")
        try folder.remove("db")
        await #expect(throws: FileError(path: folder.path("db"), reason: .unreadable(2))) { try await stage.refresh(0) }
        #expect(try await address("example.org") == "a.example.org. 60 IN A 192.0.2.3")
        try write(1, "192.0.2.4")
        try await refresh()
        #expect(try await address("example.org") == "a.example.org. 60 IN A 192.0.2.4")
    }

    @Test("A FIFO in place of the file is told, and the good file after it is read")
    func fifo() async throws {
        let folder = try TemporaryFolder()
        func write(_ serial: Int, _ address: String) throws {
            try folder.write("db", "@ 60 IN SOA ns h \(serial) 2 3 4 5\na 60 A \(address)\n")
        }
        try write(1, "192.0.2.1")
        let stage = try await Self.stage(folder, "file FOLDER/db")
        try folder.remove("db")
        try #require(mkfifo(folder.path("db"), 0o600) == 0)
        await #expect(
            throws: FileError(path: folder.path("db"), reason: .content("\(folder.path("db")): is no regular file"))
        ) {
            try await stage.refresh(0)
        }
        #expect(try await Self.answer(stage, "a.example.org. A").last == "a.example.org. 60 IN A 192.0.2.1")
        try folder.remove("db")
        try write(2, "192.0.2.2")
        try await stage.refresh(0)
        #expect(try await Self.answer(stage, "a.example.org. A").last == "a.example.org. 60 IN A 192.0.2.2")
    }

    @Test("A file that comes later is read when it is there")
    func lateFile() async throws {
        let folder = try TemporaryFolder()
        let (ticks, tick) = AsyncStream<Void>.makeStream()
        let (rounds, round) = AsyncStream<Void>.makeStream()
        let stage = try await Self.stage(folder, "file FOLDER/db {\n reload 2s\n}") { duration in
            #expect(duration == .seconds(2))
            round.yield()
            for await _ in ticks { return }
            throw CancellationError()
        }
        let run = Task { await stage.run() }
        var next = rounds.makeAsyncIterator()
        _ = await next.next()
        #expect(try await Self.answer(stage, "a.example.org. A") == ["SERVFAIL"])
        try folder.write("db", "@ 60 IN SOA ns h 1 2 3 4 5\na 60 A 192.0.2.1\n")
        tick.yield()
        _ = await next.next()
        #expect(try await Self.answer(stage, "a.example.org. A").last == "a.example.org. 60 IN A 192.0.2.1")
        run.cancel()
        await run.value
    }

    @Test("A file that is wrong, or missing for good, ends the start and is named")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        try folder.write("bad", "@ 60 IN A 192.0.2.1\n")
        await #expect(
            throws: FileError(
                path: folder.path("bad"),
                reason: .content("\(folder.path("bad")): example.org.: the zone has no SOA record"))
        ) {
            _ = try await Self.stage(folder, "file FOLDER/bad")
        }
        try folder.write("worse", "@ 60 IN\n")
        await #expect(throws: FileError.self) { _ = try await Self.stage(folder, "file FOLDER/worse") }
        await #expect(throws: FileError(path: folder.path("none"), reason: .unreadable(2))) {
            _ = try await Self.stage(folder, "file FOLDER/none {\n reload 0\n}")
        }
    }

    enum Cases {
        static let answers: [(String, [String])] = [
            ("WWW.example.org. A", ["NOERROR", "www.example.org. 300 IN A 192.0.2.53"]),
            ("www.example.org. AAAA", ["NOERROR", "SOA"]),
            ("none.example.org. A", ["NOERROR", "SOA"]),
            ("x.none.example.org. TXT", ["NOERROR", "x.none.example.org. 300 IN TXT \"any\""]),
            (
                "alias.example.org. A",
                ["NOERROR", "alias.example.org. 300 IN CNAME www.example.org.", "www.example.org. 300 IN A 192.0.2.53"]
            ),
            ("alias.example.org. AAAA", ["NOERROR", "alias.example.org. 300 IN CNAME www.example.org.", "SOA"]),
            ("alias.example.org. CNAME", ["NOERROR", "alias.example.org. 300 IN CNAME www.example.org."]),
            (
                "away.example.org. A",
                ["NOERROR", "away.example.org. 300 IN CNAME www.example.net.", "www.example.net. 9 IN A 192.0.2.9"]
            ),
            ("lost.example.org. A", ["NOERROR", "lost.example.org. 300 IN CNAME none.example.org.", "SOA"]),
            (
                "a0.example.org. A",
                [
                    "NOERROR", "a0.example.org. 300 IN CNAME a1.example.org.",
                    "a1.example.org. 300 IN CNAME a0.example.org.",
                ]
            ),
            (
                "x.sub.example.org. A",
                [
                    "NOERROR", "? sub.example.org. 300 IN NS ns.sub.example.org.",
                    "+ ns.sub.example.org. 300 IN A 192.0.2.2",
                ]
            ),
            ("example.net. A", ["next"]), ("example.org. AXFR", ["REFUSED"]),
        ]
    }
}
