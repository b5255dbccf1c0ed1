/// Where objects are kept: read and written with versions, addresses taken and given back in the same transaction.
///
/// What stands above this protocol knows no database. Every object write has a `ResourceVersion` of its own, larger than
/// all before; a write that has returned is durable. Errors are `ObjectStoreError`, `AddressingError` (of the allocator,
/// where a Service cannot have what it asks for) and whatever a decision throws.
package protocol ObjectStore: RegistrySource {
    /// The version of the newest write.
    var newestVersion: ResourceVersion { get async }

    /// The object of a key as it is now; nil where there is none.
    func object(_ key: ObjectKey) async throws -> ObjectRecord?

    /// The objects of a scope in the order of namespace and name, or one page of them.
    ///
    /// - Throws: `ObjectStoreError.versionTooOld` where `request.version` can no longer be reconstructed,
    ///   `.versionInFuture` where it has not been reached.
    func objects(_ request: ListRequest) async throws -> ObjectList

    /// All Services as they are now, in no order.
    func services() async throws -> [Service]

    /// Carries out writes, each one a transaction by itself, in their order; one result for each.
    ///
    /// Writes that are asked for at the same time share one flush to the disk, so callers gain by asking together.
    func write(_ writes: [ObjectWrite]) async -> [Result<WriteOutcome, any Error>]

    /// Every change after a version, in order, without end.
    ///
    /// The reader falls behind at its own cost: where what it has not read yet is no longer kept, the next element
    /// throws `ObjectStoreError.versionTooOld`. The first throws `.versionInFuture` where `version` is not reached.
    func changes(after version: ResourceVersion) async throws -> AsyncThrowingStream<[RecordedChange], any Error>
}

extension ObjectStore {
    /// Carries out one write.
    package func write(_ write: ObjectWrite) async throws -> WriteOutcome {
        guard let result = await self.write([write]).first else {
            throw ObjectStoreError.unavailable(.other("no result"))
        }
        return try result.get()
    }
}

/// Which objects a list or a watch is about.
package struct ObjectScope: Hashable, Sendable {
    package let kind: ObjectKind
    /// nil stands for all.
    package let namespace: String?

    package init(_ kind: ObjectKind, namespace: String? = nil) {
        self.kind = kind
        self.namespace = namespace
    }
}

/// What a list is to contain.
package struct ListRequest: Hashable, Sendable {
    package var scope: ObjectScope
    /// The state at exactly this version; nil for the newest.
    package var version: ResourceVersion?
    /// Only objects behind this one.
    package var after: NamespacedName?
    /// At most so many; nil, or less than one, for all.
    package var limit: Int?
    /// Whether the objects behind the page are counted, rather than looked for.
    package var countsRemaining = true
    /// A page ends with the document by which it comes to so many bytes; nil for no such end.
    package var size: Int?

    package init(
        _ scope: ObjectScope, version: ResourceVersion? = nil, after: NamespacedName? = nil, limit: Int? = nil
    ) {
        self.scope = scope
        self.version = version
        self.after = after
        self.limit = limit
    }
}

/// A list, or a page of one.
package struct ObjectList: Sendable {
    package let records: [ObjectRecord]
    /// What the list is the state of.
    package let version: ResourceVersion
    /// How many objects stand behind the last one of the page; at least so many where they were not counted.
    package let remaining: Int

    package init(records: [ObjectRecord], version: ResourceVersion, remaining: Int) {
        self.records = records
        self.version = version
        self.remaining = remaining
    }
}

/// One write of one object. What to write is decided inside the transaction, from what is stored then.
package struct ObjectWrite: Sendable {
    package enum Decision: Hashable, Sendable {
        /// Store this document. The store sets `metadata.name`, `namespace`, `uid`, `creationTimestamp` and
        /// `resourceVersion`, and a Service's addresses; a document that then equals the stored one is not written.
        case put(JSONValue)
        case delete
        /// Leave all as it is.
        case keep
    }

    package let key: ObjectKey
    /// Who owns a new object; an object stays its first owner's.
    package let feeder: String
    /// Says what would become of it, and changes nothing (the dry run of Kubernetes' API).
    package let isTrial: Bool
    /// Called once or more often, on any thread; reads through `transaction` what else the decision depends on.
    package let decide: @Sendable (_ stored: ObjectRecord?, _ transaction: any ObjectTransaction) throws -> Decision

    package init(
        _ key: ObjectKey, feeder: String, isTrial: Bool = false,
        decide: @escaping @Sendable (_ stored: ObjectRecord?, _ transaction: any ObjectTransaction) throws -> Decision
    ) {
        self.key = key
        self.feeder = feeder
        self.isTrial = isTrial
        self.decide = decide
    }
}

/// What a decision may read while it is made; not to be kept.
package protocol ObjectTransaction {
    /// The object of a key, earlier writes of the same batch included.
    func object(_ key: ObjectKey) throws -> ObjectRecord?
    /// The uid of the object of a key: many writes of one batch may ask for that of the same large one.
    func uid(of key: ObjectKey) throws -> String?
    /// The instant that the transaction writes as its time.
    var now: Timestamp { get }
}

extension ObjectTransaction {
    package func uid(of key: ObjectKey) throws -> String? { try object(key)?.uid }
}

/// What became of a write.
package struct WriteOutcome: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case created
        case updated
        /// The document said what is stored already, or the decision was to keep it.
        case unchanged
        case deleted
    }

    package let kind: Kind
    /// The object as it is stored now; a deleted one as it was, at the version of the deletion; nil for `.keep` of none.
    package let record: ObjectRecord?

    package init(kind: Kind, record: ObjectRecord?) {
        self.kind = kind
        self.record = record
    }
}

/// One change of one object, shared by all that watch.
package final class RecordedChange: Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added
        case modified
        case deleted
    }

    package let kind: Kind
    /// The object after the change; a deleted one as it was, at the version of the deletion.
    package let record: ObjectRecord
    package let selectable: SelectableFields
    /// The document before the change; nil for one that was added.
    package let formerText: String?
    package let formerSelectable: SelectableFields?
    package let object: RegistryObject

    package init(
        kind: Kind, record: ObjectRecord, selectable: SelectableFields, formerText: String?,
        formerSelectable: SelectableFields?, object: RegistryObject
    ) {
        self.kind = kind
        self.record = record
        self.selectable = selectable
        self.formerText = formerText
        self.formerSelectable = formerSelectable
        self.object = object
    }

    package var key: ObjectKey { record.key }
    package var version: ResourceVersion { record.version }

    /// The change as readers of a `RegistrySource` see it.
    package var change: ObjectChange { kind == .deleted ? .delete(key) : .put(object) }
}
