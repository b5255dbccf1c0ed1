import Registry
import Telemetry

/// What is counted about following an API server; names of CoreDNS's where it counts the same.
struct RegistryMetrics: Sendable {
    private let metrics: Metrics
    private let host: String

    /// - Parameter host: The server's, as in its URL.
    init(_ metrics: Metrics, host: String) {
        self.metrics = metrics
        self.host = host
    }

    /// Those of Prometheus' own client.
    private static let seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// Counts a request by what came of it.
    ///
    /// - Parameters:
    ///   - code: nil where there was no answer.
    ///   - duration: until the head of the answer.
    func countRequest(code: Int?, duration: Duration) {
        metrics.counter(
            "coredns_kubernetes_rest_client_requests_total",
            "Number of HTTP requests, partitioned by status code, method, and host.",
            ["code": code.map { "\($0)" } ?? "<error>", "host": host, "method": "GET"]
        ).increment()
        metrics.histogram(
            "coredns_kubernetes_rest_client_request_duration_seconds",
            "Request latency in seconds. Broken down by verb and host.", buckets: Self.seconds,
            ["host": host, "verb": "GET"]
        ).observe(duration / .seconds(1))
    }

    func countRestart(_ kind: DiscoveryKind, _ cause: Reflector.Cause) {
        metrics.counter(
            "swiftlet_registry_watch_restarts_total", "Lists and watches that ended, by what ended them.",
            ["cause": cause.rawValue, "host": host, "kind": kind.resource]
        ).increment()
    }

    func countList(_ kind: DiscoveryKind) {
        metrics.counter(
            "swiftlet_registry_lists_total", "Lists that were begun, the first one included.",
            ["host": host, "kind": kind.resource]
        ).increment()
    }

    func countSkipped(_ kind: DiscoveryKind, _ cause: String) {
        metrics.counter(
            "swiftlet_registry_skipped_objects_total", "Objects that could not be used, each time they were told.",
            ["cause": cause, "host": host, "kind": kind.resource]
        ).increment()
    }

    func countCheck(_ kind: DiscoveryKind, disagrees: Bool) {
        metrics.counter(
            "swiftlet_registry_checks_total", "Comparisons of the number of objects with the API's.",
            ["host": host, "kind": kind.resource]
        ).increment()
        let disagreements = metrics.counter(
            "swiftlet_registry_check_disagreements_total", "Comparisons that led to a new list.",
            ["host": host, "kind": kind.resource])
        if disagrees { disagreements.increment() }
    }

    func objects(_ kind: DiscoveryKind) -> Gauge {
        metrics.ownGauge(
            "swiftlet_registry_objects", "Objects that are known and take part in answers.",
            ["host": host, "kind": kind.resource])
    }

    func countSave(failed: Bool) {
        metrics.counter(
            "swiftlet_registry_state_saves_total", "Times that the state was written to its file.",
            ["host": host, "result": failed ? "error" : "success"]
        ).increment()
    }

    /// Brings the gauges of the state up to date whenever metrics are read.
    func follow(_ status: RegistryStatus) {
        let age = metrics.ownGauge(
            "swiftlet_registry_state_age_seconds",
            "How long ago the state was last known to be the API's; -1 while there is none.", ["host": host])
        let sync = metrics.ownGauge(
            "swiftlet_registry_last_sync_timestamp_seconds", "When all of the state last came to agree with the API's.",
            ["host": host])
        let inSync = metrics.ownGauge(
            "swiftlet_registry_in_sync", "Whether every watch is open.", ["host": host])
        metrics.collect(of: status) { status in
            age.set(status.stateAge.map { $0 / .seconds(1) } ?? -1)
            sync.set(status.lastSync.map { Double($0.milliseconds) / 1000 } ?? 0)
            inSync.set(status.isInSync ? 1 : 0)
        }
    }
}
