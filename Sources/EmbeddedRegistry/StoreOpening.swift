import Foundation
import GRDB
import Glibc
import Registry

/// The database of a registry as a server has it: the one on disk, or where that cannot be written a copy in memory,
/// until it can.
struct StoreOpening {
    /// Which objects an opening has found.
    struct Standing: Hashable, Sendable {
        /// Which registry it is, whatever folder it lies in.
        var identity: String?
        var version: ResourceVersion
        /// Whether opening has changed no object.
        var isUnchanged: Bool

        /// Whether another opening has found the very same ones, so that readers of one may go on with the other.
        func isSame(as other: Standing) -> Bool { isUnchanged && self == other }
    }

    let database: any DatabaseWriter
    /// nil where there is nothing to keep others from.
    let lock: StoreLock?
    /// Why nothing is written; nil where writes are taken.
    let refusal: ObjectStoreError?
    let known: StoreState
    let standing: Standing
    /// What was wrong with the versions and is mended, in one line; nil where all was well.
    let repair: String?
    let ranges: StoreSetup.Ranges
    /// Whether the registry was made by this opening.
    let isNew: Bool

    /// A registry that is forgotten at the end.
    init(inMemoryAs file: String, settings: StoreSettings, clock: WallClock) throws {
        try self.init(try DatabaseQueue(), lock: nil, file: file, settings: settings, clock: clock)
    }

    /// The registry in a folder; one that is there and cannot be written is read all the same: DNS goes on.
    ///
    /// - Throws: `StoreError`.
    init(directory: String, file: String, settings: StoreSettings, clock: WallClock) throws {
        var taken: StoreLock?
        do {
            try StoreFolder.make(directory)
            taken = try StoreLock(directory: directory)
            let remains = try StoreRemains(of: directory)
            self = try Self(
                try Self.pool(file), lock: taken, remains: remains, file: file, settings: settings, clock: clock)
        } catch let error as StoreError where error.isAboutWriting && access(file, R_OK) == 0 {
            let remains = try StoreRemains(of: directory)
            let copy = try Self.copy(of: directory, file: file)
            self = try Self(
                copy, lock: taken, refusal: error.unavailability, remains: remains, file: file, settings: settings,
                clock: clock)
        }
    }

    /// The registry on disk, where a copy of it has been served: what is known is what the disk has now.
    ///
    /// - Parameter lock: the lock, where the folder let it be taken.
    /// - Throws: `StoreError` where it still cannot be written.
    init(again directory: String, lock: StoreLock?, file: String, settings: StoreSettings, clock: WallClock) throws {
        try StoreFolder.make(directory)
        let lock = try lock ?? StoreLock(directory: directory)
        try StoreFolder.probe(directory)
        let remains = try StoreRemains(of: directory)
        try self.init(
            try Self.pool(file), lock: lock, remains: remains, file: file, settings: settings, clock: clock)
    }

    private init(
        _ database: any DatabaseWriter, lock: StoreLock?, refusal: ObjectStoreError? = nil,
        remains: StoreRemains? = nil, file: String, settings: StoreSettings, clock: WallClock
    ) throws {
        (known, standing, repair, ranges) = try Self.prepare(
            database, remains: remains, file: file, settings: settings, clock: clock)
        self.database = database
        self.lock = lock
        self.refusal = refusal
        isNew = remains?.isThere != true
    }

    private static func copy(of directory: String, file: String) throws -> DatabaseQueue {
        do {
            return try StoreError.mapping(file: file) { try StoreCopy.database(of: directory) }
        } catch let error as CocoaError {
            throw StoreError.failed(file: file, reason: "cannot be copied: \(error.localizedDescription)")
        }
    }

    private static func pool(_ file: String) throws -> DatabasePool {
        try StoreError.mapping(file: file) {
            var configuration = Configuration()
            // A reader in another process may be about to close the file.
            configuration.busyMode = .timeout(5)
            let pool = try DatabasePool(path: file, configuration: configuration)
            // GRDB asks for less when it turns on the write-ahead log: the last transactions might be lost.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return pool
        }
    }

    /// Brings the tables up to date and reads what they hold.
    private static func prepare(
        _ database: any DatabaseWriter, remains: StoreRemains?, file: String, settings: StoreSettings, clock: WallClock
    ) throws -> (StoreState, Standing, repair: String?, ranges: StoreSetup.Ranges) {
        try StoreError.mapping(file: file) {
            try database.write { try StoreSchema.check($0, file: file, remains: remains) }
            try StoreSchema.migrator.migrate(database)
            return try database.write { database in
                try checkObjects(in: database, file: file)
                var state = try StoreState(of: database, settings: settings, file: file)
                let version = state.version
                let repair = try StoreVersions.mend(&state, in: database, told: remains?.toldVersion, file: file)
                let ranges = try StoreSetup.complete(
                    &state, in: database, settings: settings, file: file, now: clock.now())
                let standing = Standing(
                    identity: try StoredRows.setting(StoreSetting.identity, in: database), version: state.version,
                    isUnchanged: state.version == version)
                return (state, standing, repair, ranges)
            }
        }
    }

    /// Refuses a table of objects that is not in order: what stands behind a broken place is not found by its key, and
    /// names that nobody has deleted would be denied. Reads the table once, as opening does anyway.
    private static func checkObjects(in database: Database, file: String) throws {
        let lines = try String.fetchAll(database, sql: "PRAGMA integrity_check(objects)")
        if let line = lines.first(where: { $0 != "ok" }) { throw StoreError.damaged(file: file, reason: line) }
    }
}

extension StoreError {
    /// Whether what there is could be read all the same.
    fileprivate var isAboutWriting: Bool {
        switch self {
        case .full, .readOnly, .directoryUnusable: true
        case .alreadyServed, .missing, .damaged, .notRegular, .foreign, .olderSchema, .newerSchema, .failed: false
        }
    }
}
