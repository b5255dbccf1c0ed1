import GRDB
import Registry

/// The tables of the registry and the steps by which older files become what this version reads.
///
/// A step that has been released is never changed; a change of the schema is a new step.
enum RegistryStoreSchema {
    static let fileName = "registry.sqlite"
    /// "swft": tells our files from those of other programs (PRAGMA application_id).
    private static let applicationID = 0x7377_6674

    /// Checks that a file is ours and not of a later version.
    static func check(_ db: Database, file: String) throws {
        let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
        guard !isEmpty else { return }
        guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
            throw StoreError.foreign(file: file)
        }
        if try migrator.hasBeenSuperseded(db) { throw StoreError.newerSchema(file: file) }
    }

    /// Checks that a file holds all that this version reads.
    static func checkIsComplete(_ db: Database, file: String) throws {
        try check(db, file: file)
        guard try migrator.hasCompletedMigrations(db) else { throw StoreError.missing(file: file) }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 objects, events, addresses") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(
                sql: """
                    CREATE TABLE object (
                      id INTEGER PRIMARY KEY,
                      kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
                      uid TEXT NOT NULL, version INTEGER NOT NULL,
                      feeder TEXT NOT NULL, origin TEXT NOT NULL,
                      document TEXT NOT NULL,
                      UNIQUE (kind, namespace, name)
                    ) STRICT;
                    CREATE INDEX object_feeder ON object (feeder);

                    -- One change of one object a version; "batch" is the first version of its transaction.
                    CREATE TABLE event (
                      version INTEGER PRIMARY KEY,
                      batch INTEGER NOT NULL,
                      change TEXT NOT NULL,
                      kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
                      document TEXT NOT NULL
                    ) STRICT;

                    CREATE TABLE allocation (
                      address TEXT PRIMARY KEY, family TEXT NOT NULL,
                      namespace TEXT NOT NULL, name TEXT NOT NULL,
                      range TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE node_port (
                      number INTEGER PRIMARY KEY,
                      namespace TEXT NOT NULL, name TEXT NOT NULL
                    ) STRICT;

                    -- Released addresses that are not handed out automatically until an instant (Unix milliseconds).
                    CREATE TABLE quarantine (
                      address TEXT PRIMARY KEY, ends INTEGER NOT NULL,
                      namespace TEXT NOT NULL, name TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    -- Services that have not got what they ask for, with the document that says what that is.
                    CREATE TABLE pending (
                      id INTEGER PRIMARY KEY,
                      namespace TEXT NOT NULL, name TEXT NOT NULL,
                      reason TEXT NOT NULL, since INTEGER NOT NULL,
                      feeder TEXT NOT NULL, origin TEXT NOT NULL, document TEXT NOT NULL,
                      UNIQUE (namespace, name)
                    ) STRICT;

                    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}

/// The rows of the table `meta`.
enum MetaKey: String {
    /// The version of the last change.
    case resourceVersion
    /// The last version whose event is no longer kept.
    case trimmedVersion
    case serviceCIDRs
    case nodePorts
    case clusterZone
    case dnsAddresses

    func value(in db: Database) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [rawValue])
    }

    func version(in db: Database) throws -> ResourceVersion {
        ResourceVersion(rawValue: try value(in: db).flatMap { Int64($0) } ?? 0)
    }

    func set(_ value: String, in db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")
            .execute(arguments: [rawValue, value])
    }
}
