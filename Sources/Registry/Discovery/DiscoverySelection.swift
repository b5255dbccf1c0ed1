/// What a zone wants to know of a cluster: the objects, and what is kept of them.
package struct DiscoverySelection: Hashable, Sendable {
    /// The only Namespaces that there are; nil for all.
    package var namespaces: Set<String>?
    /// Selects Namespaces by their labels; one that does not match is told as deleted.
    package var namespaceLabels: LabelSelector
    /// Selects Services, slices, Endpoints, Pods and ServiceImports by their labels.
    package var labels: LabelSelector
    /// Slices and Endpoints are told at all.
    package var includesEndpoints: Bool
    /// Pods are told at all.
    package var includesPods: Bool
    /// ServiceImports are told at all, and slices of them.
    package var includesImports: Bool
    /// Endpoints without a hostname go by the name of their Pod.
    package var namesEndpointsByPod: Bool
    /// Endpoints keep the zone that they are in.
    package var keepsZones: Bool

    package init(
        namespaces: Set<String>? = nil, namespaceLabels: LabelSelector = LabelSelector(),
        labels: LabelSelector = LabelSelector(), includesEndpoints: Bool = true, includesPods: Bool = true,
        includesImports: Bool = false, namesEndpointsByPod: Bool = false, keepsZones: Bool = false
    ) {
        self.namespaces = namespaces
        self.namespaceLabels = namespaceLabels
        self.labels = labels
        self.includesEndpoints = includesEndpoints
        self.includesPods = includesPods
        self.includesImports = includesImports
        self.namesEndpointsByPod = namesEndpointsByPod
        self.keepsZones = keepsZones
    }

    /// The kinds that a cluster's API has to be asked for. Endpoints are not among them: a cluster mirrors them into
    /// slices.
    package var kinds: Set<DiscoveryKind> {
        var kinds: Set<DiscoveryKind> = [.namespace, .service]
        if includesEndpoints { kinds.insert(.endpointSlice) }
        if includesPods { kinds.insert(.pod) }
        if includesImports { kinds.insert(.serviceImport) }
        return kinds
    }

    /// Whether objects of a Namespace are wanted.
    package func includes(namespace: String) -> Bool { namespaces?.contains(namespace) ?? true }

    /// Whether an object of a kind is wanted.
    package func includes(_ key: DiscoveryKey, labels: [String: String]) -> Bool {
        let namespace = key.kind == .namespace ? key.id.name : key.id.namespace
        guard includes(namespace: namespace) else { return false }
        return switch key.kind {
        case .namespace: namespaceLabels.matches(labels)
        case .service: self.labels.matches(labels)
        case .endpointSlice, .endpoints: includesEndpoints && self.labels.matches(labels)
        case .pod: includesPods && self.labels.matches(labels)
        case .serviceImport: includesImports && self.labels.matches(labels)
        }
    }
}
