import Registry

extension SchemaField {
    /// Whether a value says no more than its absence would: Kubernetes' types leave such members out (`omitempty`).
    func isAbsent(_ value: JSONValue) -> Bool {
        guard !isPointer else { return false }
        switch (shape, value) {
        case (_, .null):
            return true
        case (.string, .string("")):
            // A text that must be there and is empty is missing as well.
            return true
        case (.boolean, .bool(false)), (.int32, .integer(0)), (.int64, .integer(0)), (.intOrString, .integer(0)):
            return !isRequired
        case (.list, .array(let elements)):
            return !isRequired && elements.isEmpty
        case (.map, .object(let members)):
            return !isRequired && members.isEmpty
        default:
            return false
        }
    }
}
