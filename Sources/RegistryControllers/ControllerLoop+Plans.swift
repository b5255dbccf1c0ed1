import Registry

/// What each item makes the controllers write.
extension ControllerLoop {
    func writes(for item: WorkItem) async throws -> [ObjectWrite] {
        switch item {
        case .bootstrap:
            return ClusterBootstrap(settings: state.settings).writes
        case .service(let id):
            return state.endpoints.writes(
                forService: id, placesUnscheduledPods: state.settings.placesUnscheduledPods)
        case .mirror(let id):
            return try await mirrorWrites(id)
        case .namespace(let name):
            return try await namespaceWrites(name)
        case .dependent(let key):
            let dependents = state.owners.dependents(of: key)
            return [
                GarbageCollection.write(
                    dependent: key, hasDependents: dependents.areThere, isInCircle: dependents.isInCircle)
            ]
        case .owner(let key):
            return try await ownerWrites(key)
        case .pod(let id):
            return [PodExpiry.write(id)]
        case .event(let id):
            return [EventExpiry.write(id)]
        case .lease(let id):
            let now = now
            guard let sight = state.registrations[id], sight.end <= now else { return [] }
            return Registration(id: id, sight: sight).writes(at: now)
        }
    }

    private func mirrorWrites(_ id: NamespacedName) async throws -> [ObjectWrite] {
        let mirrors = state.endpoints.mirrors(of: id)
        let key = ObjectKey(.endpoints, id)
        let stored = state.endpoints.mirrorsEndpoints(id) ? try await store.object(key) : nil
        let plan = try stored.flatMap { MirrorPlan(try $0.document(), id: id) }
        let changes = plan?.changes(of: mirrors) ?? SliceChanges(deletes: mirrors)
        return SliceWriter(owner: key, ownerUID: plan?.uid ?? "", triggerTime: nil).writes(for: changes)
    }

    private func namespaceWrites(_ name: String) async throws -> [ObjectWrite] {
        guard let namespace = try await store.object(NamespaceRemoval.key(name)),
            try ObjectHeader(of: namespace)?.isBeingDeleted == true
        else { return [] }
        var writes: [ObjectWrite] = []
        var rest = NamespaceRest()
        var count = 0
        for kind in ObjectKind.allCases where kind.isNamespaced {
            try await forEachRecord(in: ObjectScope(kind, namespace: name)) { record in
                count += 1
                let header = try ObjectHeader(of: record)
                let isHeld = header?.isHeld == true
                if isHeld { try rest.add(record) }
                // Marked already, it is whoever's holds it.
                if isHeld, header?.isBeingDeleted == true { return }
                writes.append(NamespaceRemoval.write(removing: record.key))
            }
        }
        state.setContent(of: name, count: count)
        if count == 0 { return [NamespaceRemoval.write(finishing: name)] }
        if !rest.isEmpty { writes.append(NamespaceRemoval.write(reporting: rest, of: name)) }
        return writes
    }

    private func ownerWrites(_ key: ObjectKey) async throws -> [ObjectWrite] {
        guard let owner = try await store.object(key), let header = try ObjectHeader(of: owner),
            header.isBeingDeleted
        else { return [] }
        // A uid alone is easily claimed: from another Namespace, or for a kind that is not the owner's.
        let dependents = state.owners.dependents(of: owner.uid).filter { dependent in
            dependent.owners.contains { $0.uid == owner.uid && $0.key(from: dependent.key.id.namespace) == key }
        }
        if header.finalizers.contains(ObjectHeader.orphanFinalizer) {
            guard dependents.isEmpty else {
                return dependents.map { GarbageCollection.write(releasing: $0.key, from: owner.uid) }
            }
            return [GarbageCollection.write(ending: ObjectHeader.orphanFinalizer, of: key)]
        }
        guard header.finalizers.contains(ObjectHeader.foregroundFinalizer) else { return [] }
        for dependent in dependents where !dependent.isBeingDeleted {
            state.queue.add(.dependent(dependent.key), at: now)
        }
        let isHeld = dependents.contains { dependent in
            dependent.owners.contains { $0.uid == owner.uid && $0.blocksOwnerDeletion }
        }
        return isHeld ? [] : [GarbageCollection.write(ending: ObjectHeader.foregroundFinalizer, of: key)]
    }
}

extension ObjectHeader {
    /// Whether finalizers keep the object once its removal is asked for.
    fileprivate var isHeld: Bool { !finalizers.isEmpty }
}
