import DNS
import Synchronization
import Telemetry

/// The counters of a cache, by the server that asks it; names and labels are CoreDNS's.
final class CacheMetrics: Sendable {
    private let metrics: Metrics
    private let zones: String
    private let view: String
    private let known = Mutex<[String: CacheCounters]>([:])
    private let tallies = Mutex<[ObjectIdentifier: KeptTally]>([:])

    init(_ metrics: Metrics, zones: [DomainName], view: String) {
        self.metrics = metrics
        self.zones = zones.map(\.description).joined(separator: ",")
        self.view = view
        metrics.collect(of: self) { $0.settle() }
    }

    /// What one thread counts for a server; to be given back by `remove`.
    func makeTally(_ server: String) -> KeptTally {
        let tally = KeptTally(counters(for: server), self)
        tallies.withLock { $0[ObjectIdentifier(tally)] = tally }
        return tally
    }

    fileprivate func remove(_ tally: KeptTally) {
        tallies.withLock { tallies in
            tallies[ObjectIdentifier(tally)] = nil
            tally.settle()
        }
    }

    /// Brings the counters up to date with what threads have counted.
    private func settle() {
        tallies.withLock { tallies in
            for tally in tallies.values { tally.settle() }
        }
    }

    func counters(for server: String) -> CacheCounters {
        known.withLock { known in
            if let counters = known[server] { return counters }
            let counters = CacheCounters(metrics, server: server, zones: zones, view: view)
            known[server] = counters
            return counters
        }
    }
}

/// What one server counts of a cache.
final class CacheCounters: Sendable {
    let requests: Counter
    let misses: Counter
    let successHits: Counter
    let denialHits: Counter
    let successEvictions: Counter
    let denialEvictions: Counter
    let prefetches: Counter
    let drops: Counter
    let servedStale: Counter
    private let successEntries: Gauge
    private let denialEntries: Gauge
    private let bytes: Gauge

    init(_ metrics: Metrics, server: String, zones: String, view: String) {
        let labels: Labels = ["server": server, "zones": zones, "view": view]
        func typed(_ type: String) -> Labels { ["server": server, "type": type, "zones": zones, "view": view] }
        func counter(_ name: String, _ help: String, _ labels: Labels) -> Counter {
            metrics.counter("coredns_cache_\(name)", help, labels)
        }
        requests = counter("requests_total", "The count of cache requests.", labels)
        misses = counter(
            "misses_total", "The count of cache misses. Deprecated, derive misses from cache hits/requests counters.",
            labels)
        let hits = "The count of cache hits."
        successHits = counter("hits_total", hits, typed("success"))
        denialHits = counter("hits_total", hits, typed("denial"))
        let evictions = "The count of cache evictions."
        successEvictions = counter("evictions_total", evictions, typed("success"))
        denialEvictions = counter("evictions_total", evictions, typed("denial"))
        prefetches = counter(
            "prefetch_total", "The number of times the cache has prefetched a cached item.", labels)
        drops = counter(
            "drops_total", "The number responses that are not cached, because the reply is malformed.", labels)
        servedStale = counter(
            "served_stale_total", "The number of requests served from stale cache entries.", labels)
        let entries = "The number of elements in the cache."
        successEntries = metrics.ownGauge("coredns_cache_entries", entries, typed("success"))
        denialEntries = metrics.ownGauge("coredns_cache_entries", entries, typed("denial"))
        bytes = metrics.ownGauge("swiftlet_cache_bytes", "The estimated memory of the cache's entries.", labels)
    }

    func show(_ counts: (success: Int, denial: Int, bytes: Int)) {
        successEntries.set(Double(counts.success))
        denialEntries.set(Double(counts.denial))
        bytes.set(Double(counts.bytes))
    }
}

/// Hits that one thread counts in memory that it alone writes to: an increment is a load and a store.
///
/// `@unchecked Sendable`: the cells are atomics, written by one thread and read by any; what has been settled is behind
/// the lock of `CacheMetrics`.
final class KeptTally: @unchecked Sendable {
    private let counters: CacheCounters
    private let metrics: CacheMetrics
    /// Successes and denials, on a cache line of their own.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private var settled: (success: UInt64, denial: UInt64) = (0, 0)

    fileprivate init(_ counters: CacheCounters, _ metrics: CacheMetrics) {
        self.counters = counters
        self.metrics = metrics
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
        cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 2)
        for index in 0..<2 { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit { cells.deallocate() }

    @inline(__always)
    func count(isSuccess: Bool) {
        let cell = cells + (isSuccess ? 0 : 1)
        cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// No more is counted from here on.
    func end() { metrics.remove(self) }

    fileprivate func settle() {
        let (success, denial) = (cells[0].load(ordering: .relaxed), cells[1].load(ordering: .relaxed))
        counters.requests.increment(by: success &- settled.success &+ denial &- settled.denial)
        counters.successHits.increment(by: success &- settled.success)
        counters.denialHits.increment(by: denial &- settled.denial)
        settled = (success, denial)
    }
}
