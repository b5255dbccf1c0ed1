import GRDB
import Registry

/// A list, or a page of one, as it is now or was at an earlier version.
struct StoredList {
    private let request: ListRequest

    init(_ request: ListRequest) {
        self.request = request
    }

    func read(from database: Database, file: String) throws -> ObjectList {
        let newest = try StoredRows.version(in: database)
        let version = request.version ?? newest
        guard version <= newest else { throw ObjectStoreError.versionInFuture(version, newest: newest) }
        if version < newest {
            let oldest = try StoredRows.oldestVersion(in: database)
            guard version >= oldest else { throw ObjectStoreError.versionTooOld(version, oldest: oldest) }
        }
        let source = version == newest ? current : former(at: version)
        var records: [ObjectRecord] = []
        // One more than is wanted tells whether there is more.
        let wanted = request.limit.flatMap { $0 > 0 && $0 < .max ? $0 : nil }
        let limit = wanted.map { " LIMIT \($0 + 1)" } ?? ""
        let rows = try Row.fetchCursor(
            database, sql: "\(source.sql) ORDER BY namespace, name\(limit)", arguments: source.arguments)
        var (size, remaining) = (0, 0)
        while let row = try rows.next() {
            let record = try StoredRows.record(try whole(row, in: database), file: file)
            records.append(record)
            size += record.text.utf8.count
            // Where it is full as well, what is behind it is counted.
            if let end = request.size, size >= end, records.count < wanted ?? .max {
                remaining = try rows.next() == nil ? 0 : 1
                return ObjectList(records: records, version: version, remaining: remaining)
            }
        }
        if let wanted, records.count > wanted {
            records.removeLast(records.count - wanted)
            remaining = 1
            if request.countsRemaining {
                let total = try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM (\(source.sql))", arguments: source.arguments)
                remaining = (total ?? 0) - wanted
            }
        }
        return ObjectList(records: records, version: version, remaining: remaining)
    }

    typealias Source = (sql: String, arguments: StatementArguments)

    /// What the objects of the list have in common; a page begins where the index has it, and nothing is sorted for it.
    private var filter: Source {
        var filter = "kind = ?"
        var arguments: StatementArguments = [request.scope.kind.rawValue]
        guard let namespace = request.scope.namespace else {
            if let after = request.after {
                filter += " AND (namespace, name) > (?, ?)"
                arguments += [after.namespace, after.name]
            }
            return (filter, arguments)
        }
        filter += " AND namespace = ?"
        arguments += [namespace]
        if let after = request.after, after.namespace == namespace {
            filter += " AND name > ?"
            arguments += [after.name]
        } else if let after = request.after, !after.namespace.utf8.lexicographicallyPrecedes(namespace.utf8) {
            filter += " AND false"
        }
        return (filter, arguments)
    }

    private static let columns = "kind, namespace, name, uid"

    /// The rows of the list as it is now.
    var current: Source {
        let (filter, arguments) = filter
        return ("SELECT \(Self.columns), version, document FROM objects WHERE \(filter)", arguments)
    }

    /// The rows of the list as it was: what has not changed since the version, and what changed objects were before.
    ///
    /// Keys alone, in the order of an index each: both are merged, nothing is sorted, and no document is read for what is
    /// behind the page. A former version lies behind the documents.
    func former(at version: ResourceVersion) -> Source {
        let (filter, arguments) = filter
        let sql = """
            SELECT namespace, name, NULL AS change FROM objects WHERE \(filter) AND version <= ?
            UNION ALL
            SELECT namespace, name, version AS change FROM changes
            WHERE \(filter) AND former IS NOT NULL AND version = (
                SELECT min(version) FROM changes AS later WHERE later.kind = changes.kind
                AND later.namespace = changes.namespace AND later.name = changes.name AND later.version > ?)
            """
        return (sql, arguments + [version.rawValue] + arguments + [version.rawValue])
    }

    /// A row with its document.
    private func whole(_ row: Row, in database: Database) throws -> Row {
        guard !row.hasColumn("document") else { return row }
        let found: Row?
        if let change: Int64 = try row.optional("change") {
            found = try Row.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT \(Self.columns), former_version AS version, former AS document FROM changes
                        WHERE version = ?
                        """), arguments: [change])
        } else {
            let namespace: String = try row.value("namespace")
            let name: String = try row.value("name")
            found = try Row.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT \(Self.columns), version, document FROM objects
                        WHERE kind = ? AND namespace = ? AND name = ?
                        """), arguments: [request.scope.kind.rawValue, namespace, name])
        }
        // Both are read in one transaction: nobody has taken it away meanwhile.
        guard let found else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(row.text("name")) is not found by its key")
        }
        return found
    }
}
