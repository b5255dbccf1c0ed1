import AddressAllocator
import GRDB
import Glibc
import Registry
import Synchronization

/// The embedded registry: objects, their versions and their addresses in one SQLite database (WAL, synchronous FULL).
///
/// All writes go through one lock and one transaction each, so an address is taken in the transaction that stores
/// its Service. What has been written is on disk when the call returns.
package final class RegistryStore: RegistrySource, ManifestSink {
    package enum Location: Hashable, Sendable {
        case memory
        /// A folder, made where it is missing.
        case directory(String)
    }

    /// Everything that changes, guarded by one lock.
    struct State {
        var pools: AddressPools
        var objects: [ObjectKey: KnownObject] = [:]
        var pending: [NamespacedName: PendingService] = [:]
        var version = ResourceVersion(rawValue: 0)
        var oldestChange = ResourceVersion(rawValue: 0)
        var watchers: [Int: AsyncThrowingStream<RegistryEvent, any Error>.Continuation] = [:]
        var nextWatcher = 0
        var generator = SystemRandomNumberGenerator()
        /// Wakes `run`: who waits, or the next end of a quarantine, may have changed.
        var upkeep: AsyncStream<Void>.Continuation?
    }

    /// An object as kept in memory: the document stays on disk. A class, as each batch works on a copy of the state.
    final class KnownObject: Sendable {
        let object: RegistryObject
        let feeder: String

        init(object: RegistryObject, feeder: String) {
            self.object = object
            self.feeder = feeder
        }
    }

    /// A Service that could not have what it asks for.
    struct PendingService {
        let reason: String
        /// As it was supplied.
        let document: JSONValue
    }

    /// How many transactions a reader of `events` may lag behind before it is cut off.
    private static let watchBuffer = 4096

    let database: DatabaseQueue
    let file: String
    let settings: StoreSettings
    let clock: WallClock
    let state: Mutex<State>
    private let directory: String?
    private let lock: StoreLock?

    /// Opens the registry, or makes one.
    ///
    /// - Throws: `StoreError`; `AllocationError` for ranges that addresses cannot be given from.
    package init(
        location: Location, settings: StoreSettings = StoreSettings(), clock: WallClock = .system
    ) throws {
        self.settings = settings
        self.clock = clock
        var configuration = Configuration()
        switch location {
        case .memory:
            directory = nil
            lock = nil
            file = "the registry in memory"
            database = try DatabaseQueue(configuration: configuration)
        case .directory(let path):
            try Self.makeDirectory(path)
            let file = "\(path)/registry.sqlite"
            directory = path
            self.file = file
            lock = try StoreLock(directory: path)
            configuration.journalMode = .wal
            let isolated = configuration
            database = try StoreError.mapping(file: file) {
                let database = try DatabaseQueue(path: file, configuration: isolated)
                // GRDB asks for less when it turns on the write-ahead log: the last transactions might be lost.
                try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                return database
            }
        }
        let (database, file) = (database, file)
        let addresses = AddressAllocator(
            ranges: try settings.serviceCIDRs.map { try AddressRange($0) },
            quarantinePeriod: settings.quarantineSeconds * 1000)
        var state = State(
            pools: AddressPools(addresses: addresses, nodePorts: try NodePortAllocator(range: settings.nodePorts)))
        try StoreError.mapping(file: file) {
            try database.write { try StoreSchema.check($0, file: file) }
            try StoreSchema.migrator.migrate(database)
            try database.write { database in
                try Self.load(&state, from: database, file: file)
                try Self.record(settings, in: database)
            }
        }
        state.pools.addresses.endQuarantine(at: clock.now())
        self.state = Mutex(state)
    }

    private static func makeDirectory(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            let code = errno
            // A read-only parent may say so even though the folder is there.
            guard access(made, F_OK) == 0 else {
                throw .directoryUnusable(path, reason: String(cString: strerror(code)))
            }
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .directoryUnusable(path, reason: String(cString: strerror(errno))) }
        close(descriptor)
        guard access(path, W_OK | X_OK) == 0 else {
            throw .directoryUnusable(path, reason: String(cString: strerror(errno)))
        }
    }

    private static func load(_ state: inout State, from database: Database, file: String) throws {
        for row in try Row.fetchAll(database, sql: "SELECT address, namespace, name FROM allocations") {
            guard let address = IPAddress(row["address"] as String) else { continue }
            state.pools.addresses.take(address, for: NamespacedName(namespace: row["namespace"], name: row["name"]))
        }
        for row in try Row.fetchAll(database, sql: "SELECT number, namespace, name FROM node_ports") {
            state.pools.nodePorts.take(
                row["number"], for: NamespacedName(namespace: row["namespace"], name: row["name"]))
        }
        for row in try Row.fetchAll(database, sql: "SELECT address, ends FROM quarantine") {
            guard let address = IPAddress(row["address"] as String) else { continue }
            state.pools.addresses.setQuarantine(of: address, until: Timestamp(milliseconds: row["ends"]))
        }
        for row in try Row.fetchAll(database, sql: "SELECT namespace, name, reason, document FROM pending") {
            state.pending[NamespacedName(namespace: row["namespace"], name: row["name"])] = PendingService(
                reason: row["reason"], document: try JSONText.value(of: row["document"]))
        }
        for stored in try StoredRows.objects(in: database, file: file) {
            state.objects[stored.key] = KnownObject(object: stored.object, feeder: stored.feeder)
        }
        func number(_ name: String) throws -> Int64 {
            try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
                .flatMap { Int64($0) } ?? 0
        }
        state.version = ResourceVersion(rawValue: try number(StoreSetting.version))
        state.oldestChange = ResourceVersion(rawValue: try number(StoreSetting.oldestChange))
    }

    private static func record(_ settings: StoreSettings, in database: Database) throws {
        try StoredRows.set(
            StoreSetting.serviceCIDRs, settings.serviceCIDRs.map(\.description).joined(separator: " "), in: database)
        try StoredRows.set(
            StoreSetting.nodePorts, "\(settings.nodePorts.lowerBound)-\(settings.nodePorts.upperBound)", in: database)
    }

    /// Notes what the server on this registry is, for commands beside it.
    package func record(_ server: ServerRecord) throws {
        try StoreError.mapping(file: file) {
            try database.write { try StoredRows.set(StoreSetting.server, JSONText.text(of: server.document), in: $0) }
        }
    }

    /// Whether an earlier run has left objects.
    package var holdsObjects: Bool { state.withLock { !$0.objects.isEmpty } }

    // MARK: Watching

    /// A snapshot, then every transaction; a reader that lags too far behind is ended with `versionTooOld`.
    package func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<RegistryEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.watchBuffer))
        let id = state.withLock { state in
            continuation.yield(.snapshot(state.objects.values.map(\.object), at: state.version))
            return Self.add(continuation, to: &state)
        }
        continuation.onTermination = { [weak self] _ in self?.removeWatcher(id) }
        return stream
    }

    /// Every transaction after a version, as long as all of them are still kept.
    ///
    /// - Throws: `StoreError.versionTooOld` or `.versionInFuture`.
    package func events(
        after version: ResourceVersion
    ) throws -> AsyncThrowingStream<RegistryEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<RegistryEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.watchBuffer))
        let id = try state.withLock { state in
            guard version <= state.version else { throw StoreError.versionInFuture(version, newest: state.version) }
            guard version >= state.oldestChange else {
                throw StoreError.versionTooOld(version, oldest: state.oldestChange)
            }
            let missed = try StoreError.mapping(file: file) {
                try database.read { try StoredRows.changes(after: version, in: $0, file: file) }
            }
            if !missed.isEmpty { continuation.yield(.changes(missed.map(\.change), to: state.version)) }
            return Self.add(continuation, to: &state)
        }
        continuation.onTermination = { [weak self] _ in self?.removeWatcher(id) }
        return stream
    }

    private static func add(
        _ continuation: AsyncThrowingStream<RegistryEvent, any Error>.Continuation, to state: inout State
    ) -> Int {
        state.nextWatcher += 1
        state.watchers[state.nextWatcher] = continuation
        return state.nextWatcher
    }

    private func removeWatcher(_ id: Int) {
        state.withLock { _ = $0.watchers.removeValue(forKey: id) }
    }

    /// Tells all watchers, and readers in other processes, of a transaction, and returns those to be cut off.
    ///
    /// The caller ends them when it has let go of the lock: their end asks for it again.
    func publish(
        _ changes: [ObjectChange], _ state: inout State
    ) -> [AsyncThrowingStream<RegistryEvent, any Error>.Continuation] {
        guard !changes.isEmpty else { return [] }
        var lagging: [AsyncThrowingStream<RegistryEvent, any Error>.Continuation] = []
        for (id, watcher) in state.watchers {
            switch watcher.yield(.changes(changes, to: state.version)) {
            case .enqueued: continue
            case .dropped: lagging.append(watcher)
            case .terminated: break
            @unknown default: break
            }
            state.watchers[id] = nil
        }
        if let directory { VersionFile.write(state.version, in: directory) }
        return lagging
    }
}

/// A small file whose closing tells other processes that the registry has changed: SQLite's own are never closed.
enum VersionFile {
    static let name = "registry.version"

    static func write(_ version: ResourceVersion, in directory: String) {
        let descriptor = open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        let text = Array("\(version.rawValue)\n".utf8)
        // A hint only: what counts is in the database.
        _ = Glibc.write(descriptor, text, text.count)
        close(descriptor)
    }
}
