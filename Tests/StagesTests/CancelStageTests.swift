import Corefile
import DNS
import Glibc
import Pipeline
import Synchronization
import Testing

@testable import Stages

@Suite("cancel", .timeLimit(.minutes(1)))
struct CancelStageTests {
    /// Waits until its task is cancelled, and answers then.
    private struct Waiting: Stage {
        let cancelled: AsyncStream<Void>.Continuation
        var directive: String { "waiting" }

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            let (never, continuation) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            continuation.finish()
            cancelled.finish()
            return Response(.noError)
        }
    }

    /// Answers after giving up its thread.
    private struct Yielding: Stage {
        var directive: String { "yielding" }

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            await Task { await Task.yield() }.value
            return Response(.nxDomain)
        }
    }

    /// Remembers the thread that asked it.
    private final class Witness: Stage {
        let thread = Mutex(pthread_t())
        var directive: String { "witness" }

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            thread.withLock { $0 = pthread_self() }
            return Response(.refused)
        }
    }

    private func settings() throws -> CancelSettings {
        try SmallStageProbe.settings(CancelSettings.self, "cancel 10ms")
    }

    @Test("An answer in time passes, and the timer ends")
    func inTime() async throws {
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        let stage = CancelStage(try settings()) { _ in
            defer { continuation.finish() }
            try await Task.sleep(for: .seconds(3600))
        }
        let response = await SmallStageProbe.ask(stage, SmallStageProbe.query("a", .a), then: Yielding())
        #expect(response.code == .nxDomain)
        for await _ in ended {}
    }

    @Test("An answer that waits for nothing comes on the asker's thread and needs no timer")
    func atOnce() async throws {
        let timers = Mutex(0)
        let witness = Witness()
        let stage = CancelStage(try settings()) { _ in timers.withLock { $0 += 1 } }
        let query = SmallStageProbe.query("a", .a)
        let thread = pthread_self()
        let response = await stage.respond(to: query, next: Chain([witness]))
        #expect(response.code == .refused)
        #expect(witness.thread.withLock { $0 } == thread && pthread_self() == thread)
        #expect(timers.withLock { $0 } == 0)
        #expect(stage.passesReadyAnswers)
    }

    @Test("When the time is over it answers SERVFAIL, and cancels what still runs")
    func tooLate() async throws {
        let (cancelled, continuation) = AsyncStream<Void>.makeStream()
        let stage = CancelStage(try settings()) { duration in #expect(duration == .milliseconds(10)) }
        let response = await SmallStageProbe.ask(
            stage, SmallStageProbe.query("a", .a), then: Waiting(cancelled: continuation))
        #expect(response == .failed("cancel", "no answer within 0.01 seconds"))
        for await _ in cancelled {}
    }

    @Test("A question that is cancelled itself ends")
    func cancelledQuestion() async throws {
        let (cancelled, continuation) = AsyncStream<Void>.makeStream()
        let stage = CancelStage(try settings()) { _ in try await Task.sleep(for: .seconds(3600)) }
        let task = Task {
            await SmallStageProbe.ask(stage, SmallStageProbe.query("a", .a), then: Waiting(cancelled: continuation))
        }
        task.cancel()
        #expect(await task.value.code == .serverFailure)
        for await _ in cancelled {}
    }
}
