import Registry

extension APIStatus {
    /// What a client is told where the store does not do what it was asked for.
    package init(_ error: ObjectStoreError) {
        switch error {
        case .alreadyExists(let key): self = .alreadyExists(key.kind, name: key.id.name)
        case .notFound(let key): self = .notFound(key.kind, name: key.id.name)
        case .conflict(let key, _, _): self = .conflict(key.kind, name: key.id.name)
        case .uidMismatch(let key, let expected, let stored):
            self = .uidConflict(key.kind, name: key.id.name, wanted: expected, stored: stored)
        case .invalid(let key, let violations): self = .invalid(key.kind, name: key.id.name, violations)
        case .tooLarge(_, let limit): self = .requestEntityTooLarge(limit: limit)
        case .versionTooOld(let version, let oldest): self = .versionTooOld(version, oldest: oldest)
        case .versionInFuture(let version, let newest): self = .versionTooLarge(version, newest: newest)
        case .unavailable(.full(let reason)): self = .insufficientStorage(reason)
        case .unavailable(let cause): self = .internalError("\(cause)")
        }
    }

    /// What a client is told where its document does not become an object of a kind.
    package init(_ error: InvalidObject, kind: ObjectKind, name: String) {
        self = .invalid(kind, name: name, error.violations)
    }
}
