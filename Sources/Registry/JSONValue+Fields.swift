/// Reading fields of documents as Go reads them: an absent field, a null and a zero value are one.
extension JSONValue {
    /// The value at the end of a path of member names; nil where a step is missing or null.
    package func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = self
        for name in path { value = value?[name] }
        return value == .null ? nil : value
    }

    /// A text; empty where there is none.
    package func text(_ key: String) -> String { self[key]?.string ?? "" }

    package func integer(_ key: String) -> Int? {
        guard case .integer(let number)? = self[key] else { return nil }
        return Int(number)
    }

    package func flag(_ key: String) -> Bool? {
        guard case .bool(let flag)? = self[key] else { return nil }
        return flag
    }

    package func list(_ key: String) -> [JSONValue] {
        guard case .array(let elements)? = self[key] else { return [] }
        return elements
    }

    /// The texts of a list; elements of other kinds are empty, so that places stay right.
    package func texts(_ key: String) -> [String] { list(key).map { $0.string ?? "" } }

    package func members(_ key: String) -> [String: JSONValue] {
        guard case .object(let members)? = self[key] else { return [:] }
        return members
    }

    /// The members of a map of texts.
    package func textMap(_ key: String) -> [String: String] { members(key).mapValues { $0.string ?? "" } }

    /// Whether the field holds nothing that Go would tell from its absence.
    package func isZero(_ key: String) -> Bool {
        switch self[key] {
        case nil, .null, .string(""), .integer(0), .bool(false): true
        default: false
        }
    }
}
