import DNS
import Registry

/// The Kubernetes DNS schema: turns what happens in the registry into what becomes of names.
///
/// A value with one owner; no I/O and no clock. A change of one Service makes only that Service's names anew.
package struct ClusterZone: Sendable {
    package let settings: ClusterZoneSettings
    /// The Unix second of the last change that DNS could see; 0 before any.
    package private(set) var serial: UInt32 = 0
    private var state = RegistryState()
    private var names: [NamespacedName: [DomainName]] = [:]
    private var reverse: ReverseNames
    private var pods: PodNames
    private var apex: ApexNames
    /// The Services that have one of this host's addresses among their endpoints.
    private var ownServices: Set<NamespacedName> = []

    package init(settings: ClusterZoneSettings) {
        self.settings = settings
        reverse = ReverseNames(apexes: settings.reverseApexes, ttl: settings.ttl)
        pods = PodNames(settings: settings)
        apex = ApexNames(settings: settings)
    }

    /// The zones served: the cluster zone first, then the reverse zones.
    package var apexes: [DomainName] { [settings.apex] + settings.reverseApexes }

    /// The SOA record of one of the zones, as it is now.
    package func soa(of apex: DomainName) -> Record { self.apex.soa(of: apex, serial: serial) }

    /// The names that exist whatever the registry says.
    package func fixedChanges() -> [ZoneChange] { apex.changes(serial: serial, servers: servers()) }

    /// Takes an event of the registry.
    ///
    /// - Parameter now: the Unix time in seconds.
    /// - Returns: what becomes of names; empty where the event changes nothing that DNS could see.
    package mutating func apply(_ event: RegistryEvent, now: UInt32) -> [ZoneChange] {
        var touched = RegistryState.Touched()
        switch event {
        case .snapshot(let objects, _):
            state.replace(by: objects, touched: &touched)
        case .changes(let changes, _):
            for change in changes { state.apply(change, touched: &touched) }
        }
        guard !touched.isEmpty else { return [] }
        var changes: [ZoneChange] = []
        for namespace in touched.namespaces {
            changes += refreshNamespace(namespace, &touched)
        }
        for service in touched.services { changes += refreshService(service) }
        for pod in touched.pods { changes += refreshPod(pod) }
        guard !changes.isEmpty else { return [] }
        serial = max(serial, now)
        return changes + fixedChanges()
    }

    /// A Namespace that came or went takes everything in it along.
    private func refreshNamespace(_ namespace: String, _ touched: inout RegistryState.Touched) -> [ZoneChange] {
        touched.services.formUnion(state.services.keys.lazy.filter { $0.namespace == namespace })
        touched.services.formUnion(state.slices.keys.lazy.filter { $0.namespace == namespace })
        touched.pods.formUnion(state.pods.keys.lazy.filter { $0.namespace == namespace })
        let isPresent = state.namespaces.contains(namespace)
        return (settings.podNames == .disabled ? ["svc"] : ["svc", "pod"]).compactMap { label in
            DomainName(labels: [namespace, label], under: settings.apex).map {
                isPresent ? .set($0, zone: settings.apex, answers: []) : .remove($0)
            }
        }
    }

    private mutating func refreshService(_ id: NamespacedName) -> [ZoneChange] {
        var entries: [ServiceNames.Entry] = []
        var addresses: [IPAddress: ReverseNames.Contribution] = [:]
        var isOwn = false
        if state.namespaces.contains(id.namespace), let schema = ServiceNames(id, settings: settings) {
            let service = state.services[id]
            let endpoints = schema.endpoints(of: state.slices(of: id))
            if let service {
                entries = schema.entries(of: service, endpoints: endpoints)
                for address in service.virtualIPs { addresses[address, default: .init()].serviceName = schema.owner }
                isOwn =
                    !service.virtualIPs.isEmpty
                    && endpoints.contains { settings.localAddresses.contains($0.address) }
            }
            for endpoint in endpoints {
                addresses[endpoint.address, default: .init()].endpointNames.append(endpoint.name)
            }
        }
        if isOwn { ownServices.insert(id) } else { ownServices.remove(id) }
        let former = names[id] ?? []
        let current = entries.map(\.name)
        names[id] = current.isEmpty ? nil : current
        let kept = Set(current)
        return former.filter { !kept.contains($0) }.map { .remove($0) }
            + entries.map { .set($0.name, zone: settings.apex, answers: $0.answers) }
            + reverse.set(id, addresses)
    }

    private mutating func refreshPod(_ id: NamespacedName) -> [ZoneChange] {
        pods.set(id, state.namespaces.contains(id.namespace) ? state.pods[id] : nil)
    }

    private func servers() -> [(name: DomainName, addresses: [IPAddress])] {
        ownServices.sorted().compactMap { id in
            guard let service = state.services[id], let name = ServiceNames(id, settings: settings)?.owner else {
                return nil
            }
            return (name, service.virtualIPs)
        }
    }
}
