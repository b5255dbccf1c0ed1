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
        /// Those of the same name and labels that their makers keep, the newest last.
        case ownGauges([OwnGauge])
        case histogram(Histogram)

        /// Without gauges whose makers are gone; nil where none is left.
        var kept: Value? {
            guard case .ownGauges(let gauges) = self else { return self }
            let kept = gauges.filter { $0.gauge != nil }
            return kept.isEmpty ? nil : .ownGauges(kept)
        }
    }

    private struct OwnGauge: Sendable {
        weak let gauge: Gauge?
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

    /// A gauge of the caller's own, told for as long as the caller keeps it: of several with the name and labels the one
    /// made last, so that a configuration that is refused leaves the numbers of the one that stays.
    package func ownGauge(_ name: String, _ help: String, _ labels: Labels = Labels()) -> Gauge {
        let gauge = Gauge()
        state.withLock { state in
            var family = state.families[name, default: Family(kind: Kind.gauge.rawValue, help: help)]
            // Labels come and go with configurations, whether or not anybody reads metrics.
            family.values = family.values.compactMapValues(\.kept)
            switch family.values[labels] {
            case nil: family.values[labels] = .ownGauges([OwnGauge(gauge: gauge)])
            case .ownGauges(let others)?: family.values[labels] = .ownGauges(others + [OwnGauge(gauge: gauge)])
            case .counter?, .gauge?, .histogram?: break
            }
            state.families[name] = family
        }
        return gauge
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
        // Configurations come and go, whether or not anybody reads metrics.
        _ = keptCollectors()
        state.withLock { $0.collectors.append(made) }
    }

    /// The collectors whose owners are there; the others are forgotten.
    private func keptCollectors() -> [Collector] {
        // Let go of behind the lock: an owner whose last holder this is may tell metrics of its end, and so may what a
        // collector keeps.
        var owners: [any AnyObject & Sendable] = []
        var former: [Collector] = []
        return state.withLock { state in
            state.collectors.removeAll { collector in
                guard let owner = collector.owner else {
                    former.append(collector)
                    return true
                }
                owners.append(owner)
                return false
            }
            return state.collectors
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
        for collector in keptCollectors() { collector.collect() }
        let (families, samplers) = state.withLock { ($0.families, $0.samplers) }
        var texts: [(name: String, text: String)] = []
        for (name, family) in families {
            let lines = family.values.sorted { $0.key < $1.key }.map { labels, value in
                switch value {
                case .counter(let counter): "\(name)\(labels) \(counter.value)\n"
                case .gauge(let gauge): "\(name)\(labels) \(Self.text(of: gauge.value))\n"
                case .ownGauges(let gauges):
                    gauges.lazy.compactMap(\.gauge).last.map { "\(name)\(labels) \(Self.text(of: $0.value))\n" } ?? ""
                case .histogram(let histogram): histogram.text(name: name, labels: labels)
                }
            }.joined()
            if !lines.isEmpty { texts.append((name, Self.head(name, family.kind, family.help) + lines)) }
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
