import FileReading
import AddressAllocator
import Dispatch
import GRDB
import Registry
import Synchronization

/// The embedded registry: objects, their versions and their addresses in one SQLite database (WAL, synchronous FULL).
///
/// All writes go through one lock, those that come at the same time through one transaction, so an address is taken in
/// the transaction that stores its Service. What has been written is on disk when the call returns. Memory repeats what
/// is on disk; where a transaction fails it is read anew.
package final class RegistryStore: Sendable {
    package enum Location: Hashable, Sendable {
        case memory
        /// A folder, made where it is missing.
        case directory(String)
    }

    /// Everything that changes, guarded by one lock.
    struct State {
        /// nil while a batch works on it, and after a failure until somebody needs it: then it is read anew.
        var known: StoreState?
        /// Why nothing is written; nil where writes are taken.
        var refusal: ObjectStoreError?
        /// What the copy in memory holds that is served as long as the disk takes no writes; nil where the disk itself is
        /// served, and where nothing but a new start helps.
        var copy: StoreOpening.Standing?
        /// What was wrong when the registry was opened and is mended; nil where all was well.
        var repair: String?
        /// What the server is, for commands beside it, once that is known.
        var server: ServerRecord?
        /// Told when writes are taken again, and what was mended for that.
        var reopened: (@Sendable (_ repair: String?) -> Void)?
        /// Wakes `run`: who waits, or the next end of a quarantine, may have changed.
        var upkeep: AsyncStream<Void>.Continuation?
        /// How many transactions have been written since the store was opened.
        var transactions = 0
    }

    /// What is exchanged when the disk takes the place of a copy in memory.
    private struct Source {
        let database: any DatabaseWriter
        let ring: ChangeRing
        let lock: StoreLock?
        /// The file that was opened, and its log; nil where there is none.
        let opened: FileIdentity?
        let log: FileIdentity?
    }

    private let source: Mutex<Source>
    let file: String
    let settings: StoreSettings
    let clock: WallClock
    let state: Mutex<State>
    let queue = WriteQueue()
    private let directory: String?
    /// Whether there was no registry before this process made one.
    package let isNew: Bool
    /// Where virtual IPs come from; the first one's family is the default.
    package let serviceCIDRs: [CIDR]
    /// Where they came from at the last start; nil where this is the first.
    package let formerServiceCIDRs: [CIDR]?
    /// Whether an earlier run has left objects that names are made of.
    package let heldObjects: Bool

    var database: any DatabaseWriter { source.withLock { $0.database } }
    var ring: ChangeRing { source.withLock { $0.ring } }
    /// Where the changes of a ring are kept; nil once another one has taken its place.
    func database(of ring: ChangeRing) -> (any DatabaseWriter)? {
        source.withLock { $0.ring === ring ? $0.database : nil }
    }

    /// Opens the registry, or makes one.
    ///
    /// - Throws: `StoreError`; `AllocationError` for ranges that addresses cannot be given from.
    package init(
        location: Location, settings: StoreSettings = StoreSettings(), clock: WallClock = .system
    ) throws {
        for range in settings.serviceCIDRs ?? [] { _ = try AddressRange(range) }
        self.settings = settings
        self.clock = clock
        let opening: StoreOpening
        switch location {
        case .memory:
            directory = nil
            file = "the registry in memory"
            opening = try StoreOpening(inMemoryAs: file, settings: settings, clock: clock)
        case .directory(let path):
            directory = path
            file = "\(path)/\(RegistryReader.fileName)"
            opening = try StoreOpening(directory: path, file: file, settings: settings, clock: clock)
        }
        isNew = opening.isNew
        (serviceCIDRs, formerServiceCIDRs) = (opening.ranges.present, opening.ranges.former)
        heldObjects = !opening.known.objects.isEmpty
        let ring = Self.ring(at: opening.known.version, settings)
        source = Mutex(
            Source(
                database: opening.database, ring: ring, lock: opening.lock,
                opened: directory == nil ? nil : FileIdentity(of: file),
                log: directory == nil ? nil : FileIdentity(of: StoreFolder.log(of: file))))
        state = Mutex(
            State(
                known: opening.known, refusal: opening.refusal, copy: opening.refusal == nil ? nil : opening.standing,
                repair: opening.repair))
    }

    /// How many bytes of the newest changes are in memory for those who follow: those of a few transactions. What is
    /// older is read from the disk.
    private static let recentBytes = 8 << 20

    private static func ring(at version: ResourceVersion, _ settings: StoreSettings) -> ChangeRing {
        ChangeRing(
            at: version, capacity: min(max(1, settings.retainedEvents), 4096), maximumSize: recentBytes)
    }

    /// Serves the disk instead of a copy in memory, if it can be written by now. What it holds counts: where that is not
    /// what was served, readers begin anew.
    ///
    /// - Throws: `ObjectStoreError.unavailable` where it still cannot be written, or never will be by this process.
    func reopen(_ state: inout State) throws {
        guard let refusal = state.refusal else { return }
        guard let copy = state.copy, let directory else { throw refusal }
        let opening: StoreOpening
        do {
            let lock = source.withLock { $0.lock }
            opening = try StoreOpening(again: directory, lock: lock, file: file, settings: settings, clock: clock)
            if let server = state.server { try Self.record(server, in: opening.database, file: file) }
        } catch let error as StoreError {
            state.refusal = error.unavailability
            throw error.unavailability
        }
        let isSame = opening.standing.isSame(as: copy)
        let former = source.withLock { source in
            defer {
                source = Source(
                    database: opening.database,
                    ring: isSame ? source.ring : Self.ring(at: opening.known.version, settings), lock: opening.lock,
                    opened: FileIdentity(of: file), log: FileIdentity(of: StoreFolder.log(of: file)))
            }
            return source.ring
        }
        if !isSame { former.retire() }
        state.known = opening.known
        (state.copy, state.refusal, state.repair) = (nil, nil, opening.repair)
        state.reopened?(opening.repair)
    }

    /// Notes what the server on this registry is, for commands beside it.
    package func record(_ server: ServerRecord) throws {
        try state.withLock { state in
            state.server = server
            try Self.record(server, in: database, file: file)
        }
    }

    private static func record(_ server: ServerRecord, in database: any DatabaseWriter, file: String) throws {
        try StoreError.mapping(file: file) {
            try database.write { try StoredRows.set(StoreSetting.server, JSONText.text(of: server.document), in: $0) }
        }
    }

    /// Whether there is a file, or will be one.
    var isKept: Bool { directory != nil }
    /// Whether the file is this process's to look after.
    var isOnDisk: Bool { directory != nil && source.withLock { $0.lock != nil } }

    /// The file that was opened, whatever lies in its place by now.
    var opened: FileIdentity? { source.withLock { $0.opened } }
    /// The log that is written to, whatever lies in its place by now; nil where there was none at the opening.
    var openedLog: FileIdentity? { source.withLock { $0.log } }

    /// What was wrong with the versions when the registry was opened and is mended, in one line; nil where all was well.
    package var repair: String? { state.withLock { $0.repair } }

    /// The objects that names are made of, and the version that they are of.
    package func objectsOfNames() throws -> (objects: [RegistryObject], version: ResourceVersion) {
        try state.withLock { state in
            let known = try state.known ?? reload()
            state.known = known
            return (known.objects.values.map(\.object), known.version)
        }
    }

    /// How many transactions have been written since the store was opened.
    var transactions: Int { state.withLock { $0.transactions } }

    /// Tells all readers, and those in other processes, of a transaction.
    func publish(_ changes: [RecordedChange]) {
        guard let last = changes.last else { return }
        ring.append(changes)
        if let directory { VersionFile.write(last.version, in: directory) }
    }
}

extension RegistryStore: RegistrySource {
    /// A snapshot, then the changes behind it; a reader that lags so far behind that the history no longer has them is
    /// ended with `versionTooOld`.
    package func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> {
        let (objects, version) = try objectsOfNames()
        let cursor = cursor(after: version)
        let snapshot = Mutex<RegistryEvent?>(.snapshot(objects, at: version))
        return AsyncThrowingStream {
            if let first = snapshot.withLock({ $0.take() }) { return first }
            let changes = try await cursor.next()
            guard let last = changes.last else { return nil }
            return .changes(changes.map(\.change), to: last.version)
        }
    }
}
