import Registry

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
