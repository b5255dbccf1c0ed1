import Registry

/// Who owns which fields of an object: `metadata.managedFields` (meta/v1 ManagedFieldsEntry).
struct ManagedFields: Hashable, Sendable {
    enum Operation: String, Hashable, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    /// What tells owners apart: one program may be several.
    struct Owner: Hashable, Sendable {
        var manager: String
        var operation: Operation
        /// Of an update; an apply is the same owner's in every version, and holds an empty text here.
        var apiVersion: String
        /// Empty for the object itself.
        var subresource: String

        init(manager: String, operation: Operation, apiVersion: String, subresource: String) {
            self.manager = manager
            self.operation = operation
            self.apiVersion = operation == .apply ? "" : apiVersion
            self.subresource = subresource
        }
    }

    struct Entry: Hashable, Sendable {
        var owner: Owner
        var apiVersion: String
        /// When the owner last changed something, to the second (RFC 3339); nil where it is not known.
        var time: String?
        var fields: FieldSet
    }

    private var byOwner: [Owner: Entry] = [:]

    init() {}

    /// In no order.
    var entries: some Collection<Entry> { byOwner.values }

    subscript(owner: Owner) -> Entry? {
        get { byOwner[owner] }
        set { byOwner[owner] = newValue }
    }

    /// Takes fields from all owners but one; who owns nothing any more is dropped.
    mutating func take(_ fields: FieldSet, exceptFrom owner: Owner?) {
        guard !fields.isEmpty else { return }
        for (other, entry) in byOwner where other != owner {
            let rest = entry.fields.subtracting(fields)
            if rest.isEmpty { byOwner[other] = nil } else { byOwner[other]?.fields = rest }
        }
    }
}

extension ManagedFields {
    /// More owners are not read: what a client sends as owners must not cost more than what it sends as an object.
    private static let maximumEntries = 512

    /// What a document says; entries that say nothing sensible are passed over.
    init(_ value: JSONValue?) {
        guard case .array(let elements)? = value else { return }
        for element in elements.prefix(Self.maximumEntries) {
            guard let entry = Entry(element) else { continue }
            self[entry.owner] = entry
        }
    }

    /// Whether a writer asks for all ownership to be forgotten: an empty list, or one with one empty entry.
    static func isReset(_ value: JSONValue?) -> Bool {
        guard case .array(let elements)? = value else { return false }
        return elements.isEmpty || elements == [.object([:])]
    }

    /// For a document, in upstream's order; nil where nobody owns anything.
    var document: JSONValue? {
        guard !entries.isEmpty else { return nil }
        return .array(entries.sorted(by: Self.isBefore).map(\.document))
    }

    private static func isBefore(_ one: Entry, _ other: Entry) -> Bool {
        (one.owner.operation.rawValue, one.time ?? "", one.owner.manager, one.apiVersion, one.owner.subresource)
            < (
                other.owner.operation.rawValue, other.time ?? "", other.owner.manager, other.apiVersion,
                other.owner.subresource
            )
    }
}

extension ManagedFields.Entry {
    init?(_ value: JSONValue) {
        guard let operation = value["operation"]?.string.flatMap(ManagedFields.Operation.init(rawValue:)),
            let apiVersion = value["apiVersion"]?.string, !apiVersion.isEmpty,
            value["fieldsType"]?.string == "FieldsV1",
            let fields = FieldSet(fieldsV1: value["fieldsV1"] ?? .object([:])), !fields.isEmpty
        else { return nil }
        owner = ManagedFields.Owner(
            manager: value["manager"]?.string ?? "", operation: operation, apiVersion: apiVersion,
            subresource: value["subresource"]?.string ?? "")
        // Longer ones than upstream's validation lets in are nobody's.
        guard owner.manager.utf8.count <= 128, owner.subresource.utf8.count <= 256 else { return nil }
        self.apiVersion = apiVersion
        time = value["time"]?.string
        self.fields = fields
    }

    var document: JSONValue {
        var members: [String: JSONValue] = [
            "operation": .string(owner.operation.rawValue), "apiVersion": .string(apiVersion),
            "fieldsType": .string("FieldsV1"), "fieldsV1": fields.fieldsV1,
        ]
        if !owner.manager.isEmpty { members["manager"] = .string(owner.manager) }
        if !owner.subresource.isEmpty { members["subresource"] = .string(owner.subresource) }
        if let time { members["time"] = .string(time) }
        return .object(members)
    }
}

extension ManagedFields {
    /// As many owners by update as upstream keeps apart.
    static let maximumUpdaters = 10
    /// Who owns what the oldest of more updaters owned.
    static let ancientManager = "ancient-changes"

    /// Makes one owner of the oldest updaters of a version until there are few enough.
    mutating func mergeOldestUpdaters() {
        let updaters = entries.filter { $0.owner.operation == .update }
        var surplus = updaters.count - Self.maximumUpdaters
        guard surplus > 0 else { return }
        var firstOfVersion: [String: Owner] = [:]
        let byAge = updaters.sorted {
            ($0.time ?? "", $0.owner.manager, $0.apiVersion, $0.owner.subresource)
                < ($1.time ?? "", $1.owner.manager, $1.apiVersion, $1.owner.subresource)
        }
        for updater in byAge where surplus > 0 {
            guard let first = firstOfVersion[updater.apiVersion] else {
                firstOfVersion[updater.apiVersion] = updater.owner
                continue
            }
            let bucket = Owner(
                manager: Self.ancientManager, operation: .update, apiVersion: updater.apiVersion, subresource: "")
            guard updater.owner != bucket else { continue }
            if self[bucket] == nil, var entry = self[first] {
                self[first] = nil
                entry.owner = bucket
                self[bucket] = entry
            }
            guard var entry = self[bucket] else { continue }
            entry.fields = entry.fields.union(updater.fields)
            // The younger of the two.
            entry.time = updater.time
            self[bucket] = entry
            self[updater.owner] = nil
            surplus -= 1
        }
    }
}
