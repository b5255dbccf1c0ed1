/// Why a store does not do what it was asked for.
package enum ObjectStoreError: Error, Hashable, Sendable {
    /// Why nothing can be written, or read.
    package enum Unavailability: Hashable, Sendable, CustomStringConvertible {
        /// The disk, or the quota of the user, is full.
        case full(String)
        case readOnly(String)
        case damaged(String)
        case other(String)

        /// One line, with the place and the cause.
        package var description: String {
            switch self {
            case .full(let text), .readOnly(let text), .damaged(let text), .other(let text): text
            }
        }
    }

    case alreadyExists(ObjectKey)
    case notFound(ObjectKey)
    /// The object is not at the version that the writer had in mind.
    case conflict(ObjectKey, expected: ResourceVersion, stored: ResourceVersion)
    /// The object of this name is another one than the writer had in mind.
    case uidMismatch(ObjectKey, expected: String, stored: String)
    /// What the registry has to keep unique is there already, or a rule of the store forbids the write.
    case invalid(ObjectKey, [FieldViolation])
    /// The object would have more than `limit` bytes.
    case tooLarge(ObjectKey, limit: Int)
    /// Changes since that version are no longer all there; `oldest` is the first version that can still be asked for.
    case versionTooOld(ResourceVersion, oldest: ResourceVersion)
    case versionInFuture(ResourceVersion, newest: ResourceVersion)
    case unavailable(Unavailability)
}

extension ObjectStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .alreadyExists(let key):
            "\(key) already exists"
        case .notFound(let key):
            "\(key) not found"
        case .conflict(let key, let expected, let stored):
            "\(key) has changed: it is at version \(stored.rawValue), not \(expected.rawValue); read it again"
        case .uidMismatch(let key, let expected, let stored):
            "\(key) is another object: its uid is \(stored), not \(expected)"
        case .invalid(let key, let violations):
            "\(key) is invalid: \(violations.map(\.description).joined(separator: "; "))"
        case .tooLarge(let key, let limit):
            "\(key) is too large: an object has \(limit) bytes at most"
        case .versionTooOld(let version, let oldest):
            "version \(version.rawValue) is too old: changes are kept from version \(oldest.rawValue) on"
        case .versionInFuture(let version, let newest):
            "version \(version.rawValue) is in the future: the registry is at \(newest.rawValue)"
        case .unavailable(let cause):
            "\(cause)"
        }
    }
}
