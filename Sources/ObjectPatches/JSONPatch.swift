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
        let name = value["op"]?.string ?? "unknown"
        func pointer(_ member: String) throws(PatchError) -> JSONPointer {
            guard let text = value[member]?.string else {
                throw .malformed("\(name) operation failed to decode \(member): missing value")
            }
            return try JSONPointer(text)
        }
        func content() throws(PatchError) -> JSONValue {
            guard let content = value["value"] else {
                throw .malformed("\(name) operation, missing value field: missing value")
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
        default: throw .malformed("Unexpected kind: \(name)")
        }
    }
}
