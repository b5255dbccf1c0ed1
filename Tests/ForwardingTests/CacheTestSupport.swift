import Corefile
import DNS
import Forwarding
import Pipeline
import Registry
import Synchronization
import Telemetry
import Testing

/// A clock that stands until it is told to go on.
final class StandingClock: Sendable {
    private struct State: Sendable {
        var now = ContinuousClock.now
        var seconds: Int64 = 1_800_000_000
        var sleepers: [CheckedContinuation<Void, Never>] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// A cache's view of it; sleeps end when they are told to.
    var clock: CacheStage.Clock {
        CacheStage.Clock(
            now: { self.state.withLock { $0.now } }, seconds: { self.state.withLock { $0.seconds } },
            sleep: { _ in
                await withCheckedContinuation { continuation in
                    let waiting = self.state.withLock { state in
                        state.sleepers.append(continuation)
                        defer { state.waiting = [] }
                        return state.waiting
                    }
                    for waiter in waiting { waiter.resume() }
                }
            })
    }

    func advance(by duration: Duration) {
        state.withLock { state in
            state.now += duration
            state.seconds += duration.components.seconds
        }
    }

    var seconds: Int64 { state.withLock { $0.seconds } }

    /// Waits until somebody sleeps, and wakes all who do.
    func endSleep() async {
        await withCheckedContinuation { continuation in
            let isAsleep = state.withLock { state in
                if state.sleepers.isEmpty { state.waiting.append(continuation) }
                return !state.sleepers.isEmpty
            }
            if isAsleep { continuation.resume() }
        }
        let sleepers = state.withLock { state in
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.resume() }
    }
}

/// Answers as it is told, and remembers what it was asked.
final class ScriptedSource: Stage {
    typealias Script = @Sendable (PipelineQuery) -> Response

    private struct State: Sendable {
        var script: Script
        var queries: [PipelineQuery] = []
        /// nil lets questions through.
        var held: [CheckedContinuation<Void, Never>]?
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let directive = "forward"
    private let state: Mutex<State>

    init(_ script: @escaping Script) {
        state = Mutex(State(script: script))
    }

    var queries: [PipelineQuery] { state.withLock { $0.queries } }
    var count: Int { queries.count }

    func answer(_ script: @escaping Script) {
        state.withLock { $0.script = script }
    }

    /// Has questions wait until `release`.
    func hold() {
        state.withLock { $0.held = [] }
    }

    func release() {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held ?? []
        }
        for continuation in held { continuation.resume() }
    }

    /// Returns when so many questions have come.
    func asked(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.queries.count < count { state.waiting.append((count, continuation)) }
                return state.queries.count >= count
            }
            if isReached { continuation.resume() }
        }
    }

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let (script, ready, isHeld) = state.withLock { state in
            state.queries.append(query)
            let ready = state.waiting.filter { $0.count <= state.queries.count }
            state.waiting.removeAll { $0.count <= state.queries.count }
            return (state.script, ready, state.held != nil)
        }
        for waiter in ready { waiter.continuation.resume() }
        if isHeld {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    state.held?.append(continuation)
                    return state.held == nil
                }
                if isOpen { continuation.resume() }
            }
        }
        return script(query)
    }
}

/// Lookups that must not happen.
struct NoLookups: Lookups {
    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response {
        .failed("", "nobody is asked here")
    }
}

/// A cache before a scripted source, on a clock that stands.
struct CacheBench {
    let clock = StandingClock()
    let source: ScriptedSource
    let metrics = Metrics()
    let stage: CacheStage

    init(
        _ corefile: String = "cache", byteLimit: Int = 64 << 20, _ script: @escaping ScriptedSource.Script
    ) throws {
        source = ScriptedSource(script)
        stage = CacheStage(
            try Self.settings(corefile), metrics: metrics, byteLimit: byteLimit, clock: clock.clock)
    }

    static func settings(_ corefile: String) throws -> CacheSettings {
        let text = ". {\n\(corefile)\n}\n"
        let block = try #require(try CorefileParser.corefile(Array(text.utf8), file: "Corefile").blocks.first)
        return try #require(try block.settings(CacheSettings.self))
    }

    nonisolated(nonsending) func ask(_ query: PipelineQuery) async -> Response {
        await stage.respond(to: query, next: Chain([source]))
    }

    nonisolated(nonsending) func ask(_ name: String, _ type: RecordType = .a) async throws -> Response {
        await ask(try testQuery(name, type))
    }
}

func testQuery(_ name: String, _ type: RecordType = .a) throws -> PipelineQuery {
    var query = PipelineQuery(
        name: try #require(DomainName(name)), type: type, client: .init(.v4(0x0a00_0001), port: 5353),
        server: .init(.v4(0x0a60_000a), port: 53), transport: .udp, received: .now, lookups: NoLookups())
    query.serverLabel = "dns://:53"
    return query
}

/// Answers as upstream servers give them.
enum Sample {
    static func address(_ query: PipelineQuery, ttl: UInt32 = 300, last: UInt8 = 1) -> Response {
        var response = Response(.noError)
        response.isRecursionAvailable = true
        response.source = "forward"
        response.answers = [Record(owner: query.name, ttl: ttl, data: .address([192, 0, 2, last]))]
        return response
    }

    static func denial(_ code: ResponseCode, ttl: UInt32 = 300, minimum: UInt32 = 300) -> Response {
        var response = Response(code)
        response.source = "forward"
        let soa = StartOfAuthority(
            primary: .root, mailbox: .root, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: minimum)
        response.authorities = [Record(owner: .root, ttl: ttl, data: soa.data)]
        return response
    }

    static func failure(_ code: ResponseCode = .serverFailure) -> Response {
        var response = Response(code)
        response.source = "forward"
        return response
    }

    /// A signature of a type, valid between two times in seconds since 1970.
    static func signature(_ owner: DomainName, of type: RecordType, from: Int64, until: Int64) -> Record {
        func bytes(_ number: Int64) -> [UInt8] {
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * Int64($0))) }
        }
        let data =
            [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255), 13, 2, 0, 0, 1, 44]
            + bytes(until) + bytes(from) + [0, 7, 0, 1, 2, 3]
        return Record(owner: owner, ttl: 300, data: RecordData(type: RecordType(rawValue: 46), bytes: data))
    }
}
