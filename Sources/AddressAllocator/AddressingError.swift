import Registry

/// Why a Service cannot have the addresses or node ports it asks for.
package struct AddressingError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Fields contradict each other or what the cluster offers.
        case invalid
        /// A field was to change that keeps its value for the life of the Service.
        case immutable
        /// An address or number is taken, out of range or none is free.
        case allocation(AllocationError)
    }

    package let reason: Reason
    /// The fields to blame, in the words of Kubernetes' API server; never empty.
    package let violations: [FieldViolation]
    /// Whether Kubernetes answers 500 InternalError (nothing is free, or a health check port is taken) and not 422.
    package let isInternal: Bool
    /// The Service that is refused; nil until the plan for it fails.
    package var service: NamespacedName?
    /// More than Kubernetes says, for people at a terminal.
    private let remark: String?

    init(_ reason: Reason, _ violations: [FieldViolation], remark: String? = nil) {
        self.reason = reason
        self.violations = violations
        self.remark = remark
        isInternal = false
    }

    /// - Parameter attempt: What was tried, as Kubernetes puts it in front of the fault.
    init(
        _ error: AllocationError, at path: FieldPath, value: JSONValue? = nil, attempt: String? = nil,
        isInternal: Bool? = nil
    ) {
        reason = .allocation(error)
        let detail = [attempt, error.fault].compactMap { $0 }.joined(separator: ": ")
        violations = [
            value.map { FieldViolation(path, .invalid, of: $0, detail) } ?? FieldViolation(path, .invalid, detail)
        ]
        self.isInternal = isInternal ?? error.isExhaustion
        remark = nil
    }

    static func immutable(_ path: FieldPath, value: JSONValue, stored: String) -> AddressingError {
        AddressingError(
            .immutable, [FieldViolation(path, .invalid, of: value, "may not change once set")],
            remark: "it is \(stored)")
    }
}

extension AddressingError: CustomStringConvertible {
    package var description: String {
        if case .allocation(let error) = reason, let path = violations.first?.path { return "\(path): \(error)" }
        return violations.map(\.description).joined(separator: "; ") + (remark.map { " (\($0))" } ?? "")
    }
}
