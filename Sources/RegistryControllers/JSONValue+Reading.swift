import Registry

extension JSONValue {
    /// The texts of a list; elements of other kinds are left out.
    func strings(_ key: String) -> [String] { list(key).compactMap(\.string) }

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
