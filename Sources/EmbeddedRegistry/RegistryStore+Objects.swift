import AddressAllocator
import Registry

/// Single objects, as an API reads and writes them: each write is a transaction that all or nothing comes of.
extension RegistryStore {
    package func object(_ key: ObjectKey) throws -> StoredObject? {
        try StoreError.mapping(file: file) {
            try database.read { try StoredRows.object(key, in: $0, file: file) }
        }
    }

    /// The objects of a kind and the version of the registry that they are the state of.
    package func objects(of kind: ObjectKind) throws -> (objects: [StoredObject], version: ResourceVersion) {
        try StoreError.mapping(file: file) {
            try database.read { database in
                let version = try StoredRows.setting(StoreSetting.version, in: database).flatMap { Int64($0) } ?? 0
                return (
                    try StoredRows.objects(of: kind, in: database, file: file), ResourceVersion(rawValue: version)
                )
            }
        }
    }

    /// Stores a new object.
    ///
    /// - Throws: `StoreError.alreadyExists`; `AddressingError` where a Service cannot have what it asks for.
    package func create(_ supplied: SuppliedObject, feeder: String) throws -> StoredObject {
        let key = supplied.object.key
        return try writeOne(key, feeder: feeder) { batch, stored in
            guard stored == nil else { throw StoreError.alreadyExists(key) }
            try batch.write(supplied, over: nil)
        }
    }

    /// Replaces an object; it stays its feeder's.
    ///
    /// - Parameter version: The version that the writer knows; nil to overwrite whatever is there.
    /// - Throws: `StoreError.notFound` or `.conflict`; `AddressingError` where a Service cannot have what it asks for.
    package func update(
        _ supplied: SuppliedObject, expecting version: ResourceVersion? = nil
    ) throws -> StoredObject {
        let key = supplied.object.key
        return try writeOne(key, feeder: "") { batch, stored in
            guard let stored else { throw StoreError.notFound(key) }
            try Self.check(stored, version: version, uid: nil)
            try batch.write(supplied, over: stored)
        }
    }

    /// Removes an object and returns it as it was.
    ///
    /// - Throws: `StoreError.notFound`, `.conflict` or `.uidMismatch`.
    @discardableResult
    package func delete(
        _ key: ObjectKey, expecting version: ResourceVersion? = nil, uid: String? = nil
    ) throws -> StoredObject {
        var removed: StoredObject?
        try write(feeder: "") { batch in
            guard let stored = try batch.object(key) else { throw StoreError.notFound(key) }
            try Self.check(stored, version: version, uid: uid)
            try batch.remove(stored)
            try batch.retryPending()
            removed = stored
        }
        guard let removed else { throw StoreError.notFound(key) }
        return removed
    }

    private func writeOne(
        _ key: ObjectKey, feeder: String, _ body: (inout StoreBatch, StoredObject?) throws -> Void
    ) throws -> StoredObject {
        var written: StoredObject?
        try write(feeder: feeder) { batch in
            try body(&batch, try batch.object(key))
            try batch.retryPending()
            written = try batch.object(key)
        }
        guard let written else { throw StoreError.notFound(key) }
        return written
    }

    private static func check(_ stored: StoredObject, version: ResourceVersion?, uid: String?) throws(StoreError) {
        if let version, version != stored.version {
            throw .conflict(stored.key, expected: version, stored: stored.version)
        }
        if let uid, uid != stored.uid { throw .uidMismatch(stored.key, expected: uid, stored: stored.uid) }
    }
}

extension StoreBatch {
    /// Writes one object; what a Service cannot have is an error here, not a reason to wait.
    fileprivate mutating func write(_ supplied: SuppliedObject, over stored: StoredObject?) throws {
        let feeder = stored?.feeder ?? feeder
        guard case .service(let wanted) = supplied.object else {
            return try store(supplied, over: stored, feeder: feeder)
        }
        let service = try assign(wanted, replacing: settledService(stored))
        try setPending(wanted.metadata.id, nil)
        try store(supplied, over: stored, as: service, feeder: feeder)
    }
}
