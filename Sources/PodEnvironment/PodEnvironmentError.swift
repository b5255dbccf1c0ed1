import Registry

/// Why an environment, a resolver configuration or a hostname cannot be made.
package enum PodEnvironmentError: Error, Hashable, Sendable {
    /// A text that should read `NAME=VALUE` has no `=`.
    case notAnAssignment(String)
    case invalidName(String)
    case valueHoldsNUL(name: String)
    /// The dialect's reader could not be made to read the variable back.
    case unwritable(name: String, dialect: EnvironmentDialect, reason: String)
    /// One `NAME=VALUE` that the kernel takes in no environment.
    case variableTooLarge(name: String, bytes: Int, limit: Int)
    /// All variables together; `largest` names the biggest contributors, biggest first.
    case environmentTooLarge(bytes: Int, limit: Int, largest: [EnvironmentSize.Contribution])
    /// A line of the node's resolver file, counted from 1.
    case invalidNodeFile(line: Int, reason: String)
    case invalidDNSConfig([FieldViolation])
    case invalidHostname(FieldViolation)
}

extension PodEnvironmentError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnAssignment(let text):
            "'\(text)' is no assignment: write NAME=VALUE"
        case .invalidName(let name):
            "'\(name)' is no name of a variable: use printable ASCII without '='"
        case .valueHoldsNUL(let name):
            "the value of \(name) holds a NUL byte, which ends it in any environment"
        case .unwritable(let name, let dialect, let reason):
            "variable \(name) cannot be written as \(dialect.rawValue): \(reason)"
        case .variableTooLarge(let name, let bytes, let limit):
            "variable \(name) takes \(bytes) bytes, one variable may take \(limit)"
        case .environmentTooLarge(let bytes, let limit, let largest):
            "the variables take \(bytes) bytes, \(limit) is the limit; the largest: "
                + largest.map { "\($0.contributor) (\($0.bytes))" }.joined(separator: ", ")
        case .invalidNodeFile(let line, let reason):
            "line \(line): \(reason)"
        case .invalidDNSConfig(let violations):
            violations.map(\.description).joined(separator: "; ")
        case .invalidHostname(let violation):
            violation.description
        }
    }
}
