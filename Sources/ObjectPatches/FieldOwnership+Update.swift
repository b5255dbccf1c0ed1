import ObjectSchema
import Registry

extension FieldOwnership {
    /// The new state of an object with its owners brought up to date after a write that is no apply: what differs from
    /// `live` becomes the manager's, what is gone nobody's.
    ///
    /// Owners that the writer sends with the object count as the former ones, so that they can be edited; an empty list
    /// forgets them. A write of a subresource cannot edit them. An object without owners stays so until the first apply.
    ///
    /// - Parameters:
    ///   - live: nil where the object is new.
    ///   - type: nil for kinds without a schema, whose lists are owned as a whole.
    ///   - subresource: `status` for example; nil for the object itself.
    package static func update(
        live: JSONValue?, new: JSONValue, type: SchemaType?, schema: Schema, manager: String, subresource: String?,
        apiVersion: String, now: Timestamp
    ) -> JSONValue {
        guard case .object = new else { return new }
        var managed = formerOwners(live: live, new: new, subresource: subresource)
        // As upstream has it: whose owners are not known gets none before the first apply.
        guard live == nil || !managed.entries.isEmpty else { return setManagedFields(nil, of: new) }
        let owner = ManagedFields.Owner(
            manager: manager, operation: .update, apiVersion: apiVersion, subresource: subresource ?? "")
        managed.record(
            changesFrom: content(of: live ?? .object([:]), subresource: subresource),
            to: content(of: new, subresource: subresource), by: owner, apiVersion: apiVersion,
            shapes: OwnedShapes(schema: schema), type: type, now: now)
        return setManagedFields(managed.document, of: new)
    }

    private static func formerOwners(live: JSONValue?, new: JSONValue, subresource: String?) -> ManagedFields {
        let stored = live?["metadata"]?["managedFields"]
        guard subresource == nil else { return ManagedFields(stored) }
        let sent = new["metadata"]?["managedFields"]
        if ManagedFields.isReset(sent) { return ManagedFields() }
        let managed = ManagedFields(sent)
        // Clients that know nothing of owners do not remove them.
        return managed.entries.isEmpty ? ManagedFields(stored) : managed
    }
}

extension ManagedFields {
    /// Makes what differs between two states an updater's, and what is gone nobody's.
    mutating func record(
        changesFrom old: JSONValue, to new: JSONValue, by owner: Owner, apiVersion: String, shapes: OwnedShapes,
        type: SchemaType?, now: Timestamp
    ) {
        let comparison = shapes.compare(old, new, as: shapes.root(type))
        take(comparison.changed.union(comparison.removed), exceptFrom: nil)
        let taken = comparison.changed.subtracting(FieldOwnership.untracked)
        if !taken.isEmpty {
            let former = self[owner]?.fields ?? .empty
            self[owner] = Entry(
                owner: owner, apiVersion: apiVersion, time: now.text, fields: former.union(taken))
        }
        mergeOldestUpdaters()
    }
}
