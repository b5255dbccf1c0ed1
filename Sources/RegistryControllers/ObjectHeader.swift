import Glibc
import Registry

/// What every document says of itself that controllers go by: who owns it, and whether it is being removed.
struct ObjectHeader: Hashable, Sendable {
    /// The finalizer that makes an object outlive those that depend on it.
    static let foregroundFinalizer = "foregroundDeletion"
    /// The finalizer that makes dependents lose their owner instead of their life.
    static let orphanFinalizer = "orphan"

    let owners: [OwnerReference]
    let finalizers: [String]
    let deletionTime: Timestamp?

    init(of document: JSONValue) {
        let metadata = document["metadata"] ?? .null
        owners = metadata.list("ownerReferences").map { OwnerReference($0) }
        finalizers = metadata.strings("finalizers")
        deletionTime = metadata.time("deletionTimestamp")
    }

    /// The header of a document as it is stored; nil, and nothing is parsed, for the many that say nothing of the kind.
    init?(of record: ObjectRecord) throws {
        guard Self.mayBeIn(record.text) else { return nil }
        self.init(of: try record.document())
    }

    /// As of a stored document; one that is parsed already is not parsed again.
    init?(of object: ObservedObject) throws {
        guard Self.mayBeIn(object.record.text) else { return nil }
        self.init(of: try object.document())
    }

    private static func mayBeIn(_ text: String) -> Bool {
        let words: [StaticString] = [#""ownerReferences""#, #""finalizers""#, #""deletionTimestamp""#]
        return words.contains { text.holds($0) }
    }

    var isBeingDeleted: Bool { deletionTime != nil }
}

/// An entry of `metadata.ownerReferences`.
struct OwnerReference: Hashable, Sendable {
    let apiVersion: String
    let kind: String
    let name: String
    let uid: String
    let blocksOwnerDeletion: Bool

    init(_ reference: JSONValue) {
        apiVersion = reference.text("apiVersion")
        kind = reference.text("kind")
        name = reference.text("name")
        uid = reference.text("uid")
        blocksOwnerDeletion = reference.flag("blockOwnerDeletion") ?? false
    }

    /// The owner's key, seen from an object in a Namespace; nil for kinds that are not kept, and for an owner in a
    /// Namespace of what stands in none: nobody can tell which is meant.
    func key(from namespace: String) -> ObjectKey? {
        guard let kind = ObjectKind(apiVersion: apiVersion, kind: kind), !kind.isNamespaced || !namespace.isEmpty else {
            return nil
        }
        return ObjectKey(kind, NamespacedName(namespace: kind.isNamespaced ? namespace : "", name: name))
    }

    /// The reference by which an object controls what was made for it.
    static func controller(kind: ObjectKind, name: String, uid: String) -> JSONValue {
        .object([
            "apiVersion": .string(kind.apiVersion), "kind": .string(kind.rawValue), "name": .string(name),
            "uid": .string(uid), "controller": .bool(true), "blockOwnerDeletion": .bool(true),
        ])
    }
}

extension String {
    /// Whether the bytes of a word, which begins with a quotation mark, stand in the text.
    func holds(_ word: StaticString) -> Bool {
        var text = self
        // The pointers stay between `place` and `end` of the borrowed bytes: each comparison is preceded by its length.
        return text.withUTF8 { bytes in
            guard var place = bytes.baseAddress else { return false }
            let length = word.utf8CodeUnitCount
            let end = place + bytes.count
            while end - place >= length, let quote = memchr(place, Int32(UInt8(ascii: "\"")), end - place) {
                guard end - UnsafePointer(quote.assumingMemoryBound(to: UInt8.self)) >= length else { return false }
                if memcmp(quote, word.utf8Start, length) == 0 { return true }
                place = UnsafePointer(quote.assumingMemoryBound(to: UInt8.self)) + 1
            }
            return false
        }
    }
}
