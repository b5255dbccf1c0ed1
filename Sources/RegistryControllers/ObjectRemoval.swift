import Registry

/// What the wish to remove an object makes of it.
enum ObjectRemoval {
    /// Removes an object, or marks it as being removed where finalizers hold it.
    static func decision(for stored: ObjectRecord, now: Timestamp) throws -> ObjectWrite.Decision {
        // Parsed only where the text may say so: most objects have none.
        guard stored.text.holds(#""finalizers""#) else { return .delete }
        var document = try stored.document()
        let header = ObjectHeader(of: document)
        guard !header.finalizers.isEmpty else { return .delete }
        guard !header.isBeingDeleted else { return .keep }
        document["metadata"]?["deletionTimestamp"] = .string(now.text)
        document["metadata"]?["deletionGracePeriodSeconds"] = .integer(0)
        return .put(document)
    }

    /// Takes a finalizer from an object, which goes where it was the last thing that held it.
    static func decision(removing finalizer: String, from stored: ObjectRecord) throws -> ObjectWrite.Decision {
        var document = try stored.document()
        let finalizers = document["metadata"]?.strings("finalizers") ?? []
        guard finalizers.contains(finalizer) else { return .keep }
        let left = finalizers.filter { $0 != finalizer }
        document["metadata"]?["finalizers"] = left.isEmpty ? nil : .array(left.map { .string($0) })
        return ObjectEnd.isReached(by: document, kind: stored.key.kind) ? .delete : .put(document)
    }
}
