import Registry

/// A label with its value, in a Namespace.
struct LabelPair: Hashable, Sendable {
    let namespace: String
    let key: String
    let value: String
}

/// Services by what they select, so that the Services of a Pod are found without asking all.
///
/// Each stands under one pair of its selector, that with the fewest others: a Pod that the Service selects has all of
/// them, so looking under the Pod's own labels finds it.
struct ServiceIndex {
    private(set) var services: [NamespacedName: EndpointService] = [:]
    private var byPair: [LabelPair: Set<NamespacedName>] = [:]
    private var pairs: [NamespacedName: LabelPair] = [:]

    subscript(id: NamespacedName) -> EndpointService? { services[id] }

    mutating func set(_ service: EndpointService) {
        if services[service.id]?.selector != service.selector {
            dropPair(of: service.id)
            let namespace = service.id.namespace
            let candidates = service.selector.sorted { $0.key < $1.key }.map {
                LabelPair(namespace: namespace, key: $0.key, value: $0.value)
            }
            if let pair = candidates.min(by: { (byPair[$0]?.count ?? 0) < (byPair[$1]?.count ?? 0) }) {
                pairs[service.id] = pair
                byPair[pair, default: []].insert(service.id)
            }
        }
        services[service.id] = service
    }

    mutating func remove(_ id: NamespacedName) {
        dropPair(of: id)
        services[id] = nil
    }

    /// The Services of a Namespace that select what has these labels, and how many were looked at to find them.
    func selecting(
        _ labels: [String: String], in namespace: String
    ) -> (services: [NamespacedName], examined: Int) {
        var found: [NamespacedName] = []
        var examined = 0
        for (key, value) in labels {
            guard let candidates = byPair[LabelPair(namespace: namespace, key: key, value: value)] else { continue }
            examined += candidates.count
            found += candidates.filter { services[$0]?.selects(labels) == true }
        }
        return (found, examined)
    }

    private mutating func dropPair(of id: NamespacedName) {
        guard let pair = pairs.removeValue(forKey: id) else { return }
        byPair[pair]?.remove(id)
        if byPair[pair]?.isEmpty == true { byPair[pair] = nil }
    }
}
