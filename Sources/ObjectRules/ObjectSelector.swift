import Registry

/// Which objects of a kind a list or a watch is about, by labels and by fields.
package struct ObjectSelector: Hashable, Sendable {
    package let labels: LabelSelector
    package let fields: FieldSelector

    package init(labels: LabelSelector = LabelSelector(), fields: FieldSelector = FieldSelector()) {
        self.labels = labels
        self.fields = fields
    }

    /// Reads the query parameters `labelSelector` and `fieldSelector`; empty ones select everything.
    package init(labels: String, fields: String, kind: ObjectKind) throws(SelectorError) {
        self.labels = try LabelSelector(parsing: labels)
        self.fields = try FieldSelector(parsing: fields, kind: kind)
    }

    package var isEverything: Bool { labels.isEverything && fields.isEverything }

    package func matches(_ object: SelectableFields) -> Bool {
        fields.matches(object.fields) && labels.matches(object.labels)
    }

    /// Those of some objects that it lets through, in their order; reads their documents unless that is all of them.
    package func selected(of records: [ObjectRecord]) throws -> [ObjectRecord] {
        guard !isEverything else { return records }
        return try records.filter { matches(SelectableFields(of: try $0.document(), kind: $0.key.kind)) }
    }

    /// The one name that objects can have, where the selector names one: then there is one object to read.
    package var exactName: String? { fields.exactValue(of: "metadata.name") }

    /// The one namespace that objects can be in, where the selector names one.
    package var exactNamespace: String? { fields.exactValue(of: "metadata.namespace") }
}
