import Foundation
import GRDB
import Glibc
import Registry

/// The database of a registry as a server has it: the one on disk, or where that cannot be written a copy in memory.
struct StoreOpening {
    let database: any DatabaseWriter
    /// nil where there is nothing to keep others from.
    let lock: StoreLock?
    /// Why nothing is written; nil where writes are taken.
    let refusal: ObjectStoreError?
    let known: StoreState

    /// A registry that is forgotten at the end.
    init(inMemoryAs file: String, settings: StoreSettings, clock: WallClock) throws {
        database = try DatabaseQueue()
        lock = nil
        refusal = nil
        known = try Self.prepare(database, file: file, settings: settings, clock: clock)
    }

    /// The registry in a folder; one that is there and cannot be written is read all the same: DNS goes on.
    ///
    /// - Throws: `StoreError`.
    init(directory: String, file: String, settings: StoreSettings, clock: WallClock) throws {
        var taken: StoreLock?
        do {
            try StoreFolder.make(directory)
            taken = try StoreLock(directory: directory)
            let pool = try Self.pool(file)
            known = try Self.prepare(pool, file: file, settings: settings, clock: clock)
            database = pool
            refusal = nil
        } catch let error as StoreError where error.isAboutWriting && access(file, R_OK) == 0 {
            let copy = try Self.copy(of: directory, file: file)
            known = try Self.prepare(copy, file: file, settings: settings, clock: clock)
            database = copy
            refusal = error.unavailability
        }
        lock = taken
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
        _ database: any DatabaseWriter, file: String, settings: StoreSettings, clock: WallClock
    ) throws -> StoreState {
        try StoreError.mapping(file: file) {
            try database.write { try StoreSchema.check($0, file: file) }
            try StoreSchema.migrator.migrate(database)
            return try database.write { database in
                var state = try StoreState(of: database, settings: settings, file: file)
                try StoreSetup.complete(&state, in: database, settings: settings, file: file, now: clock.now())
                return state
            }
        }
    }
}

extension StoreError {
    /// Whether what there is could be read all the same.
    fileprivate var isAboutWriting: Bool {
        switch self {
        case .full, .readOnly, .directoryUnusable: true
        case .alreadyServed, .missing, .damaged, .foreign, .olderSchema, .newerSchema, .failed: false
        }
    }
}
