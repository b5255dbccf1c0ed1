import ObjectSchema
import Registry

extension FieldOwnership {
    /// What a server-side apply makes of an object, owners included: the configuration merged in, fields that this
    /// manager applied before and no longer names removed unless another manager owns them.
    ///
    /// - Parameters:
    ///   - live: nil where the object is new.
    ///   - force: whether fields that others own are taken from them, instead of being a conflict.
    /// - Throws: `ApplyConflict`; `PatchError` for a configuration that cannot be applied.
    package static func apply(
        configuration: JSONValue, live: JSONValue?, type: SchemaType?, schema: Schema, manager: String,
        subresource: String?, apiVersion: String, force: Bool, now: Timestamp
    ) throws -> JSONValue {
        guard case .object = configuration else {
            throw PatchError.malformed("an applied configuration must be an object, not \(configuration.kindName)")
        }
        if case .array(let sent)? = configuration["metadata"]?["managedFields"], !sent.isEmpty {
            throw PatchError.malformed("metadata.managedFields must be nil")
        }
        let applying = Applying(
            configuration: content(of: configuration, subresource: subresource), live: live,
            shapes: OwnedShapes(schema: schema), type: type,
            owner: ManagedFields.Owner(
                manager: manager, operation: .apply, apiVersion: apiVersion, subresource: subresource ?? ""),
            apiVersion: apiVersion, now: now)
        do {
            return try applying.result(force: force)
        } catch let conflict as ApplyConflict {
            guard manager == LastApplied.manager, let excused = applying.fieldsOfClientSideApply else { throw conflict }
            return try applying.result(excusing: excused)
        }
    }
}

/// One server-side apply.
private struct Applying {
    /// Who owns what was written before anybody kept account, as upstream calls it.
    static let unknownManager = "before-first-apply"

    /// Without what its kind of write does not change.
    let configuration: JSONValue
    let live: JSONValue?
    let shapes: OwnedShapes
    let type: SchemaType?
    let owner: ManagedFields.Owner
    let apiVersion: String
    let now: Timestamp

    /// The owners before the apply; where none are known, all there is belongs to one that stands for them.
    private let formerOwners: ManagedFields
    /// The live object without its owners.
    private let liveContent: JSONValue

    private var root: OwnedShape { shapes.root(type) }

    init(
        configuration: JSONValue, live: JSONValue?, shapes: OwnedShapes, type: SchemaType?, owner: ManagedFields.Owner,
        apiVersion: String, now: Timestamp
    ) {
        self.configuration = configuration
        self.live = live
        self.shapes = shapes
        self.type = type
        self.owner = owner
        self.apiVersion = apiVersion
        self.now = now
        // Nothing is left out but the owners: what the write does not change stays.
        liveContent = FieldOwnership.setManagedFields(nil, of: live ?? .object([:]))
        var managed = ManagedFields(live?["metadata"]?["managedFields"])
        if let live, managed.entries.isEmpty {
            let unknown = ManagedFields.Owner(
                manager: Self.unknownManager, operation: .update, apiVersion: apiVersion,
                subresource: owner.subresource)
            let subresource = owner.subresource.isEmpty ? nil : owner.subresource
            managed.record(
                changesFrom: .object([:]), to: FieldOwnership.content(of: live, subresource: subresource), by: unknown,
                apiVersion: apiVersion, shapes: shapes, type: type, now: now)
        }
        formerOwners = managed
    }

    /// The object after the apply.
    ///
    /// - Parameters:
    ///   - force: takes fields from whoever owns them.
    ///   - excused: fields that may be taken from whoever owns them.
    func result(force: Bool = false, excusing excused: FieldSet = .empty) throws -> JSONValue {
        var managed = formerOwners
        let former = managed[owner]
        let fields = try shapes.fields(of: configuration, as: root, isStrict: true)
        managed[owner] = ManagedFields.Entry(owner: owner, apiVersion: apiVersion, time: former?.time, fields: fields)

        let merged = shapes.merging(configuration, into: liveContent, as: root)
        let new = try pruned(merged, former: former?.fields ?? .empty, managed: managed)
        let comparison = shapes.compare(liveContent, new, as: root)
        let conflicts = managed.entries.compactMap { entry -> ManagedFields.Entry? in
            guard entry.owner != owner else { return nil }
            var conflict = entry
            conflict.fields = entry.fields.intersection(comparison.changed).subtracting(excused)
            return conflict.fields.isEmpty ? nil : conflict
        }
        guard force || conflicts.isEmpty else { throw ApplyConflict(conflicts) }
        managed.take(comparison.changed.union(comparison.removed), exceptFrom: owner)

        let owned = fields.subtracting(FieldOwnership.untracked)
        if owned.isEmpty {
            managed[owner] = nil
        } else {
            let isUnchanged = comparison.isSame && former?.fields == owned && former?.apiVersion == apiVersion
            managed[owner] = ManagedFields.Entry(
                owner: owner, apiVersion: apiVersion, time: isUnchanged ? former?.time : now.text, fields: owned)
        }
        let document = LastApplied.updated(new, configuration: configuration, manager: owner.manager)
        return FieldOwnership.setManagedFields(managed.document, of: document)
    }

    /// The merged object without the fields that were applied before, are not now, and are nobody else's.
    private func pruned(
        _ merged: JSONValue, former: FieldSet, managed: ManagedFields
    ) throws -> JSONValue {
        // Nothing is left out that was applied before, as in most applies.
        guard !former.subtracting(managed[owner]?.fields ?? .empty).isEmpty else { return merged }
        let former = shapes.withDeclaredParents(former, as: root)
        func remaining(_ value: JSONValue) throws -> FieldSet {
            shapes.withDeclaredParents(try shapes.fields(of: value, as: root, isStrict: false), as: root)
        }
        let all = try remaining(merged)
        func removing(_ fields: FieldSet) -> JSONValue {
            shapes.removing(fields, from: merged, as: root) ?? .object([:])
        }
        // All that the former configuration covers goes, what has an owner comes back, then what it never covered.
        let owned = shapes.withDeclaredParents(
            managed.entries.reduce(FieldSet.empty) { $0.union($1.fields) }, as: root)
        let withoutFormer = try remaining(removing(former))
        let withOwned = try remaining(removing(all.subtracting(withoutFormer.union(owned))))
        let result = removing(all.subtracting(withOwned).intersection(former))
        // What has lost its last part is gone as well, unless the configuration names it.
        return shapes.merging(configuration, into: result, as: root)
    }

    /// The fields that still are as kubectl's last client-side apply set them; nil where there was none.
    ///
    /// About these kubectl has no conflict: it only goes over from one way of applying to the other.
    var fieldsOfClientSideApply: FieldSet? {
        guard let live, let applied = LastApplied.configuration(in: live, apiVersion: apiVersion),
            let fields = try? shapes.fields(of: applied, as: root, isStrict: true)
        else { return nil }
        let comparison = shapes.compare(applied, liveContent, as: root)
        return fields.subtracting(comparison.changed).subtracting(comparison.removed)
    }
}
