import ClusterZone
import Registry
import Telemetry

/// How long it takes from a change of endpoints to the names that show it, by the sort of Service.
///
/// CoreDNS counts headless Services with a selector only; the other sorts stand beside it under the same name.
package struct ProgrammingLatency: Sendable {
    private let histograms: [ServiceSort: Histogram]
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: the clock of the registry, whose times are compared with it.
    package init(metrics: Metrics, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.now = now
        // From 1 ms, each bound twice the one before, as CoreDNS has it.
        let buckets = (0..<20).map { 0.001 * Double(1 << $0) }
        histograms = Dictionary(
            uniqueKeysWithValues: ServiceSort.allCases.map { sort in
                (
                    sort,
                    metrics.histogram(
                        "coredns_kubernetes_dns_programming_duration_seconds",
                        "Histogram of the time (in seconds) it took to program a dns instance.", buckets: buckets,
                        ["service_kind": sort.rawValue])
                )
            })
    }

    func observe(_ changes: [ProgrammedChange]) {
        guard !changes.isEmpty else { return }
        let now = now()
        for change in changes {
            let (difference, isOverflow) = now.milliseconds.subtractingReportingOverflow(change.trigger.milliseconds)
            // Clocks of two machines may disagree.
            guard !isOverflow else { continue }
            histograms[change.sort]?.observe(Double(max(0, difference)) / 1000)
        }
    }
}
