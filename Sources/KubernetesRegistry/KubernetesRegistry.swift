import APIClient
import KeptState
import Logging
import Registry
import Synchronization
import Telemetry

/// The registry of a Kubernetes cluster: its API server, followed by lists and watches.
///
/// What was known last is kept, whatever becomes of the server, and outlives the process in a file.
package final class KubernetesRegistry: DiscoverySource, Sendable {
    package struct Settings: Sendable {
        package var access: APIAccess
        /// Where the state is kept between processes; nil for nowhere.
        package var stateFile: String?
        /// The shortest time between two writings of the file.
        package var saveInterval: Duration
        /// How often the number of objects is compared with the API's.
        package var checkInterval: Duration
        package var userAgent: String

        package init(
            access: APIAccess, stateFile: String? = nil, saveInterval: Duration = .seconds(10),
            checkInterval: Duration = .seconds(300), userAgent: String = "swiftlet"
        ) {
            self.access = access
            self.stateFile = stateFile
            self.saveInterval = saveInterval
            self.checkInterval = checkInterval
            self.userAgent = userAgent
        }
    }

    /// Why the events cannot be told.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The registry has a reader already: its state and its file belong to one.
        case hasReader
        case access(APIAccessError)

        package var description: String {
            switch self {
            case .hasReader: "the cluster's registry is being read already"
            case .access(let error): error.description
            }
        }
    }

    /// A file whose version alone has changed is written this many times less often.
    private static let idleSaves = 30

    package let status: RegistryStatus
    /// The thread that the API's connections are on and events are told from: for those who take them at once.
    package let executor = EventLoopExecutor()
    private let settings: Settings
    private let time: RegistryTime
    private let metrics: RegistryMetrics
    private let log: Logger
    private let task = Mutex<Task<Void, Never>?>(nil)
    /// Connects to nothing yet.
    package init(_ settings: Settings, metrics: Metrics, log: Logger, time: RegistryTime = .system) {
        self.settings = settings
        self.time = time
        self.log = log
        status = RegistryStatus(time: time)
        self.metrics = RegistryMetrics(metrics, host: settings.access.server.authority)
        self.metrics.follow(status)
    }

    /// Begins to follow the cluster, for one reader; ends when that stops reading, or by `stop()`.
    ///
    /// A stored state is told first, as lists of its kinds; after that what is different from it. A kind that is told
    /// completely is never told empty because the API is out of reach or was asked anew.
    ///
    /// - Parameter kept: what `keptState` gave.
    package func events(
        of selection: DiscoverySelection, kept: KeptHandover
    ) async throws -> AsyncThrowingStream<DiscoveryEvent, any Error> {
        let client: APIClient
        do throws(APIAccessError) {
            client = try APIClient(settings.access, userAgent: settings.userAgent, executor: executor)
        } catch {
            throw Failure.access(error)
        }
        let (stream, continuation) = AsyncThrowingStream<DiscoveryEvent, any Error>.makeStream()
        let isFirst = task.withLock { task in
            guard task == nil else { return false }
            task = Task(executorPreference: executor) { [self] in
                await run(client, selection, kept) { continuation.yield($0) }
                await client.close()
                continuation.finish()
            }
            return true
        }
        guard isFirst else {
            await client.close()
            throw Failure.hasReader
        }
        continuation.onTermination = { [weak self] _ in self?.task.withLock { $0?.cancel() } }
        return stream
    }

    package func events(
        of selection: DiscoverySelection
    ) async throws -> AsyncThrowingStream<DiscoveryEvent, any Error> {
        try await events(of: selection, kept: KeptHandover(keptState(of: selection)))
    }

    /// Ends following, and returns when the state has been written a last time. Nothing can be read afterwards.
    package func stop() async {
        let running = task.withLock { $0 }
        running?.cancel()
        await running?.value
    }

    // MARK: Following

    private func run(
        _ client: APIClient, _ selection: DiscoverySelection, _ kept: KeptHandover,
        emit: @escaping @Sendable (DiscoveryEvent) -> Void
    ) async {
        status.expect(selection.kinds)
        let file = settings.stateFile.map { StateFile(path: $0) }
        let (lacks, lacking) = AsyncStream<DiscoveryKind>.makeStream()
        let around = KindReflector.Surroundings(
            client: client, executor: executor, selection: selection, time: time, metrics: metrics, status: status,
            log: log,
            checkInterval: settings.checkInterval, isStored: file != nil, emit: emit, lacks: { lacking.yield($0) })
        let reflectors = ReflectorList()
        reflectors.append(firstReflectors(kept, selection, around))
        await withTaskGroup(of: Void.self) { group in
            var kinds = Set(reflectors.all.map(\.kind))
            for reflector in reflectors.all { group.addTask { await reflector.run() } }
            if let file {
                // Making the file takes long where much is known, and then waits for the disk.
                group.addTask(executorPreference: globalConcurrentExecutor) { [self] in
                    await save(file, selection, reflectors)
                }
            }
            for await kind in lacks where kind == .endpointSlice && !kinds.contains(.endpoints) {
                log.notice("Watching Endpoints instead of EndpointSlices")
                kinds.insert(.endpoints)
                status.expect([.endpoints])
                let reflector = KindReflector(.endpoints, around)
                reflectors.append([reflector])
                group.addTask { await reflector.run() }
            }
            // Only cancellation ends the loop.
            group.cancelAll()
        }
        if let file { await saveOnce(file, selection, reflectors.all) }
    }

    /// A reflector for each kind, told what was kept; nothing else holds that for longer.
    private func firstReflectors(
        _ kept: KeptHandover, _ selection: DiscoverySelection, _ around: KindReflector.Surroundings
    ) -> [KindReflector] {
        let stored = kept.take().flatMap { restore($0, selection, around.emit) } ?? [:]
        var kinds = selection.kinds
        // A state that was made of Endpoints says that they are what the cluster has.
        if stored[.endpoints] != nil { kinds.insert(.endpoints) }
        return kinds.sorted { $0.rawValue < $1.rawValue }.map { KindReflector($0, around, stored: stored[$0]) }
    }

    // MARK: The file

    /// What an earlier process knew, for `events`, before anything is asked of the API; nil where nothing of use is on
    /// disk.
    package func keptState(of selection: DiscoverySelection) -> KeptState? {
        guard let file = settings.stateFile.map({ StateFile(path: $0) }) else { return nil }
        do {
            guard let bytes = try file.read() else { return nil }
            return try KeptState(bytes, server: "\(settings.access.server)", selection: selection)
        } catch let unfit as KeptState.Unfit {
            log.warning("\(file.path): the state \(unfit) and is not used")
        } catch {
            log.warning("\(error); the state is not used")
        }
        return nil
    }

    /// Tells what was kept.
    private func restore(
        _ kept: KeptState, _ selection: DiscoverySelection, _ emit: @Sendable (DiscoveryEvent) -> Void
    ) -> [DiscoveryKind: StoredKind]? {
        let state: StoredState
        do {
            state = try kept.state()
        } catch {
            log.warning("the state \(error) and is not used")
            return nil
        }
        let wanted = state.kinds.filter { selection.kinds.contains($0.kind) || $0.kind == .endpoints }
        let kinds = Set(wanted.map(\.kind))
        status.expect(kinds)
        let age = Duration.milliseconds(max(0, Timestamp.now.milliseconds &- state.savedAt.milliseconds))
        emit(.snapshotBegins(kinds))
        for stored in wanted {
            for start in stride(from: 0, to: stored.entries.count, by: 1000) {
                let part = stored.entries[start..<min(start + 1000, stored.entries.count)]
                emit(.changes(part.compactMap { $0.object.map { .put($0) } }))
            }
        }
        emit(.snapshotEnds(kinds))
        for stored in wanted { status.restored(stored.kind, age: age) }
        log.info("the state of \(state.savedAt.text) was read")
        return Dictionary(wanted.map { ($0.kind, $0) }) { first, _ in first }
    }

    /// Writes the file from time to time while something changes.
    private func save(
        _ file: StateFile, _ selection: DiscoverySelection, _ reflectors: ReflectorList
    ) async {
        var revision = 0
        var versions: [DiscoveryKind: String] = [:]
        var idle = 0
        while !Task.isCancelled {
            guard (try? await time.sleep(settings.saveInterval)) != nil else { return }
            var newRevision = 0
            var newVersions: [DiscoveryKind: String] = [:]
            for reflector in reflectors.all {
                newRevision += await reflector.revision
                newVersions[reflector.kind] = await reflector.version
            }
            idle += 1
            guard newRevision != revision || (idle >= Self.idleSaves && newVersions != versions) else { continue }
            revision = newRevision
            versions = newVersions
            idle = 0
            await saveOnce(file, selection, reflectors.all)
        }
    }

    private func saveOnce(_ file: StateFile, _ selection: DiscoverySelection, _ reflectors: [KindReflector]) async {
        var state = StoredState(savedAt: .now, kinds: [])
        // What is known may be older than now: the API may have been out of reach for long.
        if let age = status.stateAge {
            state.savedAt = state.savedAt.advanced(byMilliseconds: -Int64(age / .milliseconds(1)))
        }
        for reflector in reflectors {
            if let kind = await reflector.stored() { state.kinds.append(kind) }
        }
        guard !state.kinds.isEmpty else { return }
        let bytes = state.bytes(server: "\(settings.access.server)", selection: selection)
        do throws(StateFile.Failure) {
            try await file.write(bytes)
            metrics.countSave(failed: false)
        } catch {
            metrics.countSave(failed: true)
            log.error("\(error)")
        }
    }
}

/// The reflectors at work, which may become more.
private final class ReflectorList: Sendable {
    private let list = Mutex<[KindReflector]>([])

    var all: [KindReflector] { list.withLock { $0 } }

    func append(_ reflectors: [KindReflector]) { list.withLock { $0 += reflectors } }
}
