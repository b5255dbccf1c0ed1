import Registry

/// Who depends on whom, by `metadata.ownerReferences`, and which owners wait for their dependents.
struct OwnerGraph {
    struct Dependent: Hashable, Sendable {
        let key: ObjectKey
        let uid: String
        let owners: [OwnerReference]
        let isBeingDeleted: Bool
    }

    private var dependents: [ObjectKey: Dependent] = [:]
    private var byOwner: [String: Set<ObjectKey>] = [:]
    /// Owners that are being removed and do something about their dependents first, by uid.
    private var waiting: [String: ObjectKey] = [:]

    /// Takes an object in and plans what follows from it.
    ///
    /// - Parameters:
    ///   - header: What the object says of its owners; nil where it says nothing.
    ///   - isKnown: Whether an owner is known to be there.
    mutating func observe(
        _ object: ObservedObject, header: ObjectHeader?, queue: inout WorkQueue, now: Timestamp,
        isKnown: (_ owner: ObjectKey, _ uid: String) -> Bool
    ) {
        let key = object.key
        let uid = object.record.uid
        if object.isDeleted {
            drop(key, &queue, now)
            waiting[uid] = nil
            for dependent in byOwner[uid] ?? [] { queue.add(.dependent(dependent), at: now) }
            return
        }
        guard let header else {
            drop(key, &queue, now)
            waiting[uid] = nil
            return
        }
        let former = dependents[key]
        let dependent = Dependent(key: key, uid: uid, owners: header.owners, isBeingDeleted: header.isBeingDeleted)
        if dependent != former {
            if former?.owners != dependent.owners { drop(key, &queue, now) }
            if !dependent.owners.isEmpty {
                dependents[key] = dependent
                for owner in dependent.owners { byOwner[owner.uid, default: []].insert(key) }
            }
            let isOwned = dependent.owners.allSatisfy { owner in
                owner.key(from: key.id.namespace).map { isKnown($0, owner.uid) } ?? true
            }
            if !isOwned || dependent.owners.contains(where: { waiting[$0.uid] != nil }) {
                queue.add(.dependent(key), at: now)
            }
        }
        let waits = header.finalizers.contains {
            $0 == ObjectHeader.foregroundFinalizer || $0 == ObjectHeader.orphanFinalizer
        }
        if header.isBeingDeleted, waits {
            waiting[uid] = key
            queue.add(.owner(key), at: now)
        } else {
            waiting[uid] = nil
        }
    }

    /// The objects that name an owner of this uid.
    func dependents(of uid: String) -> [Dependent] { (byOwner[uid] ?? []).sorted().compactMap { dependents[$0] } }

    /// Whether an object that depends on others owns some itself, and whether one of those waits for it in turn.
    func dependents(of key: ObjectKey) -> (areThere: Bool, isInCircle: Bool) {
        guard let uid = dependents[key]?.uid, let own = byOwner[uid] else { return (false, false) }
        return (true, own.contains { waiting[dependents[$0]?.uid ?? ""] != nil })
    }

    /// Forgets an object; owners that wait for it look again.
    private mutating func drop(_ key: ObjectKey, _ queue: inout WorkQueue, _ now: Timestamp) {
        guard let former = dependents.removeValue(forKey: key) else { return }
        for owner in former.owners {
            byOwner[owner.uid]?.remove(key)
            if byOwner[owner.uid]?.isEmpty == true { byOwner[owner.uid] = nil }
            if let waiter = waiting[owner.uid] { queue.add(.owner(waiter), at: now) }
        }
    }
}
