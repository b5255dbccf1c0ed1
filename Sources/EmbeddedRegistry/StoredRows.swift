import GRDB
import Registry

/// Rows of the registry's tables as values, for the server's store and for readers beside it.
enum StoredRows {
    /// The objects, all of them or those of a kind.
    static func objects(
        of kind: ObjectKind? = nil, in database: Database, file: String
    ) throws -> [StoredObject] {
        let filter = kind == nil ? "" : " WHERE kind = ?"
        let rows = try Row.fetchCursor(
            database, sql: "SELECT kind, uid, version, feeder, origin, document FROM objects" + filter,
            arguments: kind.map { [$0.rawValue] } ?? [])
        var objects: [StoredObject] = []
        while let row = try rows.next() {
            let (object, document) = try object(row["kind"], row["document"], file: file)
            objects.append(
                StoredObject(
                    object: object, document: document, uid: row["uid"],
                    version: ResourceVersion(rawValue: row["version"]), feeder: row["feeder"], origin: row["origin"]))
        }
        return objects
    }

    /// The object of a key, if there is one.
    static func object(_ key: ObjectKey, in database: Database, file: String) throws -> StoredObject? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT kind, uid, version, feeder, origin, document FROM objects
                WHERE kind = ? AND namespace = ? AND name = ?
                """)
        let row = try Row.fetchOne(statement, arguments: [key.kind.rawValue, key.id.namespace, key.id.name])
        guard let row else { return nil }
        let (object, document) = try object(row["kind"], row["document"], file: file)
        return StoredObject(
            object: object, document: document, uid: row["uid"],
            version: ResourceVersion(rawValue: row["version"]), feeder: row["feeder"], origin: row["origin"])
    }

    /// The changes after a version, in their order.
    static func changes(
        after version: ResourceVersion, in database: Database, file: String
    ) throws -> [StoredChange] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT version, change, kind, document FROM changes WHERE version > ? ORDER BY version",
            arguments: [version.rawValue])
        return try rows.compactMap { row in
            guard let kind = StoredChange.Kind(rawValue: row["change"]) else { return nil }
            let (object, document) = try object(row["kind"], row["document"], file: file)
            return StoredChange(
                kind: kind, version: ResourceVersion(rawValue: row["version"]), key: object.key, object: object,
                document: document)
        }
    }

    static func set(_ name: String, _ value: String, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [name, value])
    }

    static func setting(_ name: String, in database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
    }

    private static func object(
        _ kind: String, _ text: String, file: String
    ) throws -> (RegistryObject, JSONValue) {
        guard let kind = ObjectKind(rawValue: kind) else {
            throw StoreError.damaged(file: file, reason: "an object of the unknown kind \(kind)")
        }
        do {
            let document = try JSONText.value(of: text)
            return (try RegistryObject(document, kind: kind), document)
        } catch {
            throw StoreError.damaged(file: file, reason: "a \(kind.rawValue) that cannot be read: \(error)")
        }
    }
}
