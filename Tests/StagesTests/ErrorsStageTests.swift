import Corefile
import DNS
import Pipeline
import Testing

@testable import Stages

@Suite("errors at work")
struct ErrorsStageTests {
    private static let start = ContinuousClock.now

    private static func consolidations(_ text: String) throws -> [ErrorsSettings.Consolidation] {
        try StageTrial.settings(ErrorsSettings.self, "errors {\n\(text)\n}").consolidations
    }

    @Test("A failure is written as CoreDNS writes it, without control characters of strangers")
    func line() async throws {
        let lines = LogLines()
        let stage = ErrorsStage(try StageTrial.settings(ErrorsSettings.self, "errors"), sink: lines)
        let trial = StageTrial(stage: stage) { _ in
            .failed("forward", "unreachable backend: read udp\n[INFO] forged\u{1b}[2J")
        }
        let response = try await trial.ask("Example.org. AAAA")
        #expect(response.code == .serverFailure)
        _ = try await trial.ask("a\\010b\\;.example. TYPE4711")
        #expect(
            lines.lines == [
                "[ERROR] plugin/errors: 2 example.org. AAAA: unreachable backend: read udp\\x0a[INFO] forged\\x1b[2J",
                "[ERROR] plugin/errors: 2 a\\010b\\;.example. TYPE4711: unreachable backend: read udp\\x0a[INFO] forged\\x1b[2J",
            ])
        let quiet = StageTrial(stage: stage) { _ in Response(.serverFailure) }
        _ = try await quiet.ask("example.org. A")
        #expect(lines.lines.count == 2)
    }

    @Test("Failures that a pattern matches are counted until its time is over")
    func consolidation() throws {
        var log = ErrorLog(try Self.consolidations("consolidate 30s ^read warning\nconsolidate 5m .* show_first"))
        #expect(log.note("read x", kind: 0, at: Self.start) == [])
        #expect(log.note("read y", kind: 0, at: Self.start + .seconds(29)) == [])
        #expect(log.deadline == Self.start + .seconds(30))
        #expect(log.note("other", kind: 1, at: Self.start + .seconds(1)) == ["[ERROR] plugin/errors: other"])
        #expect(
            log.due(at: Self.start + .seconds(30))
                == ["[WARNING] plugin/errors: 2 errors like '^read' occurred in last 30s"])
        #expect(log.deadline == Self.start + .seconds(301))
        #expect(log.due(at: Self.start + .seconds(301)) == [], "the only one was written already")
        #expect(log.deadline == nil)
        #expect(log.note("o", kind: 1, at: Self.start + .seconds(400)) == ["[ERROR] plugin/errors: o"])
        #expect(log.note("o", kind: 1, at: Self.start + .seconds(401)) == [])
        #expect(log.finish() == ["[ERROR] plugin/errors: 2 errors like '.*' occurred in last 5m0s"])
        #expect(log.finish() == [])
    }

    @Test("A window that nobody closed in time is closed by the next failure")
    func lateWindow() throws {
        var log = ErrorLog(try Self.consolidations("consolidate 30s x"))
        #expect(log.note("x", kind: 0, at: Self.start) == [])
        #expect(
            log.note("x", kind: 0, at: Self.start + .seconds(31))
                == ["[ERROR] plugin/errors: 1 errors like 'x' occurred in last 30s"])
        #expect(log.deadline == Self.start + .seconds(61))
    }

    @Test("A flood is bounded, and said to be one")
    func flood() {
        var log = ErrorLog([])
        var lines = (0..<1000).flatMap { log.note("\($0)", kind: nil, at: Self.start + .milliseconds($0 / 2)) }
        #expect(lines.count == ErrorsStage.linesPerSecond)
        #expect(log.deadline == Self.start + .seconds(1))
        lines = log.due(at: Self.start + .seconds(1))
        #expect(lines == ["[ERROR] plugin/errors: 900 more errors in one second were not written"])
        #expect(log.note("next", kind: nil, at: Self.start + .seconds(2)) == ["[ERROR] plugin/errors: next"])
    }

    @Test("What was gathered is written when the time has come, and the rest at the end")
    func running() async throws {
        let lines = LogLines()
        let (sleeps, sleeping) = AsyncStream<ContinuousClock.Instant>.makeStream()
        let (wakes, waking) = AsyncStream<Void>.makeStream()
        let settings = try StageTrial.settings(
            ErrorsSettings.self, "errors {\nconsolidate 30s ^a\nconsolidate 60s ^b\n}")
        let stage = ErrorsStage(settings, sink: lines, now: { Self.start }) { instant in
            sleeping.yield(instant)
            for await _ in wakes { return }
            throw CancellationError()
        }
        let run = Task { await stage.run() }
        var next = sleeps.makeAsyncIterator()
        _ = try await StageTrial(stage: stage) { _ in .failed("x", "a") }.ask("example.org. A")
        #expect(await next.next() == Self.start + .seconds(30))
        _ = try await StageTrial(stage: stage) { _ in .failed("x", "b") }.ask("example.org. A")
        #expect(lines.lines == [])
        waking.yield()
        #expect(await next.next() == Self.start + .seconds(60))
        #expect(lines.lines == ["[ERROR] plugin/errors: 1 errors like '^a' occurred in last 30s"])
        run.cancel()
        await run.value
        #expect(lines.lines.last == "[ERROR] plugin/errors: 1 errors like '^b' occurred in last 1m0s")
    }
}
