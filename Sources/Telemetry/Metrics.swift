import Synchronization

/// All metrics of the process, as Prometheus reads them (text exposition format 0.0.4).
///
/// A metric is made once, by whoever counts, and kept by it; counting is a few atomic operations and takes no lock.
package final class Metrics: Sendable {
    /// What Prometheus is told a metric is.
    package enum Kind: String, Sendable {
        case counter, gauge
    }

    private enum Value: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    private struct Family: Sendable {
        let kind: String
        let help: String
        var values: [Labels: Value] = [:]
    }

    private struct State: Sendable {
        var families: [String: Family] = [:]
        var collectors: [Collector] = []
        var samplers: [@Sendable () -> [SampledFamily]] = []
    }

    /// Who brings gauges up to date, for as long as it is there.
    private struct Collector: Sendable {
        weak let owner: (any AnyObject & Sendable)?
        let collect: @Sendable () -> Void
    }

    private let state = Mutex(State())

    package init() {}

    /// The counter of that name and labels; the same one for every caller.
    package func counter(_ name: String, _ help: String, _ labels: Labels = Labels()) -> Counter {
        value(name, "counter", help, labels, make: { Value.counter(Counter()) }) {
            if case .counter(let counter) = $0 { counter } else { nil }
        } ?? Counter()
    }

    /// A number that is set; told as a counter where it only grows, as one that is read elsewhere.
    package func gauge(_ name: String, _ help: String, _ labels: Labels = Labels(), kind: Kind = .gauge) -> Gauge {
        value(name, kind.rawValue, help, labels, make: { Value.gauge(Gauge()) }) {
            if case .gauge(let gauge) = $0 { gauge } else { nil }
        } ?? Gauge()
    }

    /// - Parameter buckets: upper bounds, ascending; the one of infinity is added.
    package func histogram(
        _ name: String, _ help: String, buckets: [Double], _ labels: Labels = Labels()
    ) -> Histogram {
        value(name, "histogram", help, labels, make: { Value.histogram(Histogram(buckets: buckets)) }) {
            if case .histogram(let histogram) = $0 { histogram } else { nil }
        } ?? Histogram(buckets: buckets)
    }

    /// Forgets a metric, as of a server block that is gone.
    package func remove(_ name: String, _ labels: Labels = Labels()) {
        state.withLock { $0.families[name]?.values[labels] = nil }
    }

    /// Has `collector` called before each exposition, to bring gauges up to date, until its owner, which is not kept, is
    /// gone.
    package func collect<Owner: AnyObject & Sendable>(
        of owner: Owner, _ collector: @escaping @Sendable (Owner) -> Void
    ) {
        let made = Collector(owner: owner) { [weak owner] in
            if let owner { collector(owner) }
        }
        // Let go of behind the lock: an owner whose last holder this is may tell metrics of its end.
        var owners: [any AnyObject & Sendable] = []
        state.withLock { state in
            // Configurations come and go, whether or not anybody reads metrics.
            state.collectors.removeAll { collector in
                guard let owner = collector.owner else { return true }
                owners.append(owner)
                return false
            }
            state.collectors.append(made)
        }
    }

    /// How many collectors there are, those of former owners included that nothing has come after.
    var collectorCount: Int { state.withLock(\.collectors.count) }

    /// Adds metrics that are counted elsewhere: `sampler` is asked for them at each exposition, on any thread.
    package func sample(_ sampler: @escaping @Sendable () -> [SampledFamily]) {
        state.withLock { $0.samplers.append(sampler) }
    }

    private func value<Metric>(
        _ name: String, _ kind: String, _ help: String, _ labels: Labels, make: () -> Value,
        as cast: (Value) -> Metric?
    ) -> Metric? {
        state.withLock { state in
            if let known = state.families[name]?.values[labels] { return cast(known) }
            let made = make()
            state.families[name, default: Family(kind: kind, help: help)].values[labels] = made
            return cast(made)
        }
    }

    /// Everything as text, families and labels in their order.
    package func text() -> String {
        for collector in state.withLock({ $0.collectors }) { collector.collect() }
        let (families, samplers) = state.withLock { ($0.families, $0.samplers) }
        var texts: [(name: String, text: String)] = []
        for (name, family) in families where !family.values.isEmpty {
            var text = Self.head(name, family.kind, family.help)
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
                switch value {
                case .counter(let counter): text += "\(name)\(labels) \(counter.value)\n"
                case .gauge(let gauge): text += "\(name)\(labels) \(Self.text(of: gauge.value))\n"
                case .histogram(let histogram): text += histogram.text(name: name, labels: labels)
                }
            }
            texts.append((name, text))
        }
        for family in samplers.flatMap({ $0() }) where !family.values.isEmpty {
            texts.append((family.name, Self.head(family.name, family.kind.rawValue, family.help) + family.lines))
        }
        return texts.sorted { $0.name < $1.name }.map(\.text).joined()
    }

    private static func head(_ name: String, _ kind: String, _ help: String) -> String {
        "# HELP \(name) \(Labels.escapedHelp(help))\n# TYPE \(name) \(kind)\n"
    }

    /// A number as Prometheus writes it: whole ones without a fraction.
    static func text(of number: Double) -> String {
        if let whole = Int64(exactly: number) { return "\(whole)" }
        return number.isInfinite ? (number < 0 ? "-Inf" : "+Inf") : "\(number)"
    }
}
