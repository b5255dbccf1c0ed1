import Corefile
import DNS
import Glibc
import Pipeline
import Synchronization

/// The memory of a cache: answers and denials in 256 shards, each with a lock of its own and bounds of its own.
///
/// `@unchecked Sendable`: the shards' memory lives as long as this object, and each is behind its lock.
final class CacheStore: @unchecked Sendable {
    /// What the cache knows of a question.
    struct Finding: Sendable {
        var response: Response
        var refresh: Refresh
    }

    /// Who brings an entry up to date.
    enum Refresh: Sendable {
        /// Nobody: its time is not over.
        case none
        /// The caller, beside answering: its time is not over yet. The caller must finish the flight.
        case ahead(RefreshFlight)
        /// The caller: its time is over. The caller must finish the flight.
        case begin(RefreshFlight)
        /// Somebody does already; its time is over.
        case join(RefreshFlight)
        /// Nobody yet: its time is over, and the last attempt failed a short while ago.
        case notYet
    }

    private struct State: ~Copyable, Sendable {
        var success: CacheTable
        var denial: CacheTable
        /// Refreshes under way.
        var flights: [UInt64: RefreshFlight] = [:]
        /// The counters of the servers that asked here, a few at most.
        var counters: [(server: String, counters: CacheCounters)] = []
    }

    /// One part of the memory, on cache lines of its own.
    private struct Shard: ~Copyable {
        let state: Mutex<State>
        private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)

        init(_ state: consuming sending State) {
            self.state = Mutex(state)
        }
    }

    static let shardCount = 256

    private let shards: UnsafeMutablePointer<Shard>
    private let seed = UInt64.random(in: .min ... .max)
    private let settings: CacheSettings
    private let metrics: CacheMetrics
    private let bytesPerShard: Int
    private let window: Int64
    private let prefetchGap: Int64
    private let recheck: Int64
    private let successCount = Atomic<Int>(0)
    private let denialCount = Atomic<Int>(0)
    private let byteCount = Atomic<Int>(0)

    /// - Parameter byteLimit: the estimated memory of all entries, in bytes; each shard has its part of it.
    init(_ settings: CacheSettings, metrics: CacheMetrics, byteLimit: Int) {
        self.settings = settings
        self.metrics = metrics
        bytesPerShard = max(0, byteLimit / Self.shardCount)
        window = settings.stale.map { Self.nanoseconds($0.window) } ?? 0
        prefetchGap = settings.prefetch.map { Self.nanoseconds($0.gap) } ?? 0
        recheck = settings.stale.map { Self.nanoseconds($0.failureRecheck) } ?? 0
        func capacity(_ limits: CacheSettings.Limits) -> Int { max(4, limits.capacity / Self.shardCount) }
        shards = .allocate(capacity: Self.shardCount)
        for index in 0..<Self.shardCount {
            (shards + index).initialize(
                to: Shard(
                    State(
                        success: CacheTable(capacity: capacity(settings.success)),
                        denial: CacheTable(capacity: capacity(settings.denial)))))
        }
    }

    deinit {
        shards.deinitialize(count: Self.shardCount)
        shards.deallocate()
    }

    static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : min(product, .max / 2) + attoseconds / 1_000_000_000
    }

    /// Numbers of entries and their estimated memory.
    var counts: (success: Int, denial: Int, bytes: Int) {
        (
            successCount.load(ordering: .relaxed), denialCount.load(ordering: .relaxed),
            byteCount.load(ordering: .relaxed)
        )
    }

    // MARK: Finding

    /// Looks for an answer; nil where none is known.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the cache's clock.
    ///   - isFollowUp: asked again after a refresh: nothing is counted, and no refresh begins.
    func find(_ query: PipelineQuery, at now: Int64, isFollowUp: Bool = false) -> Finding? {
        withKey(of: query) { name, hash -> Finding? in
            shards[Int(hash >> 56)].state.withLock { state in
                let entry = usable(query, name, hash, at: now, &state)
                if !isFollowUp {
                    let counters = counters(query.serverLabel, &state)
                    counters.requests.increment()
                    switch entry?.kind {
                    case nil: counters.misses.increment()
                    case .success: counters.successHits.increment()
                    case .denial, .failure: counters.denialHits.increment()
                    }
                }
                guard let entry else { return nil }
                return finding(entry, query, now, isFollowUp, &state.flights)
            }
        } ?? nil
    }

    /// The entry that answers: what is known of the name before a failure to find out.
    private func usable(
        _ query: PipelineQuery, _ name: UnsafeBufferPointer<UInt8>, _ hash: UInt64, at now: Int64,
        _ state: inout State
    ) -> CacheEntry? {
        var failure: CacheEntry?
        if let entry = state.denial[hash], matches(entry, query, name) {
            let left = entry.remaining(at: now)
            if entry.kind == .failure {
                if left > 0 { failure = entry }
            } else if isUsable(left) {
                return entry
            }
        }
        if let entry = state.success[hash], matches(entry, query, name), isUsable(entry.remaining(at: now)) {
            return entry
        }
        return failure
    }

    private func matches(
        _ entry: CacheEntry, _ query: PipelineQuery, _ name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        entry.key.type == query.type && entry.key.bits == Self.bits(of: query)
            && entry.key.recordClass == query.recordClass && Self.equals(name, entry.key.name.wire)
    }

    private func isUsable(_ left: Int64) -> Bool {
        left > 0 || (window > 0 && -left < window / 1_000_000_000)
    }

    private func finding(
        _ entry: CacheEntry, _ query: PipelineQuery, _ now: Int64, _ isFollowUp: Bool,
        _ flights: inout [UInt64: RefreshFlight]
    ) -> Finding {
        entry.isRecent = true
        let left = entry.remaining(at: now)
        guard left <= 0 else {
            let ttl = settings.keepsTTL ? entry.ttl : UInt32(clamping: left)
            var finding = Finding(response: entry.response(ttl: ttl, to: query), refresh: .none)
            if !isFollowUp, let prefetch = settings.prefetch, entry.kind != .failure {
                entry.hits = now &- entry.lastHit > prefetchGap ? 1 : entry.hits &+ 1
                entry.lastHit = now
                let threshold = (Int64(entry.ttl) * Int64(prefetch.percentage) + 99) / 100
                if entry.hits >= prefetch.amount, left <= threshold, flights[entry.hash] == nil {
                    let flight = RefreshFlight()
                    flights[entry.hash] = flight
                    finding.refresh = .ahead(flight)
                }
            }
            return finding
        }
        var response = entry.response(ttl: settings.stale?.responseTTL ?? 0, to: query)
        response.extendedError = ExtendedError(entry.code == .nxDomain ? .staleNXDomain : .staleAnswer)
        if isFollowUp { return Finding(response: response, refresh: .notYet) }
        if let flight = flights[entry.hash] { return Finding(response: response, refresh: .join(flight)) }
        if now < entry.refreshAfter { return Finding(response: response, refresh: .notYet) }
        let flight = RefreshFlight()
        flights[entry.hash] = flight
        return Finding(response: response, refresh: .begin(flight))
    }

    // MARK: Storing

    /// Keeps an answer, and forgets what it contradicts.
    func store(_ response: Response, _ verdict: CacheVerdict, to query: PipelineQuery, at now: Int64) {
        let isKept =
            switch verdict.kind {
            case .success: !settings.uncachedSuccess.contains { query.name.isWithin($0) }
            case .denial, .failure: !settings.uncachedDenial.contains { query.name.isWithin($0) }
            }
        withKey(of: query) { _, hash in
            var entry = isKept ? entry(response, verdict, to: query, hash: hash, at: now) : nil
            // One answer must not drive out a whole shard.
            let isTooBig = entry.map { $0.bytes > bytesPerShard / 4 } ?? false
            if isTooBig { entry = nil }
            change(hash, of: query) { state, counters in
                if isTooBig { counters.drops.increment() }
                insert(entry, verdict.kind, hash, at: now, &state, counters)
            }
        }
    }

    /// Forgets what is known of a question and too old.
    func removeExpired(_ query: PipelineQuery, at now: Int64) {
        withKey(of: query) { _, hash in
            change(hash, of: query) { state, _ in
                if let entry = state.success[hash], entry.remaining(at: now) <= 0 { state.success.remove(hash) }
                if let entry = state.denial[hash], entry.remaining(at: now) <= 0 { state.denial.remove(hash) }
            }
        }
    }

    /// Changes the entries of a shard, and counts them anew.
    private func change(_ hash: UInt64, of query: PipelineQuery, _ body: (inout State, CacheCounters) -> Void) {
        shards[Int(hash >> 56)].state.withLock { state in
            let counters = counters(query.serverLabel, &state)
            let before = (state.success.entries.count, state.denial.entries.count)
            let bytesBefore = state.success.bytes + state.denial.bytes
            body(&state, counters)
            successCount.wrappingAdd(state.success.entries.count - before.0, ordering: .relaxed)
            denialCount.wrappingAdd(state.denial.entries.count - before.1, ordering: .relaxed)
            byteCount.wrappingAdd(state.success.bytes + state.denial.bytes - bytesBefore, ordering: .relaxed)
            counters.show(self.counts)
        }
    }

    private func entry(
        _ response: Response, _ verdict: CacheVerdict, to query: PipelineQuery, hash: UInt64, at now: Int64
    ) -> CacheEntry {
        let key = CacheKey(
            name: query.name.lowercased, type: query.type, recordClass: query.recordClass, bits: Self.bits(of: query))
        return CacheEntry(hash: hash, key: key, verdict: verdict, response: response, stored: now)
    }

    private func insert(
        _ entry: CacheEntry?, _ kind: CacheVerdict.Kind, _ hash: UInt64, at now: Int64, _ state: inout State,
        _ counters: CacheCounters
    ) {
        if kind == .failure, let known = state.denial[hash], known.kind == .denial, isUsable(known.remaining(at: now)) {
            // A failure to find out takes nothing away from what is known.
            return
        }
        let old = state.success[hash] ?? state.denial[hash]
        if kind != .failure {
            if kind != .success || entry == nil { state.success.remove(hash) }
            if kind != .denial || entry == nil { state.denial.remove(hash) }
        }
        guard let entry else { return }
        if let old {
            entry.hits = old.hits
            entry.lastHit = old.lastHit
        }
        if kind == .success {
            counters.successEvictions.increment(by: UInt64(state.success.insert(entry)))
        } else {
            counters.denialEvictions.increment(by: UInt64(state.denial.insert(entry)))
        }
        while state.success.bytes + state.denial.bytes > bytesPerShard {
            // The kind that has more gives.
            if state.success.bytes >= state.denial.bytes {
                guard state.success.evictOne(at: now, sparing: hash) else { return }
                counters.successEvictions.increment()
            } else {
                guard state.denial.evictOne(at: now, sparing: hash) else { return }
                counters.denialEvictions.increment()
            }
        }
    }

    /// Ends a refresh: others may begin the next one, after a failure not before the recheck time is over.
    func finish(_ flight: RefreshFlight, of query: PipelineQuery, at now: Int64, succeeded: Bool) {
        withKey(of: query) { _, hash in
            shards[Int(hash >> 56)].state.withLock { state in
                if state.flights[hash] === flight { state.flights[hash] = nil }
                guard !succeeded, recheck > 0 else { return }
                state.success[hash]?.refreshAfter = now &+ recheck
                state.denial[hash]?.refreshAfter = now &+ recheck
            }
        }
        flight.finish()
    }

    func counters(for server: String) -> CacheCounters { metrics.counters(for: server) }

    // MARK: Keys

    private static func bits(of query: PipelineQuery) -> CacheKey.Bits {
        var bits: CacheKey.Bits = []
        if query.isDNSSECOK { bits.insert(.isDNSSECOK) }
        if query.isCheckingDisabled { bits.insert(.isCheckingDisabled) }
        return bits
    }

    /// Calls `body` with the name in lower case and with the hash of name, type, class and bits.
    ///
    /// The hash is seeded anew in each process, so that nobody outside can make names collide.
    private func withKey<Value>(
        of query: PipelineQuery, _ body: (UnsafeBufferPointer<UInt8>, UInt64) -> Value
    ) -> Value? {
        let wire = query.name.wire
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * NameKey.maximumWords) { memory in
            guard let words = memory.baseAddress, wire.count <= 8 * NameKey.maximumWords else { return nil }
            memory.initialize(repeating: 0)
            let spelled = UnsafeMutableRawPointer(words + NameKey.maximumWords)
            spelled.copyMemory(from: wire, byteCount: wire.count)
            _ = NameKey.make(spelled, length: wire.count, seed: 0, into: words)
            let hash = hash(
                words, length: wire.count, type: query.type, recordClass: query.recordClass, bits: Self.bits(of: query))
            let bytes = UnsafeRawPointer(words).assumingMemoryBound(to: UInt8.self)
            return body(UnsafeBufferPointer(start: bytes, count: wire.count), hash)
        }
    }

    /// - Parameter words: the name as `NameKey.make` writes it.
    @inline(__always)
    private func hash(
        _ words: UnsafePointer<UInt64>, length: Int, type: RecordType, recordClass: RecordClass, bits: CacheKey.Bits
    ) -> UInt64 {
        var hash = seed
        var index = 0
        while index << 3 < length {
            hash = NameKey.mixed(hash, words[index])
            index &+= 1
        }
        let rest =
            UInt64(truncatingIfNeeded: length) << 40 | UInt64(type.rawValue) << 24 | UInt64(recordClass.rawValue) << 8
            | UInt64(bits.rawValue)
        return NameKey.mixed(NameKey.mixed(hash, rest), seed)
    }

    // MARK: Giving

    /// Writes a kept answer behind its question; nil where the stage must be asked.
    ///
    /// - Parameters: as of `KeptAnswerReader.take`, and `now`, nanoseconds of the cache's clock.
    func take(
        _ question: KeptQuestion, at now: Int64, into target: UnsafeMutableRawPointer, room: Int,
        kinds: ReadyPassage.Kinds, order: UInt64?
    ) -> KeptAnswer? {
        var bits: CacheKey.Bits = []
        if question.isDNSSECOK { bits.insert(.isDNSSECOK) }
        if question.isCheckingDisabled { bits.insert(.isCheckingDisabled) }
        let hash = hash(
            question.words, length: question.nameLength, type: question.type, recordClass: .internet, bits: bits)
        let key = WireAnswer.KeptKey(hash: hash, type: question.type, bits: bits)
        return shards[Int(hash >> 56)].state.withLock { state in
            guard let wire = state.success.wires.find(hash) ?? state.denial.wires.find(hash),
                wire.matches(key, question), kinds.contains(wire.kind)
            else { return nil }
            let left = wire.remaining(at: now)
            // What is too old the stage gives, or brings up to date.
            guard left > 0 else { return nil }
            let ttl = settings.keepsTTL ? wire.ttl : UInt32(clamping: left)
            guard let answer = wire.write(to: target, room: room, ttl: ttl, order: order) else { return nil }
            if !wire.isRecent { wire.isRecent = true }
            return answer
        }
    }

    /// How one thread counts what it gives by itself.
    func makeTally(server: String) -> KeptTally { metrics.makeTally(server) }

    private static func equals(_ lhs: UnsafeBufferPointer<UInt8>, _ rhs: [UInt8]) -> Bool {
        rhs.withUnsafeBufferPointer { rhs in
            guard lhs.count == rhs.count, let left = lhs.baseAddress, let right = rhs.baseAddress else { return false }
            return memcmp(left, right, rhs.count) == 0
        }
    }

    /// The counters of a server, kept in the shard so that no second lock is taken.
    private func counters(_ server: String, _ state: inout State) -> CacheCounters {
        if let first = state.counters.first(where: { $0.server == server }) { return first.counters }
        let counters = metrics.counters(for: server)
        if state.counters.count < 8 { state.counters.append((server, counters)) }
        return counters
    }
}
