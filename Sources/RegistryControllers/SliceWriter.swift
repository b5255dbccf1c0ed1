import Registry

/// Makes writes of changes of slices. Each is decided by what is stored then: a slice that is not as the changes took
/// it for is a conflict, and none is made for an owner that is gone or in a Namespace that is being removed.
struct SliceWriter {
    /// The Service or the Endpoints object that the slices belong to.
    let owner: ObjectKey
    let ownerUID: String
    /// What the annotation says of slices that have no annotations of their own choice.
    let triggerTime: Timestamp?

    func writes(for changes: SliceChanges) -> [ObjectWrite] {
        changes.creates.map(creation) + changes.updates.map(update) + changes.deletes.map(deletion)
    }

    private var reference: JSONValue {
        OwnerReference.controller(kind: owner.kind, name: owner.id.name, uid: ownerUID)
    }

    private func creation(_ content: SliceContent) -> ObjectWrite {
        let prefix = "\(owner.id.name)-"
        let document = annotated(
            SliceDocument.document(content, generateName: prefix, owner: reference), content)
        let key = key(of: GeneratedName.name(prefix: prefix))
        let (owner, ownerUID) = (owner, ownerUID)
        return ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, transaction in
            guard stored == nil else { throw ObjectStoreError.alreadyExists(key) }
            guard try transaction.uid(of: owner) == ownerUID,
                try !NamespaceRemoval.isUnderWay(of: key.id.namespace, in: transaction)
            else { return .keep }
            return .put(document)
        }
    }

    private func update(_ update: SliceChanges.Update) -> ObjectWrite {
        let key = key(of: update.slice.name)
        return ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, _ in
            guard let stored else { throw ObjectStoreError.notFound(key) }
            try Self.check(stored, is: update.slice)
            let document = SliceDocument.changed(try stored.document(), to: update.content, owner: reference)
            return .put(annotated(document, update.content))
        }
    }

    private func deletion(_ slice: ManagedSlice) -> ObjectWrite {
        ObjectWrite(key(of: slice.name), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            try Self.check(stored, is: slice)
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }

    private static func check(_ stored: ObjectRecord, is slice: ManagedSlice) throws {
        guard stored.version == slice.version else {
            throw ObjectStoreError.conflict(stored.key, expected: slice.version, stored: stored.version)
        }
    }

    private func annotated(_ document: JSONValue, _ content: SliceContent) -> JSONValue {
        guard content.annotations == nil else { return document }
        var document = document
        var annotations = document["metadata"]?.textMap("annotations") ?? [:]
        annotations[ControllerLabels.triggerTime] = triggerTime?.text
        document["metadata"]?["annotations"] = annotations.isEmpty ? nil : .map(annotations)
        return document
    }

    private func key(of name: String) -> ObjectKey {
        ObjectKey(.endpointSlice, NamespacedName(namespace: owner.id.namespace, name: name))
    }
}
