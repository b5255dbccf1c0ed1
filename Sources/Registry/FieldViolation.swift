/// One field that breaks a rule, with the reason codes of Kubernetes' Status causes.
package struct FieldViolation: Error, Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case notSupported = "FieldValueNotSupported"
        case typeInvalid = "FieldValueTypeInvalid"

        /// The words Kubernetes opens its message with.
        var words: String {
            switch self {
            case .required: "Required value"
            case .invalid, .typeInvalid: "Invalid value"
            case .duplicate: "Duplicate value"
            case .forbidden: "Forbidden"
            case .notSupported: "Unsupported value"
            }
        }
    }

    package let path: FieldPath
    package let reason: Reason
    /// The offending value as it stood; nil where none stood there or it does not matter.
    package let value: String?
    package let detail: String

    package init(_ path: FieldPath, _ reason: Reason, value: String? = nil, _ detail: String = "") {
        self.path = path
        self.reason = reason
        self.value = value
        self.detail = detail
    }

    /// The message without the path: `Invalid value: "x": must be …`.
    package var message: String {
        // A value from outside may be of any length: a message quotes its beginning.
        let quoted = value.map { $0.utf8.count <= 128 ? $0 : String($0.prefix(125)) + "…" }
        return ([reason.words] + [quoted.map { "\"\($0)\"" }, detail.isEmpty ? nil : detail].compactMap { $0 })
            .joined(separator: ": ")
    }
}

extension FieldViolation: CustomStringConvertible {
    package var description: String { "\(path): \(message)" }
}

/// An object that was refused, with every rule it breaks.
package struct InvalidObject: Error, Hashable, Sendable {
    package let violations: [FieldViolation]

    package init(_ violations: [FieldViolation]) {
        self.violations = violations
    }
}

extension InvalidObject: CustomStringConvertible {
    package var description: String { violations.map(\.description).joined(separator: "; ") }
}
