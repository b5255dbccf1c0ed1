import Registry

/// JSON patches (RFC 6902).
package enum JSONPatch {
    /// As many operations as upstream takes.
    package static let maximumOperations = 10_000
    /// What copies may add to a document in all, in bytes of JSON (about); upstream's figure.
    package static let maximumCopiedSize = 3 << 20
    /// How many elements of lists operations may move in all, a matter of a tenth of a second or two.
    static let maximumMovedElements = 10_000_000

    /// The document that the operations of `patch` make of another, one after the other; all or none.
    package static func apply(_ patch: JSONValue, to document: JSONValue) throws(PatchError) -> JSONValue {
        guard case .array(let elements) = patch else {
            throw .malformed("a JSON patch must be an array of operations, not \(patch.kindName)")
        }
        guard elements.count <= maximumOperations else {
            throw PatchError(
                .tooManyOperations,
                "The allowed maximum operations in a JSON patch is \(maximumOperations), got \(elements.count)")
        }
        var operations: [JSONPatchOperation] = []
        operations.reserveCapacity(elements.count)
        for element in elements { operations.append(try JSONPatchOperation(element)) }
        var target = JSONPatchTarget(document: document)
        for operation in operations { try target.carryOut(operation) }
        return target.document
    }
}

extension JSONPatch {
    private static let members: Set<String> = ["op", "path", "from", "value"]
    /// No more unknown members are noted.
    private static let maximumNotes = 100

    /// The members of operations that no operation has: `unknown field "[0].foo"`.
    package static func unknownMembers(in patch: JSONValue) -> [String] {
        guard case .array(let operations) = patch else { return [] }
        var notes: [String] = []
        for (index, operation) in operations.enumerated() where notes.count < maximumNotes {
            guard case .object(let given) = operation else { continue }
            for name in given.keys.filter({ !members.contains($0) }).sorted().prefix(maximumNotes - notes.count) {
                notes.append("unknown field \"[\(index)].\(name.beginning)\"")
            }
        }
        return notes
    }
}

/// One operation of a JSON patch (RFC 6902 §4).
enum JSONPatchOperation: Sendable {
    case add(JSONPointer, JSONValue)
    case remove(JSONPointer)
    case replace(JSONPointer, JSONValue)
    case move(from: JSONPointer, to: JSONPointer)
    case copy(from: JSONPointer, to: JSONPointer)
    case test(JSONPointer, JSONValue)

    init(_ value: JSONValue) throws(PatchError) {
        guard case .object = value else {
            throw .malformed("an operation of a JSON patch must be an object, not \(value.kindName)")
        }
        for member in ["op", "path", "from"] {
            guard let text = value.at(member), text.string == nil else { continue }
            throw .malformed("error decoding patch: \(member) must be a string, not \(text.kindName)")
        }
        // Read so far, a patch may still say what nothing can be done about: upstream finds that while it applies it.
        let name = value["op"]?.string ?? "unknown"
        func pointer(_ member: String) throws(PatchError) -> JSONPointer {
            guard let text = value[member]?.string else {
                throw .notApplicable("\(name) operation failed to decode \(member): missing value")
            }
            return try JSONPointer(text)
        }
        func content() throws(PatchError) -> JSONValue {
            guard let content = value["value"] else {
                throw .notApplicable("\(name) operation, missing value field: missing value")
            }
            return content
        }
        switch name {
        case "add": self = .add(try pointer("path"), try content())
        case "remove": self = .remove(try pointer("path"))
        case "replace": self = .replace(try pointer("path"), try content())
        case "move": self = .move(from: try pointer("from"), to: try pointer("path"))
        case "copy": self = .copy(from: try pointer("from"), to: try pointer("path"))
        // Upstream reads a test without a value as one for null.
        case "test": self = .test(try pointer("path"), value["value"] ?? .null)
        default: throw .notApplicable("Unexpected kind: \(name)")
        }
    }
}
