/// Who sends a request, and what that one may do.
package struct Identity: Hashable, Sendable {
    /// What a role allows. Roles add up.
    package enum Role: Hashable, Sendable {
        /// Read everything.
        case read
        /// Read everything; write in one namespace, or in all where nil.
        case write(namespace: String?)
        /// Everything.
        case admin

        /// Reads `read`, `write`, `write:NAMESPACE` or `admin`; nil for anything else.
        package init?(_ text: some StringProtocol) {
            switch text {
            case "read": self = .read
            case "write": self = .write(namespace: nil)
            case "admin": self = .admin
            default:
                guard text.hasPrefix("write:"), text.count > 6 else { return nil }
                self = .write(namespace: String(text.dropFirst(6)))
            }
        }
    }

    package let name: String
    package let roles: [Role]

    package init(name: String, roles: [Role]) {
        self.name = name
        self.roles = roles
    }

    /// Everybody, on a loopback address without TLS.
    package static let trusted = Identity(name: "system:unsecured", roles: [.admin])

    /// Whether a request may go on.
    ///
    /// - Parameters:
    ///   - isWrite: Whether it may change something.
    ///   - namespace: The one it is about; nil for objects of the cluster's scope and for all namespaces.
    package func allows(isWrite: Bool, namespace: String?) -> Bool {
        roles.contains { role in
            switch role {
            case .admin: true
            case .read: !isWrite
            case .write(let own): !isWrite || own == nil && namespace != nil || own != nil && own == namespace
            }
        }
    }
}

/// What a request is let in by.
struct Admission {
    let identity: Identity
    /// The last second of the certificate that the client has shown, since 1970; nil where it has shown none.
    var certificateEnd: Int?
}
