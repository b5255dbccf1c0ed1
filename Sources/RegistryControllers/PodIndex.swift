import Registry

/// Pods by their labels and nodes, so that the Pods of a Service are found without asking all.
struct PodIndex {
    private var pods: [NamespacedName: EndpointPod] = [:]
    private var byPair: [LabelPair: [String: EndpointPod]] = [:]
    private var byNode: [String: Set<NamespacedName>] = [:]

    subscript(id: NamespacedName) -> EndpointPod? { pods[id] }

    mutating func set(_ pod: EndpointPod) {
        if let former = pods[pod.id] {
            for pair in Self.pairs(of: former) where former.labels[pair.key] != pod.labels[pair.key] {
                drop(former, from: pair)
            }
            dropNode(of: former, unless: pod.content.nodeName)
        }
        pods[pod.id] = pod
        for pair in Self.pairs(of: pod) { byPair[pair, default: [:]][pod.id.name] = pod }
        if !pod.content.nodeName.isEmpty { byNode[pod.content.nodeName, default: []].insert(pod.id) }
    }

    mutating func remove(_ id: NamespacedName) {
        guard let former = pods.removeValue(forKey: id) else { return }
        for pair in Self.pairs(of: former) { drop(former, from: pair) }
        dropNode(of: former, unless: "")
    }

    /// The Pods that a Service selects, in no order. Looks at those only that have the rarest label of its selector.
    func selected(by service: EndpointService) -> [EndpointPod] {
        var rarest: [String: EndpointPod]?
        for (key, value) in service.selector {
            let pair = LabelPair(namespace: service.id.namespace, key: key, value: value)
            guard let pods = byPair[pair] else { return [] }
            if rarest.map({ pods.count < $0.count }) ?? true { rarest = pods }
        }
        guard let rarest else { return [] }
        guard service.selector.count > 1 else { return Array(rarest.values) }
        return rarest.values.filter { service.selects($0.labels) }
    }

    /// The Pods on a node.
    func pods(on node: String) -> [EndpointPod] { (byNode[node] ?? []).compactMap { pods[$0] } }

    private static func pairs(of pod: EndpointPod) -> [LabelPair] {
        pod.labels.map { LabelPair(namespace: pod.id.namespace, key: $0.key, value: $0.value) }
    }

    private mutating func drop(_ pod: EndpointPod, from pair: LabelPair) {
        byPair[pair]?[pod.id.name] = nil
        if byPair[pair]?.isEmpty == true { byPair[pair] = nil }
    }

    private mutating func dropNode(of pod: EndpointPod, unless node: String) {
        let former = pod.content.nodeName
        guard !former.isEmpty, former != node else { return }
        byNode[former]?.remove(pod.id)
        if byNode[former]?.isEmpty == true { byNode[former] = nil }
    }
}
