import GRDB

/// The tables of the registry and how older ones become the present ones.
enum StoreSchema {
    /// What tells a registry from a database of another program: `Swft`.
    static let applicationID = 0x5377_6674

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 objects, changes and allocations") { database in
            try database.execute(
                sql: """
                    CREATE TABLE objects (
                        kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,
                        version INTEGER NOT NULL, feeder TEXT NOT NULL, origin TEXT NOT NULL, document TEXT NOT NULL,
                        PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
                    CREATE TABLE changes (
                        version INTEGER PRIMARY KEY, change TEXT NOT NULL, kind TEXT NOT NULL,
                        document TEXT NOT NULL);
                    CREATE TABLE allocations (
                        address TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
                    CREATE TABLE node_ports (
                        number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL);
                    CREATE TABLE quarantine (address TEXT PRIMARY KEY, ends INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE pending (
                        namespace TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, document TEXT NOT NULL,
                        PRIMARY KEY (namespace, name)) WITHOUT ROWID;
                    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
                    """)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        // Changes keep what was before, so that former states can be listed; allocations become IPAddress objects,
        // which `RegistryStore` makes of the rows that it finds here.
        migrator.registerMigration("2 history, allocations as objects") { database in
            try database.execute(
                sql: """
                    DROP TABLE changes;
                    CREATE TABLE changes (
                        version INTEGER PRIMARY KEY, change TEXT NOT NULL, kind TEXT NOT NULL,
                        namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, document TEXT NOT NULL,
                        former TEXT, former_version INTEGER);
                    CREATE INDEX changes_by_key ON changes (kind, namespace, name, version);
                    ALTER TABLE allocations RENAME TO former_allocations;
                    UPDATE settings SET value = (SELECT value FROM settings WHERE name = 'version')
                        WHERE name = 'oldest change'
                        AND EXISTS (SELECT 1 FROM settings WHERE name = 'version');
                    INSERT INTO settings (name, value) SELECT 'oldest change', value FROM settings
                        WHERE name = 'version' AND true ON CONFLICT DO NOTHING;
                    """)
        }
        return migrator
    }

    /// Refuses what is no registry, one of a later version, and one that has lost its tables.
    ///
    /// - Parameter remains: What lay in the folder before the database was opened; nil for one in memory.
    static func check(_ database: Database, file: String, remains: StoreRemains?) throws {
        let identity = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard identity == applicationID || (identity == 0 && tables == 0) else { throw StoreError.foreign(file: file) }
        if tables == 0 { try remains?.refuseLoss("it is without tables") }
        if tables > 0, try migrator.hasBeenSuperseded(database) { throw StoreError.newerSchema(file: file) }
    }
}

/// Names of the values in the table `settings`.
enum StoreSetting {
    static let version = "version"
    static let oldestChange = "oldest change"
    /// The bytes of the changes that are kept.
    static let historySize = "history size"
    static let serviceCIDRs = "service CIDRs"
    static let nodePorts = "node ports"
    static let server = "server"
    /// A random text that no other registry has: tells what was made of this one from what was made of another.
    static let identity = "identity"
    /// When a disk that had refused a write was tried again, in milliseconds.
    static let probe = "probe"
}
