import GRDB
import GRDBSQLite
import Glibc

/// What the system said when a file of a database could not be written, which SQLite's own codes leave out.
enum SystemErrors {
    /// The `errno` of the last input/output error on the log, or else on the database; 0 where there was none.
    ///
    /// SQLite's `sqlite3_system_errno` does not tell: it is read after the transaction has been rolled back.
    static func last(on database: Database) -> Int32 {
        guard let connection = database.sqliteConnection else { return 0 }
        var code: Int32 = 0
        // Valid while the connection is open and nobody else uses it, as in here.
        var log: UnsafeMutablePointer<sqlite3_file>?
        if sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK, let log,
            let control = log.pointee.pMethods?.pointee.xFileControl,
            control(log, SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK, code != 0
        {
            return code
        }
        return sqlite3_file_control(connection, "main", SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK ? code : 0
    }
}
