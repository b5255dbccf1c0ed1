import DNS
import Synchronization
import Telemetry

/// How an upstream is asked, as metrics name it.
enum UpstreamProtocol: String, Hashable, Sendable, CaseIterable {
    case udp
    case tcp
    case tls = "tcp-tls"
}

/// What is counted of one upstream, under CoreDNS's names.
final class UpstreamMetrics: Sendable {
    private let metrics: Metrics
    private let to: String
    private let durations = Mutex<[String: Histogram]>([:])
    private let reuses: [Counter]
    private let connections: [Counter]
    private let failedChecks: Counter
    private let ignored: [Counter]
    private let plainRetries: Counter
    private let strayRecords: Counter

    init(_ metrics: Metrics, to: String) {
        self.metrics = metrics
        self.to = to
        reuses = UpstreamProtocol.allCases.map { proto in
            metrics.counter(
                "coredns_proxy_conn_cache_hits_total", "Counter of connection cache hits per upstream and protocol.",
                ["proxy_name": "forward", "to": to, "proto": proto.rawValue])
        }
        connections = UpstreamProtocol.allCases.map { proto in
            metrics.counter(
                "coredns_proxy_conn_cache_misses_total",
                "Counter of connection cache misses per upstream and protocol.",
                ["proxy_name": "forward", "to": to, "proto": proto.rawValue])
        }
        failedChecks = metrics.counter(
            "coredns_proxy_healthcheck_failures_total", "Counter of the number of failed healthchecks.",
            ["proxy_name": "forward", "to": to])
        ignored = ReplyCheck.Cause.allCases.map { cause in
            metrics.counter(
                "swiftlet_forward_ignored_replies_total",
                "Messages from an upstream's address that answer no question of ours, by what is wrong with them.",
                ["to": to, "cause": cause.rawValue])
        }
        plainRetries = metrics.counter(
            "swiftlet_forward_edns_fallbacks_total", "Questions asked again without EDNS, which the upstream refused.",
            ["to": to])
        strayRecords = metrics.counter(
            "swiftlet_forward_stray_records_total",
            "Records dropped from upstreams' replies because the question does not lead to them.", ["to": to])
    }

    /// Notes an answer and how long it took.
    func observe(_ code: ResponseCode, _ duration: Duration) {
        let label = code.label
        let histogram = durations.withLock { durations in
            if let known = durations[label] { return known }
            let new = metrics.histogram(
                "coredns_proxy_request_duration_seconds", "Histogram of the time each request took.",
                buckets: Metrics.timeBuckets, ["proxy_name": "forward", "to": to, "rcode": label])
            durations[label] = new
            return new
        }
        histogram.observe(duration / .seconds(1))
    }

    func countReuse(_ proto: UpstreamProtocol) { reuses[proto.index].increment() }
    func countConnection(_ proto: UpstreamProtocol) { connections[proto.index].increment() }
    func countFailedCheck() { failedChecks.increment() }
    func countIgnored(_ cause: ReplyCheck.Cause) { ignored[cause.index].increment() }
    func countPlainRetry() { plainRetries.increment() }
    func countStrayRecords(_ count: Int) { strayRecords.increment(by: UInt64(count)) }
}

extension UpstreamProtocol {
    fileprivate var index: Int {
        switch self {
        case .udp: 0
        case .tcp: 1
        case .tls: 2
        }
    }
}

extension ReplyCheck.Cause {
    fileprivate var index: Int {
        switch self {
        case .short: 0
        case .id: 1
        case .query: 2
        case .opcode: 3
        case .question: 4
        case .letterCase: 5
        }
    }
}

/// What is counted of one `forward` line.
final class ForwardMetrics: Sendable {
    let brokenChecks: Counter
    let concurrencyRejects: Counter
    let sharedFlights: Counter
    let flightRejects: Counter

    /// - Parameters:
    ///   - from: the name of the line.
    ///   - to: its upstreams, joined by `+`.
    init(_ metrics: Metrics, from: String, to: String) {
        brokenChecks = metrics.counter(
            "coredns_forward_healthcheck_broken_total",
            "Counter of the number of complete failures of the healthchecks.", ["from": from, "to": to])
        concurrencyRejects = metrics.counter(
            "coredns_forward_max_concurrent_rejects_total",
            "Counter of the number of queries rejected because the concurrent queries were at maximum.")
        sharedFlights = metrics.counter(
            "swiftlet_forward_shared_flights_total",
            "Questions that waited for the answer to the same question, already under way.")
        flightRejects = BoundMetrics.rejects(metrics, bound: "equal")
    }
}

/// What is counted of the bounds on questions under way.
final class BoundMetrics: Sendable {
    let underWay: Gauge
    private let all: Counter
    private let client: Counter

    init(_ metrics: Metrics) {
        underWay = metrics.gauge("swiftlet_forward_questions", "Questions under way to upstreams.")
        all = Self.rejects(metrics, bound: "all")
        client = Self.rejects(metrics, bound: "client")
    }

    func countReject(_ bound: QuestionLimits.Bound) {
        switch bound {
        case .all: all.increment()
        case .client: client.increment()
        }
    }

    fileprivate static func rejects(_ metrics: Metrics, bound: String) -> Counter {
        metrics.counter(
            "swiftlet_forward_rejects_total", "Questions refused because of our own bounds.", ["bound": bound])
    }
}
