import Registry

/// All objects that names are made of, compact, and how they were before the changes that names do not show yet.
struct ClusterState: Sendable {
    private(set) var namespaces: Set<String> = []
    var services = ServiceTable()
    var imports = ServiceTable()
    var pods: PodNames
    /// The kinds that have been listed to the end at least once.
    private(set) var complete: Set<DiscoveryKind> = []
    private let holdsEndpoints: Bool
    private let holdsPods: Bool
    private let holdsImports: Bool
    /// Namespaces that have changed, with whether they existed before.
    private var formerNamespaces: [String: Bool] = [:]
    /// Objects of kinds that are being listed, and that the list has not come to.
    private var unseen: [DiscoveryKind: Set<NamespacedName>] = [:]

    init(settings: ClusterZoneSettings) {
        pods = PodNames(settings: settings)
        holdsEndpoints = settings.answersEndpoints
        holdsPods = settings.podNames == .verified
        holdsImports = !settings.importApexes.isEmpty
        services.remembersEndpoints = false
        imports.remembersEndpoints = false
    }

    /// Takes one object as it is now, or as gone.
    mutating func apply(_ change: DiscoveryChange) {
        unseen[change.key.kind]?.remove(change.key.id)
        switch change {
        case .put(let object): put(object)
        case .delete(let key): remove(key)
        }
    }

    private mutating func put(_ object: DiscoveryObject) {
        switch object {
        case .namespace(let name):
            guard !namespaces.contains(name) else { return }
            remember(namespace: name)
            namespaces.insert(name)
        case .service(let service): services.set(service)
        case .serviceImport(let service): if holdsImports { imports.set(service) }
        case .endpointSlice(let slice):
            guard holdsEndpoints else { return }
            let namespace = slice.id.namespace
            services.set(slice, of: Self.owner(namespace, slice.service))
            if holdsImports, !slice.sourceCluster.isEmpty || !slice.importedService.isEmpty {
                imports.set(slice, of: Self.owner(namespace, slice.sourceCluster.isEmpty ? "" : slice.importedService))
            } else if holdsImports {
                imports.removeSlice(slice.id)
            }
        case .endpoints(let id, let slices): if holdsEndpoints { services.setMirrored(slices, of: id) }
        case .pod(let pod): if holdsPods { pods.set(pod, namespace: shared(pod.id.namespace)) }
        }
    }

    private mutating func remove(_ key: DiscoveryKey) {
        switch key.kind {
        case .namespace:
            guard namespaces.contains(key.id.name) else { return }
            remember(namespace: key.id.name)
            namespaces.remove(key.id.name)
        case .service: services.removeService(key.id)
        case .serviceImport: imports.removeService(key.id)
        case .endpointSlice:
            services.removeSlice(key.id)
            imports.removeSlice(key.id)
        case .endpoints: services.setMirrored([], of: key.id)
        case .pod: pods.remove(key.id)
        }
    }

    /// nil for a slice that belongs to no Service, which takes part in nothing.
    private static func owner(_ namespace: String, _ service: String) -> NamespacedName? {
        service.isEmpty ? nil : NamespacedName(namespace: namespace, name: service)
    }

    /// The same text in memory that is held already, where there is.
    private func shared(_ namespace: String) -> String {
        namespaces.firstIndex(of: namespace).map { namespaces[$0] } ?? namespace
    }

    private mutating func remember(namespace: String) {
        if formerNamespaces[namespace] == nil { formerNamespaces[namespace] = namespaces.contains(namespace) }
    }

    /// The Namespaces that have come or gone since this was last asked.
    mutating func takeToggledNamespaces() -> Set<String> {
        defer { formerNamespaces = [:] }
        return Set(formerNamespaces.filter { $0.value != namespaces.contains($0.key) }.keys)
    }

    // MARK: Lists

    /// The kinds that are being listed.
    var listed: Set<DiscoveryKind> { Set(unseen.keys) }

    /// A list of a kind begins: whatever it does not come to will be gone at its end.
    mutating func beginList(of kind: DiscoveryKind) {
        unseen[kind] =
            switch kind {
            case .namespace: Set(namespaces.map { NamespacedName(namespace: "", name: $0) })
            case .service: Set(services.ids)
            case .serviceImport: Set(imports.ids)
            case .endpointSlice: Set(services.sliceIDs).union(imports.sliceIDs)
            case .endpoints: Set(services.mirroredIDs)
            case .pod: Set(pods.ids)
            }
    }

    /// The list is complete; one that has not begun removes nothing.
    mutating func endList(of kind: DiscoveryKind) {
        for id in unseen.removeValue(forKey: kind) ?? [] { remove(DiscoveryKey(kind, id)) }
        complete.insert(kind)
    }
}
