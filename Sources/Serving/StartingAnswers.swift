import ClusterServing
import ClusterZone
import DNS
import KeptState
import Pipeline
import Registry

/// Answers from the state that an earlier process left, while the zone of all of it is still being made.
///
/// A zone of its own, made of what the questions need: the objects behind a name are found in the state and published
/// before the name is looked up, so answers are those that the whole zone will give. Not for ServiceImports.
actor StartingAnswers {
    /// What has been published; to be asked after `prepare`.
    nonisolated let zones: PublishedZones
    private let publisher: ZonePublisher
    private let state: KeptState
    private let settings: ClusterZoneSettings
    /// How many Services are tried for a name that exists by any of them.
    private static let mostOwners = 64
    private let namespaces: Set<String>
    private var services: Set<NamespacedName> = []
    private var namespacesOfPods: Set<String> = []
    private var knowsOwnAddresses = false
    /// Made when an address is asked for.
    private var addresses: KeptAddresses?

    /// nil where the state does not tell of everything that names are made of.
    init?(_ state: KeptState, settings: ClusterZoneSettings) {
        let selection = settings.selection
        guard !selection.includesImports, state.kinds.isSuperset(of: selection.kinds) else { return nil }
        self.state = state
        self.settings = settings
        namespaces = Set(
            (state.namespaces().map(\.key) + state.later.keys.filter { $0.kind == .namespace }).map(\.id.name))
        publisher = ZonePublisher(settings: settings)
        zones = publisher.zones
    }

    /// Publishes the names that do not depend on Services.
    func start() async {
        await publisher.start()
        let kinds = publisher.selection.kinds
        await publisher.apply(.snapshotBegins(kinds))
        await publisher.apply(.changes(state.namespaces().map { .put($0) }))
        await publisher.apply(.snapshotEnds(kinds))
        // What belongs to the Services that have changed stands beside.
        for change in state.later.values {
            guard let owner = change.owner else { continue }
            await publish(owner)
        }
        await publisher.apply(.changes(Array(state.later.values)))
    }

    /// Publishes what the answer to a name is made of.
    func prepare(_ name: DomainName) async {
        var next: DomainName? = name.lowercased
        for _ in 0...AliasChain.maximum {
            guard let name = next else { return }
            next = nil
            for apex in settings.forwardApexes where name.isWithin(apex) {
                next = await prepare(name, below: apex) ?? next
            }
            if settings.reverseApexes.contains(where: { name.isWithin($0) }), let network = ReverseNetwork(name) {
                await publish(servicesWith: network, of: name)
            }
        }
    }

    /// - Returns: the name that an alias leads to.
    private func prepare(_ name: DomainName, below apex: DomainName) async -> DomainName? {
        let labels = name.labels.dropLast(apex.labelCount).map { String(decoding: $0, as: UTF8.self) }
        switch labels.last {
        case "svc" where labels.count >= 3:
            let id = NamespacedName(namespace: labels[labels.count - 2], name: labels[labels.count - 3])
            return await publish(id)
        case "pod" where labels.count >= 2 && settings.podNames == .verified:
            await publish(podsOf: labels[labels.count - 2])
        case "svc", "pod": break
        default: await publishOwnServices()
        }
        return nil
    }

    /// How many Services, and Namespaces for their Pods, have been asked for and are there.
    var askedCount: Int { services.count + namespacesOfPods.count }

    /// - Returns: the name that the Service is an alias of.
    @discardableResult
    private func publish(_ service: NamespacedName) async -> DomainName? {
        let objects = state.objects(of: service)
        // Strangers ask for names without an end: those that do not exist are not remembered.
        if !objects.isEmpty, !services.contains(service) {
            await publisher.apply(.changes(objects.map { .put($0) }))
            services.insert(service)
        }
        let later = state.later[DiscoveryKey(.service, service)]
        let object: DiscoveryObject? = if case .put(let object) = later { object } else { objects.first }
        guard case .service(let service)? = object, case .alias(let text) = service.target else { return nil }
        return DomainName(text)?.lowercased
    }

    private func publish(podsOf namespace: String) async {
        guard !namespacesOfPods.contains(namespace) else { return }
        let pods = state.pods(in: namespace)
        guard !pods.isEmpty else { return }
        await publisher.apply(.changes(pods.map { .put($0) }))
        namespacesOfPods.insert(namespace)
    }

    private func publish(servicesWith network: ReverseNetwork, of name: DomainName) async {
        let known = knownAddresses()
        if network.isAddress {
            for service in known.owners(of: network.range.lowerBound) { await publish(service) }
        } else {
            // The names above addresses exist by any one of them; hardly ever is the first one none.
            for service in known.owners(in: network.range, atMost: Self.mostOwners) where !exists(name) {
                await publish(service)
            }
        }
    }

    private func exists(_ name: DomainName) -> Bool {
        guard let zone = zones.zone(of: name) else { return false }
        if case .nxDomain? = zones.answer(to: name, type: .ptr, in: zone) { return false }
        return true
    }

    /// The Services with this host among their endpoints name it as the zone's server.
    private func publishOwnServices() async {
        guard !knowsOwnAddresses else { return }
        let known = knownAddresses()
        for address in settings.localAddresses {
            for service in known.owners(of: address) { await publish(service) }
        }
        knowsOwnAddresses = true
    }

    private func knownAddresses() -> KeptAddresses {
        let known = addresses ?? KeptAddresses(of: state, in: namespaces)
        addresses = known
        return known
    }
}

extension DiscoveryChange {
    /// The Service whose names the object takes part in; nil where it is none's, or that is not known.
    fileprivate var owner: NamespacedName? {
        switch self {
        case .put(.endpointSlice(let slice)):
            NamespacedName(namespace: slice.id.namespace, name: slice.service)
        case .put(.service), .put(.endpoints), .delete: key.kind == .service || key.kind == .endpoints ? key.id : nil
        case .put: nil
        }
    }
}

/// The addresses below a name of `in-addr.arpa` (RFC 1035 §3.5) or `ip6.arpa` (RFC 3596 §2.5).
struct ReverseNetwork {
    let range: ClosedRange<IPAddress>
    /// Whether the name is that of a single address.
    let isAddress: Bool

    /// nil for names that no address lies at or below.
    init?(_ name: DomainName) {
        var labels = name.lowercased.labels.map { String(decoding: $0, as: UTF8.self) }
        guard labels.popLast() == "arpa", let tree = labels.popLast() else { return nil }
        switch tree {
        case "in-addr":
            guard labels.count <= 4, let (first, last) = Self.bounds(labels, radix: 10, digit: 8, width: 32) else {
                return nil
            }
            range = .v4(UInt32(truncatingIfNeeded: first))...(.v4(UInt32(truncatingIfNeeded: last)))
            isAddress = labels.count == 4
        case "ip6":
            guard labels.count <= 32, let (first, last) = Self.bounds(labels, radix: 16, digit: 4, width: 128) else {
                return nil
            }
            range = .v6(first)...(.v6(last))
            isAddress = labels.count == 32
        default: return nil
        }
    }

    /// - Parameters:
    ///   - labels: the least significant first, as names have them.
    ///   - digit: bits of each.
    private static func bounds(_ labels: [String], radix: Int, digit: Int, width: Int) -> (UInt128, UInt128)? {
        var first: UInt128 = 0
        for label in labels.reversed() {
            guard let value = UInt8(label, radix: radix), Int(value) < 1 << digit,
                String(value, radix: radix) == label
            else { return nil }
            first = first << UInt128(digit) | UInt128(value)
        }
        let rest = UInt128(width - labels.count * digit)
        first = rest >= 128 ? 0 : first << rest
        let mask = rest >= 128 ? UInt128.max : (1 << rest) - 1
        return (first, first | mask)
    }
}
