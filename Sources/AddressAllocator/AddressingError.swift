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
    /// The fields to blame, as the Status of an API names them; never empty.
    package let violations: [FieldViolation]
    /// Whether Kubernetes answers 500 InternalError (nothing is free, or a health check port is taken) and not 422.
    package let isInternal: Bool

    init(_ reason: Reason, _ violations: [FieldViolation]) {
        self.reason = reason
        self.violations = violations
        isInternal = false
    }

    init(_ error: AllocationError, at path: FieldPath, value: String? = nil, isInternal: Bool? = nil) {
        reason = .allocation(error)
        violations = [FieldViolation(path, .invalid, value: value, error.description)]
        self.isInternal = isInternal ?? error.isExhaustion
    }

    static func immutable(_ path: FieldPath, value: String, stored: String) -> AddressingError {
        AddressingError(
            .immutable, [FieldViolation(path, .invalid, value: value, "may not change once set (it is \(stored))")])
    }
}

extension AddressingError: CustomStringConvertible {
    package var description: String {
        if case .allocation(let error) = reason, let path = violations.first?.path { return "\(path): \(error)" }
        return violations.map(\.description).joined(separator: "; ")
    }
}
