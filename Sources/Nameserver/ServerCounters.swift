import DNS
import Pipeline
import Synchronization
import Telemetry

/// What all listeners of the process count together, for `Metrics`.
package final class ServerCounters: Sendable {
    private struct State: Sendable {
        var live: [ObjectIdentifier: QueryCounters] = [:]
        /// What responders that are gone had counted.
        var retired = CounterTotals()
        var statuses: [StatusKey: UInt64] = [:]
        var queues: [ObjectIdentifier: any WatchedQueue] = [:]
        /// Datagrams that the queues of sockets that are gone had dropped.
        var retiredDrops: UInt64 = 0
    }

    private struct StatusKey: Hashable {
        let label: String
        let status: Int
    }

    private let state = Mutex(State())
    private let connections: [Transport: ConnectionCount]
    private let underWay: QueriesUnderWay

    init(underWay: QueriesUnderWay, connections: [Transport: ConnectionCount]) {
        self.underWay = underWay
        self.connections = connections
    }

    /// Counters for one thread.
    func make(proto: String) -> QueryCounters {
        let made = QueryCounters(proto: proto)
        state.withLock { $0.live[ObjectIdentifier(made)] = made }
        return made
    }

    /// Takes over what counters have that nobody will use any more.
    func retire(_ counters: QueryCounters) {
        state.withLock { state in
            state.live[ObjectIdentifier(counters)] = nil
            counters.add(to: &state.retired)
        }
    }

    /// Watches a socket's queue until `retire`.
    func watch(_ queue: any WatchedQueue) { state.withLock { $0.queues[ObjectIdentifier(queue)] = queue } }

    func retire(_ queue: any WatchedQueue) {
        state.withLock { state in
            guard state.queues.removeValue(forKey: ObjectIdentifier(queue)) != nil else { return }
            state.retiredDrops &+= UInt64(queue.dropped)
        }
    }

    /// What the kernel has dropped, and the number of sources that are limited now.
    private var queues: (dropped: UInt64, limited: Int) {
        state.withLock { state in
            state.queues.values.reduce((state.retiredDrops, 0)) {
                ($0.0 &+ UInt64($1.dropped), $0.1 + $1.limitedSourceCount)
            }
        }
    }

    /// Answers over HTTPS, by the status of HTTP.
    func count(httpStatus status: Int, label: String, _ number: Int) {
        state.withLock { $0.statuses[StatusKey(label: label, status: status), default: 0] += UInt64(clamping: number) }
    }

    /// Has `metrics` show all that is counted here. To be called once.
    package func expose(in metrics: Metrics) {
        metrics.sample { [self] in families() }
    }

    /// The number of connections that are open.
    package func connectionCount(_ transport: Transport) -> Int { connections[transport]?.value ?? 0 }

    func totals() -> CounterTotals {
        state.withLock { state in
            var totals = state.retired
            for counters in state.live.values { counters.add(to: &totals) }
            return totals
        }
    }

    // MARK: Families

    private typealias Layout = QueryCounters.Layout

    private func families() -> [SampledFamily] {
        let totals = totals()
        let blocks = totals.blocks.filter { $0.value.contains { $0 > 0 } }.sorted {
            ($0.key.block.label, $0.key.proto) < ($1.key.block.label, $1.key.proto)
        }
        return [
            Self.requests(blocks), Self.sizes(blocks, isRequest: true), Self.sizes(blocks, isRequest: false),
            Self.durations(blocks), Self.dnssec(blocks), Self.responses(totals), statusFamily(),
        ] + ownFamilies(totals)
    }

    private typealias Blocks = [(key: CounterTotals.Key, value: [UInt64])]

    private static func labels(_ block: QueryCounters.BlockKey, _ others: [(name: String, value: String)]) -> Labels {
        Labels([(name: "server", value: block.label), ("zone", block.zone), ("view", "")] + others)
    }

    private static func requests(_ blocks: Blocks) -> SampledFamily {
        var values: [Labels: SampledFamily.Value] = [:]
        for (key, cells) in blocks {
            for family in 0..<Layout.families {
                for type in 0..<CountedType.count {
                    let count = cells[Layout.requests + family * CountedType.count + type]
                    guard count > 0 else { continue }
                    let labels = labels(
                        key.block,
                        [
                            (name: "proto", value: key.proto), (name: "family", value: "\(family + 1)"),
                            (name: "type", value: CountedType.names[type]),
                        ])
                    values[labels] = .count(count)
                }
            }
        }
        return SampledFamily(
            "coredns_dns_requests_total", .counter, "Counter of DNS requests made per zone, protocol and family.",
            values)
    }

    private static func sizes(_ blocks: Blocks, isRequest: Bool) -> SampledFamily {
        var values: [Labels: SampledFamily.Value] = [:]
        let first = isRequest ? Layout.requestSizes : Layout.responseSizes
        let sum = isRequest ? Layout.requestBytes : Layout.responseBytes
        for (key, cells) in blocks {
            values[labels(key.block, [(name: "proto", value: key.proto)])] = .histogram(
                bounds: SizeBucket.bounds, counts: Array(cells[first..<(first + SizeBucket.count)]),
                sum: Double(cells[sum]))
        }
        return isRequest
            ? SampledFamily(
                "coredns_dns_request_size_bytes", .histogram, "Size of the DNS requests in bytes.", values)
            : SampledFamily(
                "coredns_dns_response_size_bytes", .histogram, "Size of the returned response in bytes.", values)
    }

    /// Per block, both protocols together.
    private static func summed(_ blocks: Blocks) -> [QueryCounters.BlockKey: [UInt64]] {
        Dictionary(
            blocks.map { ($0.key.block, $0.value) }, uniquingKeysWith: { zip($0, $1).map { $0 &+ $1 } })
    }

    private static func durations(_ blocks: Blocks) -> SampledFamily {
        var values: [Labels: SampledFamily.Value] = [:]
        for (block, cells) in summed(blocks) {
            values[labels(block, [])] = .histogram(
                bounds: Metrics.timeBuckets,
                counts: Array(cells[Layout.durations..<(Layout.durations + TimeBucket.count)]),
                sum: Double(cells[Layout.nanoseconds]) / 1e9)
        }
        return SampledFamily(
            "coredns_dns_request_duration_seconds", .histogram,
            "Histogram of the time (in seconds) each request took per zone.", values)
    }

    private static func dnssec(_ blocks: Blocks) -> SampledFamily {
        var values: [Labels: SampledFamily.Value] = [:]
        for (block, cells) in summed(blocks) where cells[Layout.dnssecOK] > 0 {
            values[labels(block, [])] = .count(cells[Layout.dnssecOK])
        }
        return SampledFamily(
            "coredns_dns_do_requests_total", .counter, "Counter of DNS requests with DO bit set per zone.", values)
    }

    private static func responses(_ totals: CounterTotals) -> SampledFamily {
        var sums: [Labels: UInt64] = [:]
        for (key, count) in totals.codes where count > 0 {
            let own = [(name: "rcode", value: key.code.label), (name: "plugin", value: key.source)]
            sums[labels(key.block, own), default: 0] &+= count
        }
        return SampledFamily(
            "coredns_dns_responses_total", .counter, "Counter of response status codes.",
            sums.mapValues(SampledFamily.Value.count))
    }

    private func statusFamily() -> SampledFamily {
        let statuses = state.withLock { $0.statuses }
        return SampledFamily(
            "coredns_dns_https_responses_total", .counter, "Counter of DoH responses per server and http status code.",
            Dictionary(
                statuses.map { key, count in
                    (Labels([(name: "server", value: key.label), ("status", "\(key.status)")]), .count(count))
                }, uniquingKeysWith: { first, _ in first }))
    }

    private func ownFamilies(_ totals: CounterTotals) -> [SampledFamily] {
        func labelled(_ name: String, _ values: [String: UInt64]) -> [Labels: SampledFamily.Value] {
            Dictionary(
                values.map { (Labels([(name: name, value: $0.key)]), .count($0.value)) },
                uniquingKeysWith: { first, _ in first })
        }
        let queues = queues
        let limited = [QueryCounters.Drop.rateLimit, .rateLimitCut, .rateLimitReported].reduce(UInt64(0)) {
            $0 &+ (totals.drops[$1.rawValue] ?? 0)
        }
        return [
            SampledFamily(
                "swiftlet_dns_queue_dropped_total", .counter,
                "Datagrams that the kernel dropped: for want of room in a queue, or beyond the share of a flooding source.",
                [Labels(): .count(queues.dropped)]),
            SampledFamily(
                "swiftlet_dns_limited_sources", .gauge,
                "Sources of which less is taken than they send, since queues run full, summed over sockets.",
                [Labels(): .number(Double(queues.limited))]),
            SampledFamily(
                "coredns_rrl_responses_exceeded_total", .counter, "Counter of responses exceeding QPS limit.",
                limited > 0 ? [Labels(): .count(limited)] : [:]),
            SampledFamily(
                "swiftlet_dns_answers_total", .counter,
                "Answers by where they came from: the table of ready-made ones, the cache without its stage (both of counted server "
                    + "blocks only), or the stages.",
                labelled(
                    "from",
                    [
                        "table": totals.readyAnswers, "cache": totals.keptAnswers, "stages": totals.pipelineAnswers,
                    ])),
            SampledFamily(
                "swiftlet_dns_drops_total", .counter, "Queries without a proper answer, by cause.",
                labelled("cause", totals.drops)),
            SampledFamily(
                "swiftlet_dns_queries_under_way", .gauge, "Queries that wait for a stage.",
                [Labels(): .number(Double(underWay.count))]),
            SampledFamily(
                "swiftlet_dns_connections", .gauge, "Connections that are open.",
                Dictionary(
                    connections.map { transport, count in
                        (
                            Labels([(name: "transport", value: transport.rawValue)]),
                            .number(Double(count.value))
                        )
                    }, uniquingKeysWith: { first, _ in first })),
        ]
    }
}
