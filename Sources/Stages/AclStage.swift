import Corefile
import DNS
import Pipeline
import Registry
import Synchronization
import Telemetry

/// `acl`: refuses, empties or drops questions by zone, type and client.
package final class AclStage: Stage {
    package var directive: String { AclSettings.directive }
    package var passesReadyAnswers: Bool { false }

    private struct Policy {
        let action: AclSettings.Action
        let types: Set<RecordType>?
        let networks: AclNetworks?
    }

    private struct Rule {
        let zones: [DomainName]
        let policies: [Policy]
    }

    private let rules: [Rule]
    private let counters: AclCounters

    package init(_ settings: AclSettings, metrics: Metrics) {
        rules = settings.rules.map { rule in
            Rule(
                zones: rule.zones,
                policies: rule.policies.map {
                    Policy(action: $0.action, types: $0.types, networks: $0.networks.map(AclNetworks.init))
                })
        }
        counters = AclCounters(metrics)
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        if let refusal = refusal(of: query) { return refusal }
        counters.count(.allow, server: query.serverLabel, zone: nil)
        return await next.respond(to: query)
    }

    /// The answer to a question that is not let through; nil for one that is.
    ///
    /// Also asked by `rewrite`, so that a name which must not be asked for is not reached by way of another.
    func refusal(of query: PipelineQuery) -> Response? {
        for rule in rules {
            guard let zone = rule.zones.closest(to: query.name), let action = action(rule.policies, query) else {
                continue
            }
            guard action != .allow else { return nil }
            counters.count(action, server: query.serverLabel, zone: zone)
            return Self.response(action)
        }
        return nil
    }

    private func action(_ policies: [Policy], _ query: PipelineQuery) -> AclSettings.Action? {
        policies.first { policy in
            (policy.types?.contains(query.type) ?? true) && (policy.networks?.contains(query.client.address) ?? true)
        }?.action
    }

    private static func response(_ action: AclSettings.Action) -> Response {
        var response = Response(action == .block ? .refused : .noError)
        response.source = AclSettings.directive
        switch action {
        case .allow: break
        // Blocked and Filtered (RFC 8914 §4.16, §4.18).
        case .block: response.extendedError = ExtendedError(ExtendedErrorCode(rawValue: 15))
        case .filter: response.extendedError = ExtendedError(ExtendedErrorCode(rawValue: 17))
        case .drop: response.isSilent = true
        }
        return response
    }
}

/// A set of addresses, made of networks: sorted ranges that do not touch, searched by halves.
struct AclNetworks: Sendable {
    private let v4: [ClosedRange<UInt32>]
    private let v6: [ClosedRange<UInt128>]

    init(_ networks: [AclSettings.Network]) {
        v4 = Self.merged(
            networks.filter { $0.family == .ipv4 }.map {
                UInt32(truncatingIfNeeded: $0.range.lowerBound)...UInt32(truncatingIfNeeded: $0.range.upperBound)
            })
        v6 = Self.merged(networks.filter { $0.family == .ipv6 }.map(\.range))
    }

    func contains(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let value): Self.contains(value, in: v4)
        case .v6(let value):
            // An IPv4 client of a socket of both families.
            address.isIPv4Mapped
                ? Self.contains(UInt32(truncatingIfNeeded: value), in: v4) : Self.contains(value, in: v6)
        }
    }

    private static func merged<Number: FixedWidthInteger>(_ ranges: [ClosedRange<Number>]) -> [ClosedRange<Number>] {
        var merged: [ClosedRange<Number>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, last.upperBound == .max || range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    private static func contains<Number: FixedWidthInteger>(_ value: Number, in ranges: [ClosedRange<Number>]) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }
}

/// The counters of `acl`, by server and zone; made when they are first needed.
private final class AclCounters: Sendable {
    private struct Key: Hashable {
        let action: AclSettings.Action
        let server: String
        let zone: DomainName?
    }

    private struct State {
        var counters: [Key: Counter] = [:]
        /// Of what is let through, by server: few, and asked for by every query.
        var allowed: [(server: String, counter: Counter)] = []
    }

    private let metrics: Metrics
    private let state = Mutex(State())

    init(_ metrics: Metrics) {
        self.metrics = metrics
    }

    func count(_ action: AclSettings.Action, server: String, zone: DomainName?) {
        counter(action, server: server, zone: zone).increment()
    }

    private func counter(_ action: AclSettings.Action, server: String, zone: DomainName?) -> Counter {
        state.withLock { state in
            if action == .allow {
                if let known = state.allowed.first(where: { $0.server == server }) { return known.counter }
                let counter = make(action, server, nil)
                state.allowed.append((server, counter))
                return counter
            }
            let key = Key(action: action, server: server, zone: zone)
            if let known = state.counters[key] { return known }
            let counter = make(action, server, zone)
            state.counters[key] = counter
            return counter
        }
    }

    private func make(_ action: AclSettings.Action, _ server: String, _ zone: DomainName?) -> Counter {
        var labels = [(name: "server", value: server)]
        if let zone { labels.append((name: "zone", value: zone.description)) }
        labels.append((name: "view", value: ""))
        let (name, help) =
            switch action {
            case .allow: ("allowed", "Counter of DNS requests being allowed.")
            case .block: ("blocked", "Counter of DNS requests being blocked.")
            case .filter: ("filtered", "Counter of DNS requests being filtered.")
            case .drop: ("dropped", "Counter of DNS requests being dropped.")
            }
        return metrics.counter("coredns_acl_\(name)_requests_total", help, Labels(labels))
    }
}
