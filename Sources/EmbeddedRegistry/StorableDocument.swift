import Registry

/// What a document must keep to be stored: it is read again wherever it stands, and nobody has more than a share.
enum StorableDocument {
    /// As deep as the text of an object is read again where it stands in a list or in the line of a watch.
    static let maximumDepth = JSONText.maximumDepth - 4
    /// The most bytes that an object has: as many as etcd takes of one request. What reads objects in portions, and keeps
    /// what they were before, reckons with it.
    static let maximumSize = 3 << 19

    /// Checks a document before anything is changed for it.
    ///
    /// - Throws: `ObjectStoreError.invalid`, or `.tooLarge`.
    static func check(_ document: JSONValue, of key: ObjectKey) throws(ObjectStoreError) {
        func invalid(_ reason: String) -> ObjectStoreError {
            .invalid(key, [FieldViolation(FieldPath(), .invalid, of: .string(key.id.name), reason)])
        }
        guard let measure = JSONMeasure(of: document, levels: maximumDepth) else {
            throw invalid("nests deeper than \(maximumDepth) levels")
        }
        guard measure.isStreamSafe else { throw invalid("a text has too many combining marks in a row") }
        guard measure.size <= maximumSize else { throw .tooLarge(key, limit: maximumSize) }
    }
}
