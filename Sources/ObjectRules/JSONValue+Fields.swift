import Registry

/// Reading fields of documents as Go reads them: an absent field, a null and a zero value are one.
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

    /// The texts of a list; elements of other kinds are empty, so that places stay right.
    func texts(_ key: String) -> [String] { list(key).map { $0.string ?? "" } }

    func members(_ key: String) -> [String: JSONValue] {
        guard case .object(let members)? = self[key] else { return [:] }
        return members
    }

    /// The members of a map of texts.
    func textMap(_ key: String) -> [String: String] { members(key).mapValues { $0.string ?? "" } }

    /// Whether the field holds nothing that Go would tell from its absence.
    func isZero(_ key: String) -> Bool {
        switch self[key] {
        case nil, .null, .string(""), .integer(0), .bool(false): true
        default: false
        }
    }
}

/// Changing fields of documents; what is of another kind than expected is left alone, for validation to name.
extension JSONValue {
    /// Fills in a field that holds nothing.
    mutating func setDefault(_ key: String, _ value: JSONValue) {
        switch self[key] {
        case nil, .null: self[key] = value
        case .string("") where value != .string(""): self[key] = value
        default: break
        }
    }

    /// Changes an object in a field, where there is one.
    mutating func change(_ key: String, _ body: (inout JSONValue) -> Void) {
        guard var value = self[key], case .object = value else { return }
        body(&value)
        self[key] = value
    }

    /// Changes an object in a field, which is made where there is none.
    mutating func changeOrMake(_ key: String, _ body: (inout JSONValue) -> Void) {
        if self[key] == nil || self[key] == .null { self[key] = .object([:]) }
        change(key, body)
    }

    /// Changes each object of a list in a field.
    mutating func changeElements(_ key: String, _ body: (inout JSONValue) -> Void) {
        guard case .array(var elements)? = self[key] else { return }
        for index in elements.indices {
            if case .object = elements[index] { body(&elements[index]) }
        }
        self[key] = .array(elements)
    }
}
