import AddressAllocator
import ObjectRules
import Registry

extension APIStatus {
    /// What a Service is told that cannot have the addresses or ports it asks for: 422, or 500 where none is left.
    init(_ error: AddressingError, request: APIRequest) {
        guard !error.isInternal else {
            self = .internalError(error.violations.first?.detail ?? "\(error)")
            return
        }
        // The path of a creation does not say the name.
        let name = error.service?.name ?? ResourceTarget(path: request.path)?.name ?? ""
        self = .invalid(.service, name: name, error.violations)
    }
}
