import DNS
import Synchronization
import Telemetry

/// The counters of a cache, by the server that asks it; names and labels are CoreDNS's.
final class CacheMetrics: Sendable {
    private let metrics: Metrics
    private let zones: String
    private let view: String
    private let known = Mutex<[String: CacheCounters]>([:])

    init(_ metrics: Metrics, zones: [DomainName], view: String) {
        self.metrics = metrics
        self.zones = zones.map(\.description).joined(separator: ",")
        self.view = view
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
        successEntries = metrics.gauge("coredns_cache_entries", entries, typed("success"))
        denialEntries = metrics.gauge("coredns_cache_entries", entries, typed("denial"))
        bytes = metrics.gauge("swiftlet_cache_bytes", "The estimated memory of the cache's entries.", labels)
    }

    func show(_ counts: (success: Int, denial: Int, bytes: Int)) {
        successEntries.set(Double(counts.success))
        denialEntries.set(Double(counts.denial))
        bytes.set(Double(counts.bytes))
    }
}
