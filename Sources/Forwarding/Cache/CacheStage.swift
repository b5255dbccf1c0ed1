import Corefile
import DNS
import Glibc
import Pipeline
import Synchronization
import Telemetry

/// `cache`: answers again with what the stages behind answered before.
///
/// Kept under name (without case), type, class, DO and CD. Not kept, and so never shared between askers: answers of
/// `kubernetes`, which are always fresh without; answers of `autopath`, which depend on who asks; answers to questions
/// without RD, which a resolver answers from less; failures of our own and what `CacheVerdict` refuses. Questions with
/// options that go on to upstreams, as a client's subnet (RFC 7871), pass by. What a stage in front of this one decides
/// (views, `acl`) holds for hits, too.
///
/// A reply from the cache has AA, RA and the code of the answer kept, AD where it was kept and the asker understands
/// it, all its records one time to live, and owners in the asker's spelling.
package struct CacheStage: Stage, KeptAnswers {
    /// Where the cache takes the time from, and how it waits.
    package struct Clock: Sendable {
        package var now: @Sendable () -> ContinuousClock.Instant
        /// Seconds since 1970, for signatures.
        package var seconds: @Sendable () -> Int64
        package var sleep: @Sendable (Duration) async -> Void

        package init(
            now: @escaping @Sendable () -> ContinuousClock.Instant, seconds: @escaping @Sendable () -> Int64,
            sleep: @escaping @Sendable (Duration) async -> Void
        ) {
            self.now = now
            self.seconds = seconds
            self.sleep = sleep
        }

        package static let system = Clock(
            now: { .now }, seconds: { Int64(time(nil)) }, sleep: { try? await Task.sleep(for: $0) })
    }

    /// The most refreshes that run beside the answering at one time; further ones are left to later hits.
    package static let refreshLimit = 256

    /// What a cache may keep, in bytes.
    package static let usualBytes = 64 << 20

    package var directive: String { CacheSettings.directive }

    private let settings: CacheSettings
    private let matchesAll: Bool
    private let store: CacheStore
    private let clock: Clock
    private let epoch: ContinuousClock.Instant
    private let refreshCount: RefreshCount

    /// - Parameters:
    ///   - view: the view of the server block, as metrics name it.
    ///   - byteLimit: the estimated memory of all entries, in bytes; no answer of more than a 1024th of it is kept.
    package init(
        _ settings: CacheSettings, metrics: Metrics, view: String = "", byteLimit: Int = usualBytes,
        clock: Clock = .system
    ) {
        self.settings = settings
        self.clock = clock
        matchesAll = settings.zones.contains(.root)
        store = CacheStore(
            settings, metrics: CacheMetrics(metrics, zones: settings.zones, view: view), byteLimit: byteLimit)
        epoch = clock.now()
        refreshCount = RefreshCount()
    }

    /// The most questions that wait for a refresh that another one has begun; further ones have what is too old at once,
    /// so that one name whose servers are silent does not take all places of questions under way.
    static let waiterLimit = 500

    /// Numbers of entries and their estimated memory in bytes.
    package var counts: (success: Int, denial: Int, bytes: Int) { store.counts }

    /// Returns when no refresh runs beside the answering.
    package func idle() async { await refreshCount.idle() }

    private var now: Int64 { CacheStore.nanoseconds(epoch.duration(to: clock.now())) }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard isCovered(query) else { return await next.respond(to: query) }
        guard let finding = store.find(query, at: now) else { return await ask(query, next) }
        switch finding.refresh {
        case .none:
            return finding.response
        case .ahead(let flight):
            if refreshBeside(flight, query, next) { store.counters(for: query.serverLabel).prefetches.increment() }
            return finding.response
        default:
            return await answer(query, stale: finding, next)
        }
    }

    private func isCovered(_ query: PipelineQuery) -> Bool {
        guard query.opcode == .query, matchesAll || settings.zones.contains(where: { query.name.isWithin($0) })
        else { return false }
        guard let edns = query.edns, !edns.options.isEmpty else { return true }
        return !edns.options.contains(where: \.code.mayDecideAnswer)
    }

    // MARK: Giving without the stage

    /// One thread's way to the answers kept here.
    private final class Reader: KeptAnswerReader {
        private let stage: CacheStage
        private let store: CacheStore
        private let tally: KeptTally
        private var now: Int64 = 0

        init(_ stage: CacheStage, _ tally: KeptTally) {
            self.stage = stage
            store = stage.store
            self.tally = tally
        }

        deinit { tally.end() }

        func takeTime() { now = stage.now }

        func take(
            _ question: KeptQuestion, into target: UnsafeMutableRawPointer, room: Int, kinds: ReadyPassage.Kinds,
            order: UInt64?
        ) -> KeptAnswer? {
            guard let taken = store.take(question, at: now, into: target, room: room, kinds: kinds, order: order)
            else { return nil }
            tally.count(isSuccess: taken.kind == .success)
            return taken
        }
    }

    /// nil where the cache is for some zones only, or counts hits to tell what to fetch ahead.
    package func makeReader(server: String) -> (any KeptAnswerReader)? {
        guard matchesAll, settings.prefetch == nil else { return nil }
        return Reader(self, store.makeTally(server: server))
    }

    // MARK: Asking

    /// Asks the stages behind and keeps the answer.
    ///
    /// - Parameter isRefresh: whether the answer is to take the place of one that is kept.
    nonisolated(nonsending) private func ask(
        _ query: PipelineQuery, _ next: Chain, isRefresh: Bool = false
    ) async -> Response {
        var question = query
        // Kept for those who understand AD; for others it is cleared again (RFC 6840 §5.7).
        question.isAuthenticDataWanted = true
        // An answer that was cut would never take the place of what is too old.
        question.isForKeeping = query.isForKeeping || isRefresh
        var response = await next.respond(to: question)
        if let verdict = verdict(on: response, to: query) {
            if !query.isDNSSECOK, query.type != .any {
                Self.dropSignatures(&response.answers, unless: query.type)
                Self.dropSignatures(&response.authorities, unless: query.type)
                Self.dropSignatures(&response.additionals, unless: query.type)
            }
            store.store(response, verdict, to: query, at: now)
            // As later hits will have it.
            if verdict.kind != .failure {
                for index in response.answers.indices { response.answers[index].ttl = verdict.ttl }
                for index in response.authorities.indices { response.authorities[index].ttl = verdict.ttl }
                for index in response.additionals.indices { response.additionals[index].ttl = verdict.ttl }
            }
        } else if isRefresh, Self.isRefreshed(response) {
            // It may not be kept, and still it ends what it contradicts (RFC 8767 §4).
            store.removeExpired(query, at: now)
        }
        if !query.isDNSSECOK, !query.isAuthenticDataWanted { response.isAuthenticData = false }
        return response
    }

    /// nil for what is not kept.
    private func verdict(on response: Response, to query: PipelineQuery) -> CacheVerdict? {
        guard query.isRecursionDesired, response.source != "kubernetes", !response.dependsOnAsker else { return nil }
        return CacheVerdict(response, to: query, settings: settings, seconds: clock.seconds())
    }

    /// Who does not set DO gets signatures and proofs only by asking for them (RFC 4035 §3.2.1).
    private static func dropSignatures(_ records: inout [Record], unless type: RecordType) {
        func isProof(_ record: Record) -> Bool {
            record.type != type && [.rrsig, .nsec, .nsec3].contains(record.type)
        }
        if records.contains(where: isProof) { records.removeAll(where: isProof) }
    }

    // MARK: Refreshing

    nonisolated(nonsending) private func answer(
        _ query: PipelineQuery, stale: CacheStore.Finding, _ next: Chain
    ) async -> Response {
        let counters = store.counters(for: query.serverLabel)
        switch (settings.stale?.refresh ?? .immediate, stale.refresh) {
        case (.immediate, .begin(let flight)):
            if refreshBeside(flight, query, next) { counters.prefetches.increment() }
        case (.verify(nil), .begin(let flight)):
            var question = query
            // One that was answered from less must not end what is known.
            question.isRecursionDesired = true
            let response = await ask(question, next, isRefresh: true)
            let isRefreshed = Self.isRefreshed(response)
            store.finish(flight, of: query, at: now, succeeded: isRefreshed)
            if isRefreshed { return response }
        case (.verify(let timeout?), .begin(let flight)):
            if refreshBeside(flight, query, next) {
                let clock = clock
                let timer = Task.detached {
                    await clock.sleep(timeout)
                    flight.finish()
                }
                await flight.wait()
                timer.cancel()
                if let response = await refreshed(query, next) { return response }
            }
        case (.verify, .join(let flight)):
            // A question that descends from another one may be what the refresh itself waits for.
            if query.depth == 0, await flight.wait(atMost: Self.waiterLimit) {
                if let response = await refreshed(query, next) { return response }
            }
        case (.immediate, .join), (_, .notYet), (_, .none), (_, .ahead):
            break
        }
        counters.servedStale.increment()
        return stale.response
    }

    /// What is known after a refresh; nil where that is still too old.
    nonisolated(nonsending) private func refreshed(_ query: PipelineQuery, _ next: Chain) async -> Response? {
        guard let finding = store.find(query, at: now, isFollowUp: true) else { return await ask(query, next) }
        guard case .none = finding.refresh, finding.response.code != .serverFailure else { return nil }
        return finding.response
    }

    /// Asks in a task of its own and keeps the answer.
    ///
    /// - Returns: false where too many such tasks run; the flight is then over.
    private func refreshBeside(_ flight: RefreshFlight, _ query: PipelineQuery, _ next: Chain) -> Bool {
        guard refreshCount.begin(atMost: Self.refreshLimit) else {
            store.finish(flight, of: query, at: now, succeeded: true)
            return false
        }
        var question = query
        // Cookies and the like are between the asker and us.
        question.edns?.options = []
        question.isRecursionDesired = true
        Task.detached { [self, question] in
            let response = await ask(question, next, isRefresh: true)
            store.finish(flight, of: question, at: now, succeeded: Self.isRefreshed(response))
            refreshCount.end()
        }
        return true
    }

    /// Only these answers take the place of what is too old (RFC 8767 §4).
    private static func isRefreshed(_ response: Response) -> Bool {
        (response.code == .noError || response.code == .nxDomain) && !response.isTruncated && !response.isSilent
            && response.failure == nil
    }
}

/// How many refreshes run, and who waits for there being none.
private final class RefreshCount: Sendable {
    private struct State: Sendable {
        var count = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func begin(atMost limit: Int) -> Bool {
        state.withLock { state in
            guard state.count < limit else { return false }
            state.count += 1
            return true
        }
    }

    func end() {
        let waiting = state.withLock { state in
            state.count -= 1
            defer { if state.count == 0 { state.waiting = [] } }
            return state.count == 0 ? state.waiting : []
        }
        for continuation in waiting { continuation.resume() }
    }

    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.waiting.append(continuation) }
                return state.count == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
