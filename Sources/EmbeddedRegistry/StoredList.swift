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
        let (source, arguments) = source(at: version, isNewest: version == newest)
        var records: [ObjectRecord] = []
        // One more than is wanted tells whether there is more.
        let wanted = request.limit.flatMap { $0 > 0 && $0 < .max ? $0 : nil }
        let limit = wanted.map { " LIMIT \($0 + 1)" } ?? ""
        let rows = try Row.fetchCursor(
            database, sql: "\(source) ORDER BY namespace, name\(limit)", arguments: arguments)
        var (size, remaining) = (0, 0)
        while let row = try rows.next() {
            let record = try StoredRows.record(row, file: file)
            records.append(record)
            size += record.text.utf8.count
            if let end = request.size, size >= end, records.count <= wanted ?? .max {
                remaining = try rows.next() == nil ? 0 : 1
                return ObjectList(records: records, version: version, remaining: remaining)
            }
        }
        if let wanted, records.count > wanted {
            records.removeLast(records.count - wanted)
            remaining = 1
            if request.countsRemaining {
                let total = try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM (\(source))", arguments: arguments)
                remaining = (total ?? 0) - wanted
            }
        }
        return ObjectList(records: records, version: version, remaining: remaining)
    }

    /// The rows of the list: what has not changed since the version, and what changed objects were before.
    private func source(at version: ResourceVersion, isNewest: Bool) -> (sql: String, arguments: StatementArguments) {
        var filter = "kind = ?"
        var arguments: StatementArguments = [request.scope.kind.rawValue]
        if let namespace = request.scope.namespace {
            filter += " AND namespace = ?"
            arguments += [namespace]
        }
        if let after = request.after {
            filter += " AND (namespace, name) > (?, ?)"
            arguments += [after.namespace, after.name]
        }
        let columns = "kind, namespace, name, uid"
        let current = "SELECT \(columns), version, document FROM objects WHERE \(filter)"
        guard !isNewest else { return (current, arguments) }
        let former = """
            SELECT \(columns), former_version AS version, former AS document FROM changes
            WHERE \(filter) AND former IS NOT NULL AND version = (
                SELECT min(version) FROM changes AS later WHERE later.kind = changes.kind
                AND later.namespace = changes.namespace AND later.name = changes.name AND later.version > ?)
            """
        let sql = "SELECT * FROM (\(current) AND version <= ? UNION ALL \(former))"
        return (sql, arguments + [version.rawValue] + arguments + [version.rawValue])
    }
}
