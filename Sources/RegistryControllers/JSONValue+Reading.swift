import Registry

/// Reading fields of stored documents: an absent field, a null and a field of another kind than expected are one.
extension JSONValue {
    /// The value at the end of a path of member names; nil where a step is missing or null.
    func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = self
        for name in path { value = value?[name] }
        return value == .null ? nil : value
    }

    /// A text; empty where there is none.
    func text(_ key: String) -> String { self[key]?.string ?? "" }

    func integer(_ key: String) -> Int? {
        guard case .integer(let number)? = self[key] else { return nil }
        return Int(number)
    }

    func flag(_ key: String) -> Bool? {
        guard case .bool(let flag)? = self[key] else { return nil }
        return flag
    }

    func list(_ key: String) -> [JSONValue] {
        guard case .array(let elements)? = self[key] else { return [] }
        return elements
    }

    func texts(_ key: String) -> [String] { list(key).compactMap(\.string) }

    /// The members of a map of texts.
    func textMap(_ key: String) -> [String: String] {
        guard case .object(let members)? = self[key] else { return [:] }
        return members.mapValues { $0.string ?? "" }
    }

    /// An instant in RFC 3339; nil where there is none, or it is malformed.
    func time(_ key: String) -> Timestamp? { self[key]?.string.flatMap { Timestamp(rfc3339: $0) } }
}

/// Writing fields: what says nothing is left out.
extension JSONValue {
    /// A map of texts as an object.
    static func map(_ texts: [String: String]) -> JSONValue { .object(texts.mapValues { .string($0) }) }

    /// Counts a change of what an object says (`metadata.generation`).
    mutating func advanceGeneration() {
        let former = self["metadata"]?.integer("generation") ?? 0
        self["metadata"]?["generation"] = .integer(Int64(former).addingReportingOverflow(1).partialValue)
    }

    /// Sets a text; an empty one removes the field.
    mutating func setText(_ key: String, _ text: String) { self[key] = text.isEmpty ? nil : .string(text) }
}
