import FileReading
import GRDB
import Glibc
import Registry

/// Damage of the file while it is served. Memory goes on answering; nothing is acknowledged that may not be found again.
extension RegistryStore {
    private static let shortestInterval: Int64 = 10_000
    /// The check takes one part of this many of the time.
    private static let spareTime: Int64 = 100

    /// Why nothing is written at present; nil where writes are taken.
    package var refusal: ObjectStoreError? { state.withLock { $0.refusal } }

    /// Checks the pages on disk again and again, until the task is cancelled or they are found damaged.
    ///
    /// From then on writes are refused: restart on a restored file.
    package func watchIntegrity() async throws -> ObjectStoreError {
        guard isKept else { throw CancellationError() }
        while true {
            let start = clock.now()
            if isOnDisk, let fault = await fault() {
                let refusal = ObjectStoreError.unavailable(
                    .damaged(StoreError.damaged(file: file, reason: fault).description))
                state.withLock { ($0.refusal, $0.copy) = (refusal, nil) }
                return refusal
            }
            let spent = max(0, clock.now().milliseconds - start.milliseconds)
            try await clock.sleep(
                clock.now().advanced(byMilliseconds: max(Self.shortestInterval, spent * Self.spareTime)))
        }
    }

    /// Why what is written would not be found again; nil where it would, or where that cannot be found out.
    ///
    /// - Parameter opened: What is written to; nil for whatever lies in its place.
    func loss(of opened: FileIdentity?) -> String? {
        // SQLite finds nothing wrong with a file without bytes. One that is gone takes what is written with it.
        var status = stat()
        guard stat(file, &status) == 0 else { return errno == ENOENT ? "it is gone" : nil }
        guard status.st_size > 0 else { return "it is empty" }
        // What is written goes on into the one that was opened, which no start will find.
        if let opened, FileIdentity(status) != opened { return "another file was put in its place" }
        return nil
    }

    /// Why what is written to the log would not be found again; nil where it would, or where that cannot be found out.
    private func lossOfLog() -> String? {
        guard let opened = openedLog else { return nil }
        var status = stat()
        guard stat(StoreFolder.log(of: file), &status) == 0 else { return errno == ENOENT ? "its log is gone" : nil }
        return FileIdentity(status) == opened ? nil : "another log was put in its place"
    }

    /// Refuses to acknowledge what is written to a file that is not in its place any more.
    func refuseLoss() throws {
        guard isOnDisk, let loss = loss(of: opened) ?? lossOfLog() else { return }
        throw ObjectStoreError.unavailable(
            .damaged(StoreError.damaged(file: file, reason: loss).description))
    }

    /// What is wrong with the file; nil where all is well, or where that cannot be found out.
    private func fault() async -> String? {
        let opened = opened
        // As long as a copy in memory is served nothing is written: a file that is put there is what is waited for.
        let isServed = state.withLock { $0.copy == nil } && opened == self.opened
        if let loss = loss(of: isServed ? opened : nil) { return loss }
        // A connection of its own: those of the pool have pages in memory and would not see the disk.
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let connection = try DatabaseQueue(path: file, configuration: configuration)
            return try await connection.read { database in
                // The quick one says nothing of keys that are out of order.
                let lines = try String.fetchAll(database, sql: "PRAGMA integrity_check(1)")
                return lines.first { $0 != "ok" }
            }
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: return error.message ?? "\(error.resultCode)"
            default: return nil
            }
        } catch {
            return nil
        }
    }
}
