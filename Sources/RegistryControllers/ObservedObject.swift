import Registry

/// An object as it came to be known: from a list, from a change, or as the outcome of a write.
///
/// Parsed once at most, when somebody asks for more than its labels; confined to the one who observes.
final class ObservedObject {
    let record: ObjectRecord
    let isDeleted: Bool
    /// nil where it is not known without parsing.
    private let knownLabels: [String: String]?
    private var parsed: JSONValue?

    init(_ record: ObjectRecord) {
        self.record = record
        isDeleted = false
        knownLabels = nil
    }

    init(_ change: RecordedChange) {
        record = change.record
        isDeleted = change.kind == .deleted
        knownLabels = change.selectable.labels
    }

    /// What a write has made of its object; nil where there is none.
    init?(_ outcome: WriteOutcome) {
        guard let record = outcome.record else { return nil }
        self.record = record
        isDeleted = outcome.kind == .deleted
        knownLabels = nil
    }

    var key: ObjectKey { record.key }
    var id: NamespacedName { record.key.id }

    func document() throws -> JSONValue {
        if let parsed { return parsed }
        let document = try record.document()
        parsed = document
        return document
    }

    /// The labels, without parsing where they are known.
    func labels() throws -> [String: String] {
        try knownLabels ?? document()["metadata"]?.textMap("labels") ?? [:]
    }

    /// Who has told of the object.
    enum Origin {
        /// All there was at the start.
        case list
        case change
        /// A write of the controllers'.
        case ownWrite
    }
}
