/// One field that breaks a rule, with the reason codes of Kubernetes' Status causes.
package struct FieldViolation: Error, Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case notFound = "FieldValueNotFound"
        case notSupported = "FieldValueNotSupported"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"

        /// The words Kubernetes opens its message with.
        var words: String {
            switch self {
            case .required: "Required value"
            case .invalid, .typeInvalid: "Invalid value"
            case .duplicate: "Duplicate value"
            case .forbidden: "Forbidden"
            case .notFound: "Not found"
            case .notSupported: "Unsupported value"
            case .tooLong: "Too long"
            case .tooMany: "Too many"
            }
        }

        /// Whether the message never shows the value, as it is absent, withheld or too long.
        var hidesValue: Bool {
            switch self {
            case .required, .forbidden, .tooLong: true
            case .invalid, .duplicate, .notFound, .notSupported, .tooMany, .typeInvalid: false
            }
        }
    }

    package let path: FieldPath
    package let reason: Reason
    /// The offending value as it stood; nil where none stood there or it does not matter.
    package let value: JSONValue?
    package let detail: String

    /// - Parameter value: A text; messages show it in quotes.
    package init(_ path: FieldPath, _ reason: Reason, value: String? = nil, _ detail: String = "") {
        self.path = path
        self.reason = reason
        self.value = value.map { .string($0) }
        self.detail = detail
    }

    /// - Parameter value: Of any kind: messages show texts in quotes, numbers and flags bare, the rest as JSON.
    package init(_ path: FieldPath, _ reason: Reason, of value: JSONValue, _ detail: String = "") {
        self.path = path
        self.reason = reason
        self.value = value
        self.detail = detail
    }

    /// The message without the path: `Invalid value: "x": must be …`.
    package var message: String {
        let shown = reason.hidesValue ? nil : value.map(Self.text)
        return [reason.words, shown, detail.isEmpty ? nil : detail].compactMap { $0 }.joined(separator: ": ")
    }

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .string(let text): quoted(text.beginning)
        case .null: "\"null\""
        case .bool, .integer, .number, .array, .object: JSONText.text(of: value).beginning
        }
    }

    /// The text in quotes, with quotes, backslashes and control characters inside as escapes.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { quoted, scalar in
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..<" ", "\u{7f}":
                quoted += (scalar.value < 16 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        } + "\""
    }
}

extension FieldViolation {
    /// Nobody is told of more than so many violations: whoever has gathered more need not look for others.
    package static let toldLimit = 100

    /// A text outside a closed set, which the message lists in the order given.
    package static func notSupported(_ path: FieldPath, value: String, supported: [String]) -> FieldViolation {
        FieldViolation(
            path, .notSupported, value: value,
            "supported values: " + supported.map { "\"\($0)\"" }.joined(separator: ", "))
    }

    /// A list of more elements than it may have.
    package static func tooMany(_ path: FieldPath, count: Int, limit: Int) -> FieldViolation {
        FieldViolation(
            path, .tooMany, of: .integer(Int64(count)), "must have at most \(limit) item\(limit == 1 ? "" : "s")")
    }

    /// A number outside a closed range.
    package static func outOfRange(_ path: FieldPath, _ number: Int, _ range: ClosedRange<Int>) -> FieldViolation {
        FieldViolation(
            path, .invalid, of: .integer(Int64(number)),
            "must be between \(range.lowerBound) and \(range.upperBound), inclusive")
    }

    /// A value that keeps what it was given first.
    package static func immutable(_ path: FieldPath, value: JSONValue?) -> FieldViolation {
        FieldViolation(path, .invalid, of: value ?? .null, "field is immutable")
    }

    /// One violation for each fault that a rule finds with a text.
    package static func list(_ path: FieldPath, value: String, faults: [String]) -> [FieldViolation] {
        faults.map { FieldViolation(path, .invalid, value: value, $0) }
    }
}

extension Sequence {
    /// The violations of a rule that holds for each element, up to the element by which there are more than are told.
    package func violations(_ rule: (Element) -> [FieldViolation]) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        for element in self {
            violations += rule(element)
            if violations.count > FieldViolation.toldLimit { break }
        }
        return violations
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
