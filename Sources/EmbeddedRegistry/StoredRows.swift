import GRDB
import Registry

/// Rows of the registry's tables as values, for the server's store and for readers beside it.
enum StoredRows {
    private static let columns = "kind, namespace, name, uid, version, feeder, origin, document"

    /// The objects, all of them or those of a kind.
    static func objects(
        of kind: ObjectKind? = nil, in database: Database, file: String
    ) throws -> [StoredObject] {
        var objects: [StoredObject] = []
        try forEachObject(of: kind, in: database, file: file) { objects.append($0) }
        return objects
    }

    /// Visits the objects one by one, so that never the documents of all of them are held.
    static func forEachObject(
        of kind: ObjectKind? = nil, in database: Database, file: String, _ body: (StoredObject) throws -> Void
    ) throws {
        let filter = kind == nil ? "" : " WHERE kind = ?"
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(columns) FROM objects" + filter, arguments: kind.map { [$0.rawValue] } ?? [])
        while let row = try rows.next() { try body(try object(row, file: file)) }
    }

    /// The objects that a feeder supplies.
    static func objects(suppliedBy feeder: String, in database: Database, file: String) throws -> [StoredObject] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(columns) FROM objects WHERE feeder = ?", arguments: [feeder])
        var objects: [StoredObject] = []
        while let row = try rows.next() { objects.append(try object(row, file: file)) }
        return objects
    }

    /// The object of a key, if there is one.
    static func object(_ key: ObjectKey, in database: Database, file: String) throws -> StoredObject? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM objects WHERE kind = ? AND namespace = ? AND name = ?")
        return try Row.fetchOne(statement, arguments: [key.kind.rawValue, key.id.namespace, key.id.name])
            .map { try object($0, file: file) }
    }

    /// The same without reading the document.
    static func record(_ key: ObjectKey, in database: Database, file: String) throws -> ObjectRecord? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT kind, namespace, name, uid, version, document FROM objects
                WHERE kind = ? AND namespace = ? AND name = ?
                """)
        return try Row.fetchOne(statement, arguments: [key.kind.rawValue, key.id.namespace, key.id.name])
            .map { try record($0, file: file) }
    }

    /// The uid of the object of a key, without reading the rest of it.
    static func uid(of key: ObjectKey, in database: Database) throws -> String? {
        let statement = try database.cachedStatement(
            sql: "SELECT uid FROM objects WHERE kind = ? AND namespace = ? AND name = ?")
        return try String.fetchOne(statement, arguments: [key.kind.rawValue, key.id.namespace, key.id.name])
    }

    /// Whether a Namespace holds objects but those of a feeder, and those that controllers have made of such.
    static func isLivedIn(_ namespace: String, apartFrom feeder: String, in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM objects WHERE namespace = ? AND feeder NOT IN (?, ?))")
        return try Bool.fetchOne(statement, arguments: [namespace, feeder, Feeder.controllers]) ?? false
    }

    /// The ServiceCIDRs, that of the server's own ranges first: its family is the default one.
    static func ranges(in database: Database, file: String) throws -> [StoredObject] {
        try objects(of: .serviceCIDR, in: database, file: file).sorted { first, second in
            let isDefault = [first, second].map { $0.key.id.name == ServiceCIDRDocument.defaultName }
            return isDefault[0] != isDefault[1] ? isDefault[0] : first.key < second.key
        }
    }

    /// The bytes of a row of `changes`; without the cast, SQLite counts characters.
    static let changeSize = "length(CAST(document AS BLOB)) + ifnull(length(CAST(former AS BLOB)), 0)"

    /// Notes the bytes of all changes that are kept at a version.
    static func setHistorySize(_ size: Int, at version: ResourceVersion, in database: Database) throws {
        try set(StoreSetting.historySize, "\(version.rawValue) \(size)", in: database)
    }

    /// The bytes of all changes that are kept; counted where an earlier program has made changes and not noted it.
    static func historySize(at version: ResourceVersion, in database: Database) throws -> Int {
        let noted = try setting(StoreSetting.historySize, in: database)?.split(separator: " ").compactMap { Int64($0) }
        if let noted, noted.count == 2, noted[0] == version.rawValue, noted[1] >= 0 {
            return Int(min(noted[1], .max / 2))
        }
        return try Int.fetchOne(database, sql: "SELECT ifnull(sum(\(changeSize)), 0) FROM changes") ?? 0
    }

    /// The first changes after a version, in their order.
    ///
    /// - Parameter size: they end with the one by which they come to so many bytes.
    /// - Throws: `ObjectStoreError.versionTooOld` where not all of them are kept any more.
    static func changes(
        after version: ResourceVersion, limit: Int, size: Int = .max, in database: Database, file: String
    ) throws -> [RecordedChange] {
        let oldest = try oldestVersion(in: database)
        guard version >= oldest else { throw ObjectStoreError.versionTooOld(version, oldest: oldest) }
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT kind, namespace, name, uid, version, document, change, former FROM changes
                WHERE version > ? ORDER BY version LIMIT ?
                """, arguments: [version.rawValue, limit])
        var changes: [RecordedChange] = []
        var rest = size
        while rest > 0, let row = try rows.next() {
            guard let kind = RecordedChange.Kind(rawValue: try row.value("change")) else { continue }
            let record = try record(row, file: file)
            let document = try document(of: record, file: file)
            let former: String? = try row.optional("former")
            changes.append(
                RecordedChange(
                    kind: kind, record: record,
                    selectable: SelectableFields(of: document, kind: record.key.kind), formerText: former,
                    formerSelectable: try former.map {
                        SelectableFields(of: try JSONText.value(of: $0), kind: record.key.kind)
                    }, object: try object(of: document, record, file: file)))
            rest -= changes.last?.size ?? 0
        }
        return changes
    }

    static func set(_ name: String, _ value: String, in database: Database) throws {
        try database.cachedStatement(
            sql: "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        ).execute(arguments: [name, value])
    }

    static func setting(_ name: String, in database: Database) throws -> String? {
        try Row.fetchOne(database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])?.value("value")
    }

    /// The ranges that the server was last started with, the first of the default family; nil where there was no start.
    static func serviceCIDRs(in database: Database) throws -> [CIDR]? {
        try setting(StoreSetting.serviceCIDRs, in: database)?.split(separator: " ").compactMap { CIDR(String($0)) }
    }

    /// The version of the newest change.
    static func version(in database: Database) throws -> ResourceVersion {
        try version(StoreSetting.version, in: database)
    }

    /// The oldest version that the changes since are all kept of.
    static func oldestVersion(in database: Database) throws -> ResourceVersion {
        try version(StoreSetting.oldestChange, in: database)
    }

    /// A version that is written down; 0 where none is yet. Half of all numbers is left for those to come.
    private static func version(_ name: String, in database: Database) throws -> ResourceVersion {
        guard let text = try setting(name, in: database) else { return ResourceVersion(rawValue: 0) }
        guard let number = Int64(text), (0...Int64.max / 2).contains(number) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the setting \(name) is no version: \(text)")
        }
        return ResourceVersion(rawValue: number)
    }

    // MARK: One row

    static func record(_ row: Row, file: String) throws -> ObjectRecord {
        guard let kind = ObjectKind(rawValue: try row.value("kind")) else {
            throw StoreError.damaged(
                file: file, reason: "an object of the unknown kind \(try row.value("kind") as String)")
        }
        return ObjectRecord(
            key: ObjectKey(kind, NamespacedName(namespace: try row.value("namespace"), name: try row.value("name"))),
            uid: try row.value("uid"),
            version: ResourceVersion(rawValue: try row.value("version")), text: try row.value("document"))
    }

    private static func object(_ row: Row, file: String) throws -> StoredObject {
        let record = try record(row, file: file)
        let document = try document(of: record, file: file)
        return StoredObject(
            object: try object(of: document, record, file: file), document: document, record: record,
            feeder: try row.value("feeder"), origin: try row.value("origin"))
    }

    private static func document(of record: ObjectRecord, file: String) throws -> JSONValue {
        do {
            return try record.document()
        } catch {
            throw StoreError.damaged(file: file, reason: "\(record.key) cannot be read: \(error)")
        }
    }

    private static func object(of document: JSONValue, _ record: ObjectRecord, file: String) throws -> RegistryObject {
        do {
            return try RegistryObject(document, kind: record.key.kind)
        } catch {
            throw StoreError.damaged(file: file, reason: "\(record.key) cannot be read: \(error)")
        }
    }
}
