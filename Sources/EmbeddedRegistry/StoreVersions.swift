import GRDB
import Registry

/// Whether the version that is written down is the newest there has been.
///
/// A version that was given away must not be given again: readers take what they know of it for what is there now.
enum StoreVersions {
    /// Begins anew behind all versions that anything tells of, where the one written down is not the newest or changes
    /// are missing: then nothing is known of what came between, and watches have to list again.
    ///
    /// - Parameter told: The version that other processes were told of last.
    /// - Returns: What was wrong and is mended, in one line; nil where all is well.
    static func mend(
        _ state: inout StoreState, in database: Database, told: ResourceVersion?, file: String
    ) throws -> String? {
        let sql = """
            SELECT (SELECT count(*) FROM changes) AS count,
                (SELECT ifnull(max(version), 0) FROM changes) AS change,
                (SELECT ifnull(max(version), 0) FROM objects WHERE typeof(version) = 'integer') AS object
            """
        guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
        let (count, change, object): (Int64, Int64, Int64) = (
            try row.value("count"), try row.value("change"), try row.value("object")
        )
        let (version, oldest) = (state.version.rawValue, state.oldestChange.rawValue)
        let known = max(version, change, object)
        let newest = max(known, told?.rawValue ?? 0)
        let fault: String
        if newest > known {
            fault =
                "it holds version \(known), and \(VersionFile.name) tells of \(newest): an older state was put back, or "
                + "what was written since is lost"
        } else if known > version {
            fault = "it says to be at version \(version), and holds \(known)"
        } else if count != version - oldest || (count > 0 && change != version) {
            fault = "it does not hold all changes from version \(oldest) to \(version)"
        } else {
            return nil
        }
        // Half of all numbers is left for those to come.
        guard newest < Int64.max / 2 else {
            throw StoreError.damaged(file: file, reason: "it holds version \(newest), which was never reached")
        }
        let next = ResourceVersion(rawValue: newest + 1)
        try database.execute(sql: "DELETE FROM changes")
        try StoredRows.set(StoreSetting.version, "\(next.rawValue)", in: database)
        try StoredRows.set(StoreSetting.oldestChange, "\(next.rawValue)", in: database)
        try StoredRows.setHistorySize(0, at: next, in: database)
        (state.version, state.oldestChange, state.historySize) = (next, next, 0)
        return "\(file): \(fault); it goes on at version \(next.rawValue), and watches begin anew"
    }
}
