/// Reads the fields of a document and notes those of the wrong type, so that one pass names every mistake.
///
/// Absent and null fields are nil (JSON of Kubernetes does not tell them apart). Confined to the thread that
/// decodes; it shares its list of violations with the readers of nested fields.
struct FieldReader {
    /// The violations found so far, shared by all readers of a document.
    final class Findings {
        var violations: [FieldViolation] = []
    }

    let path: FieldPath
    let findings: Findings
    private let value: JSONValue?

    init(_ value: JSONValue?, path: FieldPath = FieldPath(), findings: Findings) {
        self.value = value == .null ? nil : value
        self.path = path
        self.findings = findings
    }

    var isPresent: Bool { value != nil }

    func member(_ name: String) -> FieldReader {
        if let value, case .object = value {
            return FieldReader(value[name], path: path / name, findings: findings)
        }
        return FieldReader(nil, path: path / name, findings: findings)
    }

    /// A nested object; something else in its place is a violation.
    func object(_ name: String) -> FieldReader {
        let nested = member(name)
        nested.expectObject()
        return nested
    }

    /// Notes a violation where something other than an object stands here.
    func expectObject() {
        guard let value else { return }
        guard case .object = value else { return noteWrongType("an object") }
    }

    func string() -> String? {
        guard let value else { return nil }
        guard case .string(let text) = value else {
            noteWrongType("a string")
            return nil
        }
        return text
    }

    func bool() -> Bool? {
        guard let value else { return nil }
        guard case .bool(let flag) = value else {
            noteWrongType("a boolean")
            return nil
        }
        return flag
    }

    func integer() -> Int? {
        guard let value else { return nil }
        guard case .integer(let number) = value else {
            noteWrongType("an integer")
            return nil
        }
        return Int(number)
    }

    /// A value that may be a number or a name (`targetPort`).
    func integerOrString() -> IntegerOrString? {
        switch value {
        case .integer(let number): return .integer(Int(number))
        case .string(let text): return .string(text)
        case nil: return nil
        default:
            noteWrongType("an integer or a string")
            return nil
        }
    }

    func elements() -> [FieldReader] {
        guard let value else { return [] }
        guard case .array(let elements) = value else {
            noteWrongType("an array")
            return []
        }
        return elements.enumerated().map { FieldReader($0.element, path: path[$0.offset], findings: findings) }
    }

    func strings() -> [String] {
        elements().compactMap { element in
            guard element.isPresent else {
                element.note(.invalid, "must not be null")
                return nil
            }
            return element.string()
        }
    }

    func stringMap() -> [String: String] {
        guard let value else { return [:] }
        guard case .object(let members) = value else {
            noteWrongType("an object")
            return [:]
        }
        var map: [String: String] = [:]
        for name in members.keys {
            map[name] = member(name).string() ?? ""
        }
        return map
    }

    /// A text out of a closed set; a value outside it is a violation.
    func choice<Choice: RawRepresentable & CaseIterable>(of _: Choice.Type) -> Choice? where Choice.RawValue == String {
        guard let text = string(), !text.isEmpty else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let supported = Choice.allCases.map { "\"\($0.rawValue)\"" }.sorted().joined(separator: ", ")
        note(.notSupported, value: text, "supported values: \(supported)")
        return nil
    }

    func note(_ reason: FieldViolation.Reason, value: String? = nil, _ detail: String) {
        findings.violations.append(FieldViolation(path, reason, value: value, detail))
    }

    private func noteWrongType(_ wanted: String) {
        note(.typeInvalid, "must be \(wanted), not \(value?.kindName ?? "null")")
    }
}

/// A number or a name, as `targetPort` takes it.
package enum IntegerOrString: Hashable, Sendable {
    case integer(Int)
    case string(String)
}
