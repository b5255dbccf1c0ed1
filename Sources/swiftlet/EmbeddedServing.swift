import Dispatch
import EmbeddedRegistry
import Logging
import Manifests
import Nameserver
import Registry
import RegistryAPI
import ServiceLifecycle
import Serving

/// The embedded registry at work: the store, its feeder, its API and its upkeep.
struct EmbeddedServing {
    let source: EmbeddedSource
    private let settings: ServerSettings
    /// The registry, or why there is none; set once it has been read.
    private let opening = OneShot<Result<RegistryStore, any Error>>()
    /// Set once the registry has been opened.
    private let store: OneShot<RegistryStore>
    /// Whether an earlier process has left what can be answered from before the registry is read.
    private let hasSnapshot: Bool
    /// Set once all manifests have been read.
    private let loaded = OneShot<Void>()
    /// Set once the registry holds what manifests declare, and what controllers make of it.
    private let filled = OneShot<Void>()
    /// Where the API is served, once it is; nil where it is not.
    private let listening = OneShot<String?>()
    private let logger: Logger

    /// Begins to read the registry, on a thread of its own.
    init(_ settings: ServerSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        let snapshot = settings.data.map { RegistrySnapshot(directory: $0, logger: logger) }
        hasSnapshot = snapshot?.isThere ?? false
        let (opening, store) = (opening, OneShot<RegistryStore>())
        self.store = store
        source = EmbeddedSource(store: store, snapshot: snapshot, loaded: loaded, filled: filled, logger: logger)
        DispatchQueue(label: "registry").async {
            let result = Result {
                try RegistryStore(
                    location: settings.data.map { .directory($0) } ?? .memory, settings: settings.store)
            }
            if case .success(let opened) = result { store.set(opened) }
            opening.set(result)
        }
    }

    /// Waits for the registry where nothing can be answered before, so that a start that fails has opened nothing.
    ///
    /// - Throws: `StoreError`.
    func waitUntilAnswerable() async throws {
        if !hasSnapshot { _ = try await opening.value()?.get() }
    }

    /// What is to run beside the frontend; waits for the registry.
    ///
    /// - Throws: `StoreError`.
    func services(_ opened: Opened) async throws -> [any ServiceLifecycle.Service] {
        guard let store = try await opening.value()?.get() else { throw CancellationError() }
        if let refusal = store.refusal {
            logger.error("\(refusal); serving what it holds, and taking no writes until the disk does")
        }
        if let repair = store.repair { logger.warning("\(repair)") }
        if let former = store.formerServiceCIDRs, former != store.serviceCIDRs {
            func list(_ ranges: [CIDR]) -> String {
                ranges.isEmpty ? "nowhere" : ranges.map(\.description).joined(separator: " and ")
            }
            logger.warning(
                """
                virtual IPs come from \(list(store.serviceCIDRs)) now, by --service-cidr, and came from \(list(former)): \
                'swiftlet vip audit' names those that are in no range any more
                """)
        }
        let feeder = try ManifestFeeder(
            paths: settings.manifests, sink: store, logger: logger, unknownFields: UnknownFields.all)
        if let data = settings.data {
            // Whoever mistypes the folder learns here why no Service of theirs is there.
            if store.isNew { logger.notice("a new registry begins in \(data)") }
        } else {
            logger.notice(
                "the registry is kept in memory: addresses are forgotten at the end; keep them with --data DIR")
        }
        let record = serverRecord(listening: opened.addresses)
        try store.record(record)
        return [
            StoreUpkeep(store: store, logger: logger),
            ManifestFeeding(
                feeder: feeder, store: store, source: source, lines: opened.lines, loaded: loaded,
                listening: listening, logger: logger),
            RegistryServing(
                store: store, settings: settings.api, isRequired: settings.isAPIRequired, description: record,
                apiServiceAddress: store.serviceCIDRs.first?.firstHost, loaded: loaded, filled: filled,
                listening: listening, logger: logger),
        ]
    }

    /// What other commands may want to know of this server: its zone, and where it is reached.
    private func serverRecord(listening addresses: [ListenAddress]) -> ServerRecord {
        let listeners = addresses.flatMap { address -> [ServerRecord.Listener] in
            let hosts =
                address.isWildcard
                ? HostAddresses.all().filter { ($0.family == .ipv6) == address.isIPv6 }
                : [IPAddress(address.host)].compactMap { $0 }
            return hosts.map { ServerRecord.Listener(address: $0, port: Int(address.port)) }
        }
        return ServerRecord(zone: "\(settings.apex)".trimmedOfDot, listeners: listeners)
    }
}

extension String {
    /// A name in presentation form as resolv.conf and command lines have it.
    fileprivate var trimmedOfDot: String { hasSuffix(".") ? String(dropLast()) : self }
}

/// Lets pending Services have addresses as soon as quarantines end, and watches over the file.
private struct StoreUpkeep: ServiceLifecycle.Service {
    let store: RegistryStore
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await store.run { repair in
                        logger.notice("the registry can be written: writes are taken again")
                        if let repair { logger.warning("\(repair)") }
                    }
                }
                tasks.addTask {
                    do {
                        let damage = try await store.watchIntegrity()
                        logger.critical("\(damage); writes are refused, DNS goes on")
                    } catch is CancellationError {
                        return
                    }
                }
                try await tasks.waitForFirstFailure()
            }
        }
    }
}

/// Brings manifests into the registry, and says that the server is ready once the registry is answered from.
private struct ManifestFeeding: ServiceLifecycle.Service {
    let feeder: ManifestFeeder
    let store: RegistryStore
    let source: EmbeddedSource
    /// What is said before "ready".
    let lines: [String]
    /// Set once all manifests have been read.
    let loaded: OneShot<Void>
    /// Where the API is served, once it is; nil where it is not.
    let listening: OneShot<String?>
    let logger: Logger
    private static let retryDelay = Duration.seconds(10)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                var isApplied = try await load()
                // Nothing where the server is ended before it has begun.
                guard await source.firstEvent(), let api = await listening.value() else { return }
                Announcement.write(lines + (api.map { ["API on \($0)"] } ?? []))
                while !isApplied {
                    try await Task.sleep(for: Self.retryDelay)
                    isApplied = try await load()
                }
                try await feeder.run()
            } catch is CancellationError {
                return
            }
        }
    }

    /// Brings all manifests into the registry; says false where it takes no writes, and is served without them.
    private func load() async throws -> Bool {
        defer { loaded.set(()) }
        do {
            try await feeder.loadAll()
            return true
        } catch let error as StoreError {
            logger.error("the manifests are not applied: \(error)")
        } catch ObjectStoreError.unavailable(let cause) {
            logger.error("the manifests are not applied: \(cause)")
        }
        return false
    }
}
