import Registry

/// What a document must keep to be stored: it is read again wherever it stands, and nobody has more than a share.
enum StorableDocument {
    /// As deep as the text of an object is read again where it stands in a list or in the line of a watch.
    static let maximumDepth = JSONText.maximumDepth - 4
    /// The most bytes that an object is made with: as many as etcd takes of one request. What reads objects in portions,
    /// and keeps what they were before, reckons with it.
    static let maximumSize = 3 << 19
    /// How much those who let an object go may add to it, in bytes.
    private static let slack = 8 << 10
    /// And the server: conditions of a thousand endpoints, ports and addresses of a Service.
    private static let ownSlack = 128 << 10

    /// Checks a document before anything is changed for it.
    ///
    /// - Parameters:
    ///   - stored: What it takes the place of; nil where it is new.
    ///   - isOwn: Whether the server itself, or one of its controllers, has made it.
    /// - Throws: `ObjectStoreError.invalid`, or `.tooLarge`.
    static func check(
        _ document: JSONValue, of key: ObjectKey, over stored: JSONValue?, isOwn: Bool
    ) throws(ObjectStoreError) {
        func invalid(_ reason: String) -> ObjectStoreError {
            .invalid(key, [FieldViolation(FieldPath(), .invalid, of: .string(key.id.name), reason)])
        }
        guard let measure = JSONMeasure(of: document, levels: maximumDepth) else {
            throw invalid("nests deeper than \(maximumDepth) levels")
        }
        guard measure.isStreamSafe else { throw invalid("a text has too many combining marks in a row") }
        guard measure.size > maximumSize else { return }
        guard measure.size <= limit(for: document, over: stored, isOwn: isOwn) else {
            throw .tooLarge(key, limit: maximumSize)
        }
    }

    /// How large an object may be that is there already: one that an earlier version has let grow further may stay as
    /// large, be made smaller, and go.
    private static func limit(for document: JSONValue, over stored: JSONValue?, isOwn: Bool) -> Int {
        guard let stored else { return maximumSize + (isOwn ? ownSlack : 0) }
        func isLeaving(_ document: JSONValue) -> Bool { document["metadata"]?["deletionTimestamp"] != nil }
        let former = JSONMeasure(of: stored, levels: JSONText.maximumDepth)?.size ?? 0
        // It begins to leave once only: nobody grows step by step by that.
        let mark = isLeaving(document) && !isLeaving(stored) ? slack : 0
        return max(maximumSize + (isOwn ? ownSlack : isLeaving(document) ? slack : 0), former + mark)
    }
}
