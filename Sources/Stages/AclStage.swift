import Corefile
import DNS
import Pipeline
import Registry
import Synchronization
import Telemetry

/// `acl`: refuses, empties or drops questions by zone, type and client.
package final class AclStage: Stage {
    package var directive: String { AclSettings.directive }

    fileprivate struct Policy {
        let action: AclSettings.Action
        let types: Set<RecordType>?
        let networks: AddressRanges?
    }

    fileprivate struct Rule {
        let zones: [DomainName]
        let policies: [Policy]
    }

    fileprivate let rules: [Rule]
    fileprivate let counters: AclCounters

    package init(_ settings: AclSettings, metrics: Metrics) {
        rules = settings.rules.map { rule in
            Rule(
                zones: rule.zones,
                policies: rule.policies.map {
                    Policy(action: $0.action, types: $0.types, networks: $0.networks.map(AddressRanges.init(_:)))
                })
        }
        counters = AclCounters(metrics)
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        if let refusal = refusal(of: query) { return refusal }
        counters.count(.allow, server: query.serverLabel, zone: nil)
        var question = query
        question.access = self
        var response = await next.respond(to: question)
        response.dependsOnAsker = response.dependsOnAsker || isPersonal(query.name)
        return response
    }

    /// Whether what is answered to a name goes by the client.
    private func isPersonal(_ name: DomainName) -> Bool {
        rules.contains { rule in
            rule.policies.contains { $0.networks != nil } && rule.zones.contains { name.isWithin($0) }
        }
    }

    /// The answer to a question that is not let through; nil for one that is.
    private func refusal(of query: PipelineQuery) -> Response? {
        guard let (action, zone) = verdict(on: query.name, query), action != .allow else { return nil }
        counters.count(action, server: query.serverLabel, zone: zone)
        return Self.response(action)
    }

    /// What the first rule says that applies, and by which of its zones; nil where none does.
    private func verdict(on name: DomainName, _ query: PipelineQuery) -> (AclSettings.Action, zone: DomainName)? {
        for rule in rules {
            guard let zone = rule.zones.closest(to: name), let action = action(rule.policies, query) else { continue }
            return (action, zone)
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
        // Even where all are refused: a refusal is not kept.
        response.dependsOnAsker = true
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

extension AclStage: AccessRules {
    package func verdict(
        onTarget name: DomainName, of query: PipelineQuery
    ) -> (isAllowed: Bool, dependsOnAsker: Bool) {
        ((verdict(on: name, query)?.0 ?? .allow) == .allow, isPersonal(name))
    }
}

extension AddressRanges {
    convenience init(_ networks: [AclSettings.Network]) {
        self.init(
            v4: networks.filter { $0.family == .ipv4 }.map {
                UInt32(truncatingIfNeeded: $0.range.lowerBound)...UInt32(truncatingIfNeeded: $0.range.upperBound)
            }, v6: networks.filter { $0.family == .ipv6 }.map(\.range))
    }
}

extension AclStage {
    /// Answers to clients that may ask for every name of a zone, whatever type is left once the types that are refused
    /// to somebody are held.
    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        let rules = rules.filter { $0.zones.overlap(zone) }
        let policies = rules.flatMap(\.policies)
        for policy in policies where policy.action != .allow { passage.heldTypes.formUnion(policy.types ?? []) }
        let networks = policies.compactMap(\.networks)
        let v4 = Self.ranges(networks.flatMap(\.v4)) { Self.isAllowed(.v4($0), rules, zone) }
        let v6 = Self.ranges(networks.flatMap(\.v6)) { Self.isAllowed(.v6($0), rules, zone) }
        passage.clients = [AddressRanges(v4: v4, v6: v6)]
        passage.counts = [
            { [counters] server, number in counters.count(.allow, server: server, zone: nil, by: number) }
        ]
        return passage
    }

    /// Whether a client is refused nothing, but for types that a policy names.
    private static func isAllowed(_ client: IPAddress, _ rules: [Rule], _ zone: DomainName) -> Bool {
        for rule in rules {
            for policy in rule.policies where policy.networks?.contains(client) ?? true {
                guard policy.types == nil else { continue }
                guard policy.action == .allow else { return false }
                // No further rule counts where this one is for all names.
                if rule.zones.contains(where: { zone.isWithin($0) }) { return true }
                break
            }
        }
        return true
    }

    /// The addresses that are let through, tried between the bounds of all networks.
    private static func ranges<Number: FixedWidthInteger>(
        _ networks: [ClosedRange<Number>], where isAllowed: (Number) -> Bool
    ) -> [ClosedRange<Number>] {
        let starts = Set([0] + networks.flatMap { [$0.lowerBound, $0.upperBound == .max ? 0 : $0.upperBound + 1] })
            .sorted()
        return zip(starts, starts.dropFirst().map { $0 - 1 } + [Number.max]).compactMap { start, end in
            isAllowed(start) ? start...end : nil
        }
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

    func count(_ action: AclSettings.Action, server: String, zone: DomainName?, by number: UInt64 = 1) {
        counter(action, server: server, zone: zone).increment(by: number)
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
