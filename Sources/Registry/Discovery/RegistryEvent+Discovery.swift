extension DiscoveryChange {
    /// What a change of the registry is to a reader with this selection; nil where it is nothing to names.
    package init?(_ change: ObjectChange, _ selection: DiscoverySelection) {
        switch change {
        case .delete(let key):
            guard let kind = DiscoveryKind(key.kind) else { return nil }
            self = .delete(DiscoveryKey(kind, key.id))
        case .put(let object):
            guard let kind = DiscoveryKind(object.kind) else { return nil }
            let key = DiscoveryKey(kind, object.metadata.id)
            guard selection.includes(key, labels: object.metadata.labels),
                let reduced = DiscoveryObject(object, selection)
            else {
                self = .delete(key)
                return
            }
            self = .put(reduced)
        }
    }
}

extension DiscoveryObject {
    /// nil for kinds that names are not made of, and for what takes no part: a Pod without an address.
    init?(_ object: RegistryObject, _ selection: DiscoverySelection) {
        switch object {
        case .namespace(let namespace): self = .namespace(namespace.metadata.name)
        case .service(let service): self = .service(DiscoveryService(service))
        case .endpointSlice(let slice): self = .endpointSlice(DiscoverySlice(slice, selection))
        case .endpoints(let endpoints):
            self = .endpoints(endpoints.metadata.id, endpoints.mirrored().map { DiscoverySlice($0, selection) })
        case .pod(let pod):
            guard let pod = DiscoveryPod(pod) else { return nil }
            self = .pod(pod)
        case .other: return nil
        }
    }
}

extension DiscoveryKind {
    /// nil for kinds that names are not made of.
    init?(_ kind: ObjectKind) {
        switch kind {
        case .namespace: self = .namespace
        case .service: self = .service
        case .endpointSlice: self = .endpointSlice
        case .endpoints: self = .endpoints
        case .pod: self = .pod
        case .node, .event, .ipAddress, .serviceCIDR, .lease: return nil
        }
    }
}

extension RegistryEvent {
    /// The event in the form of `DiscoveryEvent`: a snapshot is a list of all kinds, in parts of a thousand.
    package func discovery(_ selection: DiscoverySelection) -> [DiscoveryEvent] {
        switch self {
        case .changes(let changes, to: _):
            return [.changes(changes.compactMap { DiscoveryChange($0, selection) })]
        case .snapshot(let objects, at: _):
            let kinds = Set(DiscoveryKind.allCases)
            let parts = stride(from: 0, to: objects.count, by: 1000).map { start in
                DiscoveryEvent.changes(
                    objects[start..<min(start + 1000, objects.count)].compactMap {
                        DiscoveryChange(.put($0), selection)
                    })
            }
            return [.snapshotBegins(kinds)] + parts + [.snapshotEnds(kinds)]
        }
    }
}
