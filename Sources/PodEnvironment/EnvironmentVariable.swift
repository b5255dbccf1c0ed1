import Registry

/// One variable of a container's environment and where it comes from.
package struct EnvironmentVariable: Hashable, Sendable {
    /// Who gave a variable; decides who wins and whom a size is charged to.
    package enum Origin: Hashable, Sendable {
        /// The user named it (`env` of a container, `--env` of the command line).
        case user
        /// It stood in the environment that the container's own one builds on (`envFrom`, the caller of a command).
        case inherited
        case service(NamespacedName)
    }

    package let name: String
    package let value: String
    package let origin: Origin

    package init(_ name: String, _ value: String, origin: Origin = .user) {
        self.name = name
        self.value = value
        self.origin = origin
    }
}

extension EnvironmentVariable {
    /// Reads `NAME=VALUE`, as a user writes it; the value may be empty and may hold further `=`.
    package init(assignment: String) throws(PodEnvironmentError) {
        guard let equals = assignment.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            throw .notAnAssignment(assignment)
        }
        let name = String(assignment[..<equals])
        let value = String(assignment[assignment.utf8.index(after: equals)...])
        guard Self.isContainerName(name) else { throw .invalidName(name) }
        guard !value.utf8.contains(0) else { throw .valueHoldsNUL(name: name) }
        self.init(name, value)
    }

    /// Whether Kubernetes takes a name for a container's variable: printable ASCII but `=` (since 1.34).
    package static func isContainerName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }
    }

    /// Whether shells and systemd take a name: letters, digits and `_`, no digit first (POSIX 3.231 Name).
    package static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetterOrUnderscore($0) || isDigit($0) }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isLetterOrUnderscore(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == UInt8(ascii: "_")
    }
}
