import Registry

/// A document while a JSON patch works on it; of no use any more once an operation has failed.
///
/// What copies add is bounded in bytes, and all that is put in is bounded in depth: a few operations could otherwise
/// double a document again and again, or nest it until it exhausts the stack of whoever reads it.
struct JSONPatchTarget {
    private(set) var document: JSONValue
    private var copiedSize = 0
    private var movedElements = 0

    init(document: JSONValue) {
        self.document = document
    }

    mutating func carryOut(_ operation: JSONPatchOperation) throws(PatchError) {
        switch operation {
        case .add(let path, let value):
            try checkDepth(of: value, at: path, "add")
            try add(value, at: path, "add")
        case .remove(let path):
            _ = try remove(path, "remove")
        case .replace(let path, let value):
            try checkDepth(of: value, at: path, "replace")
            try replace(path, with: value)
        case .move(let source, let path):
            guard !path.isInside(source) else {
                throw .notApplicable("move operation does not apply: \(path) is inside \(source)")
            }
            let value = try remove(source, "move")
            // Measured only where it comes to stand deeper, so that many moves of much cost little.
            if path.tokens.count > source.tokens.count { try charge(value, at: path, "move") }
            try add(value, at: path, "move")
        case .copy(let source, let path):
            let value = try value(at: source, "copy")
            try charge(value, at: path, "copy")
            try add(value, at: path, "copy")
        case .test(let path, let expected):
            let value = try testedValue(at: path)
            guard Self.isEqual(value, expected) else {
                throw .notApplicable("testing value \(path) failed: test failed")
            }
        }
    }

    private func value(at path: JSONPointer, _ operation: String) throws(PatchError) -> JSONValue {
        var value = document
        for token in path.tokens {
            switch value {
            case .object(let members):
                guard let member = members[token] else { throw Self.missing(path, operation) }
                value = member
            case .array(let elements):
                guard let index = JSONPointer.index(token, below: elements.count) else {
                    throw Self.invalidIndex(token, path, operation)
                }
                value = elements[index]
            default:
                throw Self.missing(path, operation)
            }
        }
        return value
    }

    /// As `value`, but a missing member of an object that is there is null, as upstream tests it.
    private func testedValue(at path: JSONPointer) throws(PatchError) -> JSONValue {
        guard let last = path.tokens.last, case .object(let members) = try value(at: path.parent, "test") else {
            return try value(at: path, "test")
        }
        return members[last] ?? .null
    }

    private mutating func add(_ value: JSONValue, at path: JSONPointer, _ operation: String) throws(PatchError) {
        guard !path.tokens.isEmpty else {
            document = value
            return
        }
        var moved = 0
        try changeContainer(of: path, operation) { (container, token) throws(PatchError) in
            if var members = container.takeMembers() {
                members[token] = value
                container = .object(members)
            } else if var elements = container.takeElements() {
                if token == "-" {
                    elements.append(value)
                } else if let index = JSONPointer.index(token, below: elements.count + 1) {
                    moved = elements.count - index
                    elements.insert(value, at: index)
                } else {
                    throw Self.invalidIndex(token, path, operation)
                }
                container = .array(elements)
            } else {
                throw Self.missing(path, operation)
            }
        }
        try charge(moved: moved, operation)
    }

    private mutating func remove(_ path: JSONPointer, _ operation: String) throws(PatchError) -> JSONValue {
        guard !path.tokens.isEmpty else {
            defer { document = .null }
            return document
        }
        var removed: JSONValue?
        var moved = 0
        try changeContainer(of: path, operation) { (container, token) throws(PatchError) in
            if var members = container.takeMembers() {
                removed = members.removeValue(forKey: token)
                container = .object(members)
            } else if var elements = container.takeElements() {
                guard let index = JSONPointer.index(token, below: elements.count) else {
                    throw Self.invalidIndex(token, path, operation)
                }
                moved = elements.count - index
                removed = elements.remove(at: index)
                container = .array(elements)
            } else {
                throw Self.missing(path, operation)
            }
        }
        try charge(moved: moved, operation)
        guard let removed else {
            throw .notApplicable(
                "error in \(operation) for path: '\(path)': "
                    + "Unable to remove nonexistent key: \(path.tokens.last ?? ""): missing value")
        }
        return removed
    }

    private mutating func replace(_ path: JSONPointer, with value: JSONValue) throws(PatchError) {
        guard !path.tokens.isEmpty else {
            document = value
            return
        }
        try changeContainer(of: path, "replace") { (container, token) throws(PatchError) in
            if var members = container.takeMembers() {
                guard members.updateValue(value, forKey: token) != nil else {
                    throw .notApplicable("replace operation does not apply: doc is missing key: \(path): missing value")
                }
                container = .object(members)
            } else if var elements = container.takeElements() {
                guard let index = JSONPointer.index(token, below: elements.count) else {
                    throw Self.invalidIndex(token, path, "replace")
                }
                elements[index] = value
                container = .array(elements)
            } else {
                throw Self.missing(path, "replace")
            }
        }
    }
}

extension JSONPatchTarget {
    private typealias Change = (_ container: inout JSONValue, _ token: String) throws(PatchError) -> Void

    /// Changes the object or array in which a place is, where it stands.
    private mutating func changeContainer(
        of path: JSONPointer, _ operation: String, _ body: Change
    ) throws(PatchError) {
        try Self.change(&document, path.tokens[...], path, operation, body)
    }

    private static func change(
        _ value: inout JSONValue, _ tokens: ArraySlice<String>, _ path: JSONPointer, _ operation: String,
        _ body: Change
    ) throws(PatchError) {
        guard let token = tokens.first else { return }
        let rest = tokens.dropFirst()
        guard !rest.isEmpty else { return try body(&value, token) }
        if var members = value.takeMembers() {
            guard members[token] != nil else { throw missing(path, operation) }
            try change(&members[token, default: .null], rest, path, operation, body)
            value = .object(members)
        } else if var elements = value.takeElements() {
            guard let index = JSONPointer.index(token, below: elements.count) else {
                throw invalidIndex(token, path, operation)
            }
            try change(&elements[index], rest, path, operation, body)
            value = .array(elements)
        } else {
            throw missing(path, operation)
        }
    }
}

extension JSONPatchTarget {
    private func checkDepth(of value: JSONValue, at path: JSONPointer, _ operation: String) throws(PatchError) {
        var size = 0
        guard Self.measure(value, depth: path.tokens.count, size: &size, limit: .max) else {
            throw Self.tooDeep(path, operation)
        }
    }

    /// Counts what is put in against the limit.
    private mutating func charge(
        _ value: JSONValue, at path: JSONPointer, _ operation: String
    ) throws(PatchError) {
        let isShallow = Self.measure(
            value, depth: path.tokens.count, size: &copiedSize, limit: JSONPatch.maximumCopiedSize)
        guard copiedSize <= JSONPatch.maximumCopiedSize else {
            throw .notApplicable(
                "Unable to complete the \(operation), the accumulated size increase of copy is \(copiedSize), "
                    + "exceeding the limit \(JSONPatch.maximumCopiedSize)")
        }
        guard isShallow else { throw Self.tooDeep(path, operation) }
    }

    /// Counts elements that were moved to make or fill a gap against a limit: thousands of operations on one long list
    /// would otherwise keep the server busy for a minute.
    private mutating func charge(moved: Int, _ operation: String) throws(PatchError) {
        movedElements += moved
        guard movedElements <= JSONPatch.maximumMovedElements else {
            throw .notApplicable("Unable to complete the \(operation), the patch changes lists that are too long")
        }
    }

    /// Adds up the size of a value; stops with false where it nests too deeply or exceeds the limit.
    private static func measure(_ value: JSONValue, depth: Int, size: inout Int, limit: Int) -> Bool {
        // As deep as the text is read again.
        guard depth < JSONText.maximumDepth else { return false }
        size += 4
        switch value {
        case .null, .bool, .integer, .number:
            break
        case .string(let text):
            size += text.utf8.count
        case .array(let elements):
            for element in elements {
                guard measure(element, depth: depth + 1, size: &size, limit: limit) else { return false }
            }
        case .object(let members):
            for (name, member) in members {
                size += name.utf8.count
                guard measure(member, depth: depth + 1, size: &size, limit: limit) else { return false }
            }
        }
        return size <= limit
    }

    /// Equality of RFC 6902 §4.6: numbers by their value.
    private static func isEqual(_ one: JSONValue, _ other: JSONValue) -> Bool {
        switch (one, other) {
        case (.integer(let integer), .number(let number)), (.number(let number), .integer(let integer)):
            return Double(integer) == number
        case (.array(let elements), .array(let others)):
            return elements.count == others.count && zip(elements, others).allSatisfy(isEqual)
        case (.object(let members), .object(let others)):
            return members.count == others.count
                && members.allSatisfy { name, member in others[name].map { isEqual(member, $0) } ?? false }
        default:
            return one == other
        }
    }

    private static func missing(_ path: JSONPointer, _ operation: String) -> PatchError {
        .notApplicable("\(operation) operation does not apply: doc is missing path: \"\(path)\": missing value")
    }

    private static func tooDeep(_ path: JSONPointer, _ operation: String) -> PatchError {
        .notApplicable("\(operation) operation does not apply: \"\(path)\" would be nested too deeply")
    }

    private static func invalidIndex(_ token: String, _ path: JSONPointer, _ operation: String) -> PatchError {
        .notApplicable(
            "error in \(operation) for path: '\(path)': Unable to access invalid index: \(token): "
                + "invalid index referenced")
    }
}

extension JSONValue {
    /// The members of an object, of which nothing is left behind; nil, and nothing done, for any other kind.
    ///
    /// Who takes them is their one holder, so that a change copies nothing. A `switch` over the value would hold it to its
    /// end, and each change copy all members.
    fileprivate mutating func takeMembers() -> [String: JSONValue]? {
        guard case .object(let members) = self else { return nil }
        self = .null
        return members
    }

    /// The elements of an array, as `takeMembers`.
    fileprivate mutating func takeElements() -> [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        self = .null
        return elements
    }
}
