import Registry

/// What becomes of objects whose owners go, as Kubernetes' garbage collector has it.
enum GarbageCollection {
    /// Removes an object that has no owner left, and takes from others the references to owners that are gone.
    ///
    /// - Parameters:
    ///   - hasDependents: Whether the object owns others, which go before it where its own owner waits for it.
    ///   - isInCircle: Whether one of those waits for it in turn, so that it must not be waited for any longer.
    static func write(dependent key: ObjectKey, hasDependents: Bool, isInCircle: Bool) -> ObjectWrite {
        ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            var document = try stored.document()
            let header = ObjectHeader(of: document)
            guard !header.isBeingDeleted, !header.owners.isEmpty else { return .keep }
            let states = try header.owners.map { try state(of: $0, for: key, in: transaction) }
            let isOwned = states.contains(.present)
            guard isOwned else {
                guard states.contains(.goesAfterDependents), hasDependents else {
                    return try ObjectRemoval.decision(for: stored, now: transaction.now)
                }
                // It goes as its owner does: after those that depend on it.
                if isInCircle {
                    let references = document["metadata"]?.list("ownerReferences") ?? []
                    document["metadata"]?["ownerReferences"] = .array(references.map(\.withoutBlocking))
                }
                let finalizers = header.finalizers + [ObjectHeader.foregroundFinalizer]
                document["metadata"]?["finalizers"] = .array(finalizers.map { .string($0) })
                document["metadata"]?["deletionTimestamp"] = .string(transaction.now.text)
                document["metadata"]?["deletionGracePeriodSeconds"] = .integer(0)
                return .put(document)
            }
            let references = document["metadata"]?.list("ownerReferences") ?? []
            let kept = zip(references, states).filter { $0.1 == .present }.map(\.0)
            guard kept.count < references.count else { return .keep }
            document["metadata"]?["ownerReferences"] = .array(kept)
            return .put(document)
        }
    }

    /// Takes the reference to an owner from a dependent, which lives on without it.
    static func write(releasing key: ObjectKey, from uid: String) -> ObjectWrite {
        ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, _ in
            guard let stored else { return .keep }
            var document = try stored.document()
            let references = document["metadata"]?.list("ownerReferences") ?? []
            let kept = references.filter { $0.text("uid") != uid }
            guard kept.count < references.count else { return .keep }
            document["metadata"]?["ownerReferences"] = kept.isEmpty ? nil : .array(kept)
            return .put(document)
        }
    }

    /// Takes from an owner what made it wait.
    static func write(ending finalizer: String, of key: ObjectKey) -> ObjectWrite {
        ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, _ in
            guard let stored, try stored.holdsForDependents else { return .keep }
            return try ObjectRemoval.decision(removing: finalizer, from: stored)
        }
    }

    private enum OwnerState {
        case present
        case absent
        case goesAfterDependents
    }

    private static func state(
        of owner: OwnerReference, for dependent: ObjectKey, in transaction: any ObjectTransaction
    ) throws -> OwnerState {
        // Of kinds that are not kept nobody can tell; what they own stays.
        guard let key = owner.key(from: dependent.id.namespace) else { return .present }
        guard let stored = try transaction.object(key), stored.uid == owner.uid else { return .absent }
        guard let header = try ObjectHeader(of: stored), header.isBeingDeleted,
            header.finalizers.contains(ObjectHeader.foregroundFinalizer)
        else { return .present }
        return .goesAfterDependents
    }
}

extension JSONValue {
    /// An owner reference that keeps the owner from nothing.
    fileprivate var withoutBlocking: JSONValue {
        var reference = self
        reference["blockOwnerDeletion"] = .bool(false)
        return reference
    }
}

extension ObjectRecord {
    fileprivate var holdsForDependents: Bool {
        get throws { try ObjectHeader(of: self)?.isBeingDeleted ?? false }
    }
}
