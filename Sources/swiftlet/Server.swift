import AnswerTable
import ClusterZone
import DNS
import EmbeddedRegistry
import Manifests
import LDNS
import Logging
import Nameserver
import StaticZones
import Registry
import Serving
import RegistryAPI
import ServiceLifecycle
import Zonefiles

/// The whole of `serve`: the parts, their order of start, and their end.
struct Server {
    private let settings: ServerSettings
    private let logger: Logger

    init(_ settings: ServerSettings) {
        self.settings = settings
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        logger = Logger(label: "swiftlet")
    }

    /// Runs until a signal ends it. Throws where the start fails: nothing is left behind then.
    func run() async throws {
        let table = AnswerTable()
        let pipeline = QueryPipeline()
        let publisher = ZonePublisher(table: table, pipeline: pipeline, settings: try zoneSettings())
        await publisher.start()
        let zoneFiles = try StaticZoneFiles(settings.zoneFiles, publisher: publisher, logger: logger)
        try await zoneFiles.loadAll()

        let store = try RegistryStore(
            location: settings.data.map { .directory($0) } ?? .memory, settings: settings.store)
        if let refusal = store.refusal {
            logger.error("\(refusal); serving what it holds, and writing nothing until the next start")
        }
        let feeder = try ManifestFeeder(paths: settings.manifests, sink: store, logger: logger)
        let nameserver = try await NameserverService.bind(
            settings.listen, table: table, pipeline: pipeline, workers: settings.workers)
        if settings.data == nil {
            logger.notice(
                "the registry is kept in memory: addresses are forgotten at the end; keep them with --data DIR")
        }
        let record = serverRecord(listening: nameserver.addresses)
        try store.record(record)

        let (listening, loaded) = (OneShot<String?>(), OneShot<Void>())
        let feeding = ManifestFeeding(
            feeder: feeder, store: store, publisher: publisher, addresses: nameserver.addresses,
            loaded: loaded, listening: listening, logger: logger)
        var services: [any ServiceLifecycle.Service] = [nameserver, StoreUpkeep(store: store, logger: logger)]
        if !settings.zoneFiles.isEmpty { services.append(zoneFiles) }
        services.append(feeding)
        services.append(serving(store, record: record, loaded: loaded, listening: listening))
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "swiftlet") { _ in
                SwiftLogNoOpLogHandler()
            })
        try await group.run()
    }

    private func serving(
        _ store: RegistryStore, record: ServerRecord, loaded: OneShot<Void>, listening: OneShot<String?>
    ) -> RegistryServing {
        RegistryServing(
            store: store, settings: settings.api, isRequired: settings.isAPIRequired,
            description: record, apiServiceAddress: settings.store.serviceCIDRs.first?.firstHost, loaded: loaded,
            listening: listening,
            logger: logger)
    }

    private func zoneSettings() throws -> ClusterZoneSettings {
        let apexRecords = try ZoneFileReader.records(
            in: ShippedZones.clusterApex, origin: settings.apex, name: "cluster.local.zone")
        return ClusterZoneSettings(
            apex: settings.apex,
            reverseApexes: ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) },
            ttl: settings.ttl, podNames: settings.pods, localAddresses: HostAddresses.all(),
            apexRecords: apexRecords)
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
                tasks.addTask { try await store.run() }
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

/// Brings manifests into the registry and the registry into the answers, then says that the server is ready.
private struct ManifestFeeding: ServiceLifecycle.Service {
    let feeder: ManifestFeeder
    let store: RegistryStore
    let publisher: ZonePublisher
    let addresses: [ListenAddress]
    /// Set once all manifests have been read.
    let loaded: OneShot<Void>
    /// Where the API is served, once it is; nil where it is not.
    let listening: OneShot<String?>
    let logger: Logger
    private static let retryDelay = Duration.seconds(10)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            // What an earlier run left is answered at once; an empty registry says nothing until it has been filled.
            let isKnown = store.holdsObjects
            let isLoaded = isKnown ? nil : try await load()
            let events = try await store.events()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let (first, continuation) = AsyncStream<Void>.makeStream()
                tasks.addTask {
                    var events = events
                    while !Task.isCancelled {
                        do {
                            for try await event in events {
                                await publisher.apply(event)
                                continuation.yield()
                            }
                            break
                        } catch is CancellationError {
                            break
                        } catch ObjectStoreError.versionTooOld {
                            // Left too far behind: a new snapshot replaces what was missed.
                            events = try await store.events()
                        }
                    }
                    continuation.finish()
                }
                tasks.addTask {
                    var isApplied = if let isLoaded { isLoaded } else { try await load() }
                    for await _ in first { break }
                    // Nothing where the server is ended before it has begun.
                    guard let api = await listening.value() else { return }
                    announce(api: api)
                    while !isApplied {
                        try await Task.sleep(for: Self.retryDelay)
                        isApplied = try await load()
                    }
                    try await feeder.run()
                }
                try await tasks.waitForFirstFailure()
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
            logger.error("the manifests are not applied: \(cause.reason)")
        }
        return false
    }

    private func announce(api: String?) {
        var lines = addresses.map { "listening on \($0) (UDP and TCP)\n" }
        if let api { lines.append("API on \(api)\n") }
        lines.append("ready\n")
        OutputFile.write(Array(lines.joined().utf8), to: 1)
        AllocatorSettings.trim()
    }
}
