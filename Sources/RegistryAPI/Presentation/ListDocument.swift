import Registry

/// Lists of objects as they are stored, written from their texts without reading them.
enum ListDocument {
    /// The text of a list: `XList` with the objects as items, which carry neither `apiVersion` nor `kind` there
    /// (Kubernetes API concepts, "Collections").
    static func text(
        kind: ObjectKind, records: [ObjectRecord], version: ResourceVersion, continueToken: String?, remaining: Int?
    ) -> [UInt8] {
        var list = ListText(kind: kind, version: version, continueToken: continueToken, remaining: remaining)
        return list.piece(records, isLast: true)
    }

    /// The list as a tree, for those who have read the objects anyway.
    static func document(kind: ObjectKind, items: [JSONValue], metadata: ListMetadata) -> JSONValue {
        .object([
            "kind": .string("\(kind.rawValue)List"), "apiVersion": .string(kind.apiVersion),
            "metadata": metadata.document,
            "items": .array(
                items.map { item in
                    var item = item
                    item["apiVersion"] = nil
                    item["kind"] = nil
                    return item
                }),
        ])
    }
}
