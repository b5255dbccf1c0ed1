import Registry

/// The slices of a Service that selects Pods: what has to be written so that they say what its Pods say.
///
/// Values in, values out; the rules of filling are those of Kubernetes' endpointslice controller, so that a Pod that
/// changes alters one slice and none is shuffled.
struct EndpointSlicePlan {
    static let maximumEndpoints = 100

    let service: EndpointService
    let pods: [EndpointPod]
    let nodes: NodeZones
    /// Whether a Pod on no node stands behind Services.
    let placesUnscheduledPods: Bool

    /// The changes of the slices there are; nothing where they are as they should be.
    func changes(of existing: [ManagedSlice]) -> SliceChanges {
        var changes = SliceChanges()
        let families = service.families
        for slice in existing where !families.contains(where: { $0.rawValue == slice.addressType }) {
            changes.deletes.append(slice)
        }
        // Once for each Pod, whatever families it has.
        let candidates = pods.map { Candidate(pod: $0, ports: service.ports(at: $0)) }
        for family in families {
            let ofFamily = existing.filter { $0.addressType == family.rawValue }.sorted { $0.name < $1.name }
            var part = self.changes(of: ofFamily, candidates, family: family)
            part.recycle(ownerUID: service.uid)
            changes.creates += part.creates
            changes.updates += part.updates
            changes.deletes += part.deletes
        }
        if service.isBeingDeleted { changes.creates = [] }
        return changes
    }

    private func changes(
        of existing: [ManagedSlice], _ candidates: [Candidate], family: IPFamily
    ) -> SliceChanges {
        var changes = SliceChanges()
        changes.deletes = existing.filter { $0.ownerUID != service.uid }
        let owned = Dictionary(grouping: existing.filter { $0.ownerUID == service.uid }) { Set($0.ports) }
        let desired = desiredGroups(of: candidates, family: family)
        for group in desired {
            var filling = SliceFilling(
                labels: ControllerLabels.ofSlices(service), family: family, ports: group.ports,
                existing: owned[Set(group.ports)] ?? [])
            filling.fill(with: group.endpoints)
            changes.creates += filling.changes.creates
            changes.updates += filling.changes.updates
            changes.deletes += filling.changes.deletes
        }
        let wanted = Set(desired.map { Set($0.ports) })
        for (ports, slices) in owned where !wanted.contains(ports) {
            changes.deletes += slices.sorted { $0.name < $1.name }
        }
        changes.deletes.sort { $0.name < $1.name }
        if existing.count == changes.deletes.count, changes.creates.isEmpty { keepPlaceholder(&changes, family) }
        return changes
    }

    /// Leaves an empty slice where there would be none, so that the Service is seen to have no endpoints.
    private func keepPlaceholder(_ changes: inout SliceChanges, _ family: IPFamily) {
        let placeholder = SliceContent(
            labels: ControllerLabels.ofSlices(service), annotations: nil, addressType: family, ports: [],
            endpoints: [])
        if changes.deletes.count == 1, let slice = changes.deletes.first, slice.ownerUID == service.uid,
            slice.ports.isEmpty, slice.endpoints.isEmpty, slice.labels == placeholder.labels
        {
            changes.deletes = []
        } else {
            changes.creates.append(placeholder)
        }
    }

    // MARK: Endpoints

    /// A Pod that is selected, with the Service's ports at it.
    private struct Candidate {
        let pod: EndpointPod
        let ports: [SlicePort]
    }

    private struct Group {
        let ports: [SlicePort]
        var endpoints: [SliceEndpoint]
    }

    /// The endpoints by the ports that they have, in the order of the ports' first Pod.
    private func desiredGroups(of candidates: [Candidate], family: IPFamily) -> [Group] {
        var groups: [Group] = []
        var places: [Set<SlicePort>: Int] = [:]
        // Pods mostly have the same ports: the last answer is remembered.
        var last: (ports: [SlicePort], place: Int)?
        for candidate in candidates {
            guard let endpoint = endpoint(of: candidate.pod, family: family) else { continue }
            let ports = candidate.ports
            if let last, last.ports == ports {
                groups[last.place].endpoints.append(endpoint)
                continue
            }
            let place = places[Set(ports)] ?? groups.count
            if place == groups.count {
                places[Set(ports)] = place
                groups.append(Group(ports: ports, endpoints: []))
            }
            groups[place].endpoints.append(endpoint)
            last = (ports, place)
        }
        return groups
    }

    /// What a Pod is in slices of a family; nil where it takes no part in them.
    private func endpoint(of pod: EndpointPod, family: IPFamily) -> SliceEndpoint? {
        guard pod.isEndpoint else { return nil }
        let nodeName = pod.content.nodeName
        let isPlaced = nodeName.isEmpty ? placesUnscheduledPods : nodes.isKnown(nodeName)
        guard isPlaced || service.publishesNotReadyAddresses else { return nil }
        let addresses = pod.addresses(of: family)
        guard !addresses.isEmpty else { return nil }
        let isTerminating = pod.content.isBeingDeleted
        let isReady = service.publishesNotReadyAddresses || (pod.content.isReady && !isTerminating)
        var endpoint = SliceEndpoint(
            addresses: addresses, isReady: isReady, isServing: pod.content.isReady, isTerminating: isTerminating)
        endpoint.hostname = pod.hostname(under: service)
        endpoint.nodeName = nodeName
        endpoint.zone = nodes.zone(of: nodeName)
        endpoint.target = SliceEndpoint.Target(pod)
        if isReady { addHints(to: &endpoint) }
        return endpoint
    }

    private func addHints(to endpoint: inout SliceEndpoint) {
        switch service.trafficDistribution {
        case "PreferClose", "PreferSameZone":
            if !endpoint.zone.isEmpty { endpoint.hintedZones = [endpoint.zone] }
        case "PreferSameNode":
            if !endpoint.zone.isEmpty { endpoint.hintedZones = [endpoint.zone] }
            if !endpoint.nodeName.isEmpty { endpoint.hintedNodes = [endpoint.nodeName] }
        default:
            break
        }
    }
}

/// The nodes there are, and the zone that each stands in.
struct NodeZones: Sendable {
    private var zones: [String: String] = [:]

    init(_ zones: [String: String] = [:]) {
        self.zones = zones
    }

    func isKnown(_ node: String) -> Bool { zones[node] != nil }

    /// The zone of a node; empty where it has none.
    func zone(of node: String) -> String { zones[node] ?? "" }

    /// Notes a node's zone, or by nil that it is gone; true where that is news.
    mutating func set(_ node: String, zone: String?) -> Bool {
        guard zones[node] != zone else { return false }
        zones[node] = zone
        return true
    }
}
