import ClusterServing
import ClusterZone
import Corefile
import DNS
import EmbeddedRegistry
import Glibc
import LDNS
import Logging
import Manifests
import Nameserver
import ProcessMemory
import Registry
import RegistryAPI
import ServiceLifecycle
import Serving
import Stages
import Telemetry
import Zonefiles

/// Who answers DNS: opened once, then a service until the end.
protocol Frontend: ServiceLifecycle.Service {
    /// Opens the listeners; with an error nothing is left open.
    func open() async throws -> Opened
}

/// What a frontend has opened.
struct Opened: Sendable {
    /// For DNS over UDP and TCP.
    var addresses: [ListenAddress] = []
    /// What is said of it on standard output, a line each.
    var lines: [String] = []
}

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
        StartingSignals.mind()
        // The loader's work and the reading of arguments are over.
        StartupPages.giveBack()
        let metrics = Metrics()
        ProcessMetrics.register(in: metrics)
        let log = LogLineWriter(descriptor: STDOUT_FILENO, metrics: metrics)
        var services: [any ServiceLifecycle.Service] = []
        if settings.usesEmbeddedRegistry {
            let registry = EmbeddedServing(settings, logger: logger)
            try await registry.waitUntilAnswerable()
            let frontend = try frontend(metrics, log, registry)
            StartupPages.follow()
            let opened = try await frontend.open()
            services = [frontend] + (try await registry.services(opened))
        } else {
            let frontend = try frontend(metrics, log, nil)
            let opened = try await frontend.open()
            services = [frontend, Announcing(lines: opened.lines)]
        }
        if let cookies = settings.cookies { services.append(cookies.following(logger)) }
        if let tokens = settings.tokens, settings.usesEmbeddedRegistry { services.append(tokens.following(logger)) }
        // The last one is the first to be told to end.
        services.append(Ending(logger: logger))
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "swiftlet") { _ in
                SwiftLogNoOpLogHandler()
            })
        try await group.run()
        log.stop(waitingAtMost: 1)
    }

    private func frontend(
        _ metrics: Metrics, _ log: LogLineWriter, _ registry: EmbeddedServing?
    ) throws -> any Frontend {
        guard let corefile = settings.corefile else {
            return try FlagFrontend(settings, registry: registry, metrics: metrics, logger: logger)
        }
        return CorefileFrontend(settings, corefile, registry: registry, metrics: metrics, log: log, logger: logger)
    }
}

/// Says that the server is ready, once signals to end it are minded.
private struct Announcing: ServiceLifecycle.Service {
    let lines: [String]

    func run() async throws {
        Announcement.write(lines)
        try? await gracefulShutdown()
    }
}

/// Says that a signal has asked for the end.
private struct Ending: ServiceLifecycle.Service {
    let logger: Logger

    func run() async throws {
        guard (try? await gracefulShutdown()) != nil else { return }
        logger.notice("a signal asks for the end: finishing what is under way")
    }
}

/// What the server says of itself on standard output.
enum Announcement {
    static func write(_ lines: [String]) {
        OutputFile.write(Array((lines + ["ready"]).map { $0 + "\n" }.joined().utf8), to: STDOUT_FILENO)
        StartupPages.endFollowing()
        MemoryUpkeep.begin()
    }
}
