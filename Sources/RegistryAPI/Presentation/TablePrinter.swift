import Registry

/// Writes objects of one kind as a `Table` of `meta.k8s.io`, as `kubectl get` prints it (Kubernetes API concepts,
/// "Receiving resources as Tables").
struct TablePrinter: Sendable {
    /// What of an object comes with its row (`includeObject` in a query).
    enum IncludedObject: Hashable, Sendable {
        case none
        case metadata
        case object
    }

    let kind: ObjectKind
    let version: ResponseForm.MetaVersion
    /// The instant that ages are counted to.
    let now: Timestamp
    let includeObject: IncludedObject

    /// A table with one row for each object.
    func table(of documents: [JSONValue], metadata: JSONValue) -> JSONValue {
        .object([
            "kind": .string("Table"), "apiVersion": .string(version.apiVersion), "metadata": metadata,
            "columnDefinitions": columnDefinitions, "rows": .array(documents.map(row)),
        ])
    }

    var columnDefinitions: JSONValue { .array(kind.tableLayout.columns.map(\.document)) }

    /// The row of an object.
    func row(of document: JSONValue) -> JSONValue {
        let layout = kind.tableLayout
        let view = DocumentView(document)
        var row: [String: JSONValue] = ["cells": .array(layout.cells(of: view, now: now))]
        let conditions = layout.conditions(of: view)
        if !conditions.isEmpty { row["conditions"] = .array(conditions) }
        row["object"] =
            switch includeObject {
            case .none: .null
            case .metadata: version.partialMetadata(of: document)
            case .object: document
            }
        return .object(row)
    }
}
