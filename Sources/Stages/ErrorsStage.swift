import Corefile
import DNS
import Pipeline
import Registry
import Synchronization

/// `errors`: failures on the way to an answer are written as CoreDNS writes them:
/// `[ERROR] plugin/errors: 2 example.org. A: unreachable backend: …`.
package final class ErrorsStage: Stage {
    /// The most lines in a second; how many more there were is said in one line at its end.
    package static let linesPerSecond = 100

    package var directive: String { ErrorsSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.kinds = [.success, .denial]
        return passage
    }

    private let settings: ErrorsSettings
    private let sink: any LogSink
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (ContinuousClock.Instant) async throws -> Void
    private let log: Mutex<ErrorLog>
    /// An element whenever there is a new deadline.
    private let deadlines: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    package init(
        _ settings: ErrorsSettings, sink: any LogSink,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (ContinuousClock.Instant) async throws -> Void = {
            try await Task.sleep(until: $0, clock: .continuous)
        }
    ) {
        self.settings = settings
        self.sink = sink
        self.now = now
        self.sleep = sleep
        log = Mutex(ErrorLog(settings.consolidations))
        deadlines = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let response = await next.respond(to: query)
        guard let failure = response.failure else { return response }
        let text = LogText.line(failure)
        let line =
            "\(response.code.rawValue) \(LogText.name(query.name)) \(Mnemonic.name(of: query.type)): \(text)"
        let kind = settings.consolidations.firstIndex { $0.pattern.matches(failure) }
        let instant = now()
        let (lines, hasNewDeadline) = log.withLock { log in
            let former = log.deadline
            let lines = log.note(line, kind: kind, at: instant)
            return (lines, log.deadline != former)
        }
        lines.forEach(sink.write)
        if hasNewDeadline { deadlines.continuation.yield() }
        return response
    }

    /// Writes what was gathered when its time is over, and the rest when the task is cancelled.
    package func run() async {
        for await _ in deadlines.stream {
            while let deadline = log.withLock({ $0.deadline }), (try? await sleep(deadline)) != nil {
                let instant = max(now(), deadline)
                log.withLock { $0.due(at: instant) }.forEach(sink.write)
            }
        }
        log.withLock { $0.finish() }.forEach(sink.write)
    }
}

/// Failures gathered by pattern and bounded in number: lines in, lines out.
struct ErrorLog {
    private struct Window {
        let settings: ErrorsSettings.Consolidation
        var count = 0
        var end: ContinuousClock.Instant?
    }

    private var windows: [Window]
    /// The second that lines are being counted in.
    private var second: (end: ContinuousClock.Instant, lineCount: Int, missing: Int)?

    init(_ consolidations: [ErrorsSettings.Consolidation]) {
        windows = consolidations.map { Window(settings: $0) }
    }

    /// When there will be something to write without a new failure.
    var deadline: ContinuousClock.Instant? {
        let missing = second.flatMap { $0.missing > 0 ? $0.end : nil }
        return (windows.map(\.end) + [missing]).compactMap(\.self).min()
    }

    /// Takes a failure.
    ///
    /// - Parameters:
    ///   - line: what is written where it is not gathered.
    ///   - kind: the number of the pattern that matches.
    /// - Returns: the lines to be written.
    mutating func note(_ line: String, kind: Int?, at now: ContinuousClock.Instant) -> [String] {
        var lines = due(at: now)
        if let kind, windows.indices.contains(kind) {
            let settings = windows[kind].settings
            windows[kind].count += 1
            if windows[kind].end == nil { windows[kind].end = now + settings.period }
            if windows[kind].count == 1, settings.showsFirst { append(line, settings.level, at: now, to: &lines) }
        } else {
            append(line, .error, at: now, to: &lines)
        }
        return lines
    }

    private mutating func append(
        _ line: String, _ level: LogLevel, at now: ContinuousClock.Instant, to lines: inout [String]
    ) {
        if second == nil { second = (now + .seconds(1), 0, 0) }
        if second?.lineCount ?? 0 < ErrorsStage.linesPerSecond {
            second?.lineCount += 1
            lines.append(Self.text(line, level))
        } else {
            second?.missing += 1
        }
    }

    /// The lines whose time has come.
    mutating func due(at now: ContinuousClock.Instant) -> [String] {
        var lines: [String] = []
        for index in windows.indices {
            if let end = windows[index].end, end <= now { close(index, &lines) }
        }
        if let end = second?.end, end <= now { closeSecond(&lines) }
        return lines
    }

    /// The lines that are left at the end.
    mutating func finish() -> [String] {
        var lines: [String] = []
        for index in windows.indices { close(index, &lines) }
        closeSecond(&lines)
        return lines
    }

    private mutating func close(_ index: Int, _ lines: inout [String]) {
        let window = windows[index]
        windows[index].end = nil
        windows[index].count = 0
        guard window.count > (window.settings.showsFirst ? 1 : 0) else { return }
        let pattern = LogText.line(window.settings.pattern.pattern)
        let period = GoDuration.text(of: window.settings.period)
        lines.append(
            Self.text("\(window.count) errors like '\(pattern)' occurred in last \(period)", window.settings.level))
    }

    private mutating func closeSecond(_ lines: inout [String]) {
        if let missing = second?.missing, missing > 0 {
            lines.append(Self.text("\(missing) more errors in one second were not written", .error))
        }
        second = nil
    }

    private static func text(_ line: String, _ level: LogLevel) -> String {
        "[\(level.rawValue)] plugin/errors: \(line)"
    }
}
