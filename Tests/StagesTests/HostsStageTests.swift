import Corefile
import DNS
import Logging
import Pipeline
import Registry
import Telemetry
import TestSupport
import Testing

@testable import Stages

@Suite("hosts at work")
struct HostsStageTests {
    private static func stage(
        _ folder: TemporaryFolder, _ options: String = "", zones: String = "example.org", metrics: Metrics = Metrics(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in throw CancellationError() }
    ) async throws -> HostsStage {
        let settings = try StageTrial.settings(
            HostsSettings.self, "hosts \(folder.path("hosts")) \(zones) {\n\(options)\n}")
        return try await HostsStage.load(
            settings, metrics: metrics, logger: Logger(label: "test"), wallClock: { 1000 }, sleep: sleep)
    }

    private static func trial(_ stage: HostsStage) -> StageTrial {
        StageTrial(stage: stage) { _ in
            var response = Response(.noError)
            response.source = "next"
            return response
        }
    }

    private static func answer(_ stage: HostsStage, _ question: String) async throws -> [String] {
        let response = try await trial(stage).ask(question)
        return response.source == "next" ? ["next"] : response.lines
    }

    @Test("Names and addresses of the file are answered, others are not")
    func answers() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "hosts",
            """
            # comment
            192.0.2.1 www.example.org  Web.Example.org.\t# more
            192.0.2.2 WWW.example.org
            2001:db8::1%eth0 www.example.org v6.example.org
            192.0.2.9 www.example.net
            192.0.2 bad.example.org
            192.0.2.3
            192.0.2.4 bad..example.org good.example.org
            """)
        let metrics = Metrics()
        let stage = try await Self.stage(folder, metrics: metrics)
        let table = [
            (
                "Www.Example.org. A",
                ["NOERROR", "Www.Example.org. 3600 IN A 192.0.2.1", "Www.Example.org. 3600 IN A 192.0.2.2"]
            ),
            ("www.example.org. AAAA", ["NOERROR", "www.example.org. 3600 IN AAAA 2001:db8::1"]),
            ("web.example.org. AAAA", ["NOERROR"]),
            ("web.example.org. TXT", ["NOERROR"]),
            ("good.example.org. A", ["NOERROR", "good.example.org. 3600 IN A 192.0.2.4"]),
            ("bad.example.org. A", ["SERVFAIL"]), ("none.example.org. A", ["SERVFAIL"]),
            ("none.example.org. TXT", ["SERVFAIL"]),
            ("www.example.net. A", ["next"]),
            (
                "1.2.0.192.in-addr.arpa. PTR",
                [
                    "NOERROR", "1.2.0.192.in-addr.arpa. 3600 IN PTR www.example.org.",
                    "1.2.0.192.in-addr.arpa. 3600 IN PTR web.example.org.",
                ]
            ),
            ("9.2.0.192.in-addr.arpa. PTR", ["next"]), ("01.2.0.192.in-addr.arpa. PTR", ["next"]),
            ("x.example.org. PTR", ["next"]),
            (
                "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.arpa. PTR",
                [
                    "NOERROR",
                    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.arpa. 3600 IN PTR www.example.org.",
                    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.arpa. 3600 IN PTR v6.example.org.",
                ]
            ),
        ]
        for (question, expected) in table { #expect(try await Self.answer(stage, question) == expected, "\(question)") }
        #expect(try await Self.trial(stage).ask("web.example.org. A").isAuthoritative)
        #expect(try await Self.trial(stage).ask("web.example.org. ANY").answers.map(\.type) == [.hinfo])
        #expect(metrics.text().contains("coredns_hosts_entries 12\n"))
        #expect(metrics.text().contains("coredns_hosts_reload_timestamp_seconds 1000\n"))
    }

    @Test("Options change what is answered")
    func options() async throws {
        let folder = try TemporaryFolder()
        try folder.write("hosts", "192.0.2.1 a.example.org\n")
        let stage = try await Self.stage(
            folder,
            "192.0.2.7 a.example.org b.example.org\nttl 60\nno_reverse\nfallthrough x.example.org\nfallthrough_unsupported"
        )
        #expect(
            try await Self.answer(stage, "a.example.org. A") == [
                "NOERROR", "a.example.org. 60 IN A 192.0.2.1", "a.example.org. 60 IN A 192.0.2.7",
            ])
        #expect(try await Self.answer(stage, "1.2.0.192.in-addr.arpa. PTR") == ["next"])
        #expect(try await Self.answer(stage, "y.x.example.org. A") == ["next"])
        #expect(try await Self.answer(stage, "y.example.org. A") == ["SERVFAIL"])
        #expect(try await Self.answer(stage, "a.example.org. TXT") == ["NOERROR"])
        let wide = try await Self.stage(folder, "192.0.2.1 a.example.org\nfallthrough\nfallthrough_unsupported")
        #expect(try await Self.answer(wide, "a.example.org. TXT") == ["next"])
        #expect(try await Self.answer(wide, "a.example.org. AAAA") == ["NOERROR"])
    }

    @Test("A wildcard stands for one label, and makes no reverse name")
    func wildcards() async throws {
        let folder = try TemporaryFolder()
        try folder.write("hosts", "192.0.2.10 *.example.org\n192.0.2.11 a.example.org\n")
        let stage = try await Self.stage(folder)
        #expect(
            try await Self.answer(stage, "apps.example.org. A") == [
                "NOERROR", "apps.example.org. 3600 IN A 192.0.2.10",
            ])
        #expect(try await Self.answer(stage, "a.example.org. A") == ["NOERROR", "a.example.org. 3600 IN A 192.0.2.11"])
        #expect(try await Self.answer(stage, "example.org. A") == ["SERVFAIL"])
        #expect(try await Self.answer(stage, "deep.apps.example.org. A") == ["SERVFAIL"])
        #expect(try await Self.answer(stage, "10.2.0.192.in-addr.arpa. PTR") == ["next"])
    }

    @Test("A changed file is read, one that goes takes its names along, one that comes back is there again")
    func changes() async throws {
        let folder = try TemporaryFolder()
        let (ticks, tick) = AsyncStream<Void>.makeStream()
        let (rounds, round) = AsyncStream<Void>.makeStream()
        let stage = try await Self.stage(folder, "192.0.2.7 inline.example.org\nreload 15s") { duration in
            #expect(duration == .seconds(15))
            round.yield()
            for await _ in ticks { return }
            throw CancellationError()
        }
        let run = Task { await stage.run() }
        var next = rounds.makeAsyncIterator()
        _ = await next.next()
        func pass() async {
            tick.yield()
            _ = await next.next()
        }
        #expect(
            try await Self.answer(stage, "inline.example.org. A") == [
                "NOERROR", "inline.example.org. 3600 IN A 192.0.2.7",
            ])
        try folder.write("hosts", "192.0.2.1 a.example.org\n")
        await pass()
        #expect(try await Self.answer(stage, "a.example.org. A") == ["NOERROR", "a.example.org. 3600 IN A 192.0.2.1"])
        try folder.write("hosts", "192.0.2.22 a.example.org\n")
        await pass()
        #expect(try await Self.answer(stage, "a.example.org. A") == ["NOERROR", "a.example.org. 3600 IN A 192.0.2.22"])
        try folder.remove("hosts")
        await pass()
        #expect(try await Self.answer(stage, "a.example.org. A") == ["SERVFAIL"])
        #expect(
            try await Self.answer(stage, "inline.example.org. A") == [
                "NOERROR", "inline.example.org. 3600 IN A 192.0.2.7",
            ])
        try folder.write("hosts", "192.0.2.22 a.example.org\n")
        await pass()
        #expect(try await Self.answer(stage, "a.example.org. A") == ["NOERROR", "a.example.org. 3600 IN A 192.0.2.22"])
        run.cancel()
        await run.value
    }

    @Test("A folder in place of a file is waited for; a file beyond the limit is an error")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("hosts")
        #expect(try await Self.answer(try await Self.stage(folder), "a.example.org. A") == ["SERVFAIL"])
        try folder.write("big", String(repeating: "x", count: 100))
        #expect(throws: FileError(path: folder.path("big"), reason: .tooLarge(limit: 99))) {
            try FileContents.bytes(folder.path("big"), limit: 99)
        }
    }

    @Test("100,000 lines are read")
    func large() async throws {
        let folder = try TemporaryFolder()
        let lines = (0..<100_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255) ads\($0).example.org" }
        try folder.write("hosts", lines.joined(separator: "\n"))
        let metrics = Metrics()
        let stage = try await Self.stage(folder, metrics: metrics)
        #expect(metrics.text().contains("coredns_hosts_entries 200000\n"))
        #expect(
            try await Self.answer(stage, "ads99999.example.org. A") == [
                "NOERROR", "ads99999.example.org. 3600 IN A 10.1.134.159",
            ])
    }

    @Test("Bytes that are no text end nothing")
    func garbage() throws {
        var generator = SeededGenerator.announced()
        let settings = try StageTrial.settings(HostsSettings.self, "hosts")
        for _ in 0..<200 {
            var table = HostsTable(settings)
            table.add(
                file: (0..<500).map { _ in
                    [0, 9, 10, 32, 35, 46, 48, 49, 58, 92, 97, 255].randomElement(using: &generator) ?? 0
                })
            #expect(table.entryCount >= 0)
        }
    }

    @Test("Ready-made answers of other zones pass")
    func readyAnswers() async throws {
        let folder = try TemporaryFolder()
        let stage = try await Self.stage(folder)
        let bare = try await Self.stage(folder, "no_reverse")
        let (cluster, reverse) = (try #require(DomainName("cluster.local")), try #require(DomainName("in-addr.arpa")))
        #expect(!stage.passesReadyAnswers)
        #expect(stage.passesReadyAnswers(of: cluster))
        #expect(!stage.passesReadyAnswers(of: reverse))
        #expect(bare.passesReadyAnswers(of: reverse))
        #expect(!bare.passesReadyAnswers(of: try #require(DomainName("org"))))
    }
}
