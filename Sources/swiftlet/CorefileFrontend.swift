import Corefile
import Foundation
import Glibc
import KubernetesRegistry
import Logging
import Nameserver
import ProcessMemory
import ServiceLifecycle
import Serving
import Stages
import Telemetry

/// Answers as a Corefile says.
struct CorefileFrontend: Frontend {
    private let serving: CorefileServing

    init(
        _ settings: ServerSettings, _ corefile: CorefileSetting, registry: EmbeddedServing?, metrics: Metrics,
        log: LogLineWriter, logger: Logger
    ) {
        let environment = ProcessInfo.processInfo.environment
        var surroundings = ServingSurroundings(
            metrics: metrics, logger: logger, log: log, version: "Swiftlet-\(Swiftlet.version)",
            makeSource: { directive in
                try await ClusterSources.source(
                    of: directive, settings, embedded: registry?.source, environment: environment, metrics: metrics,
                    logger: logger)
            },
            onFatal: { reason in
                // As CoreDNS does: a server that asks itself for ever must not go on, and is started anew.
                log.write("[FATAL] plugin/loop: \(reason)")
                log.stop(waitingAtMost: 1)
                exit(CommandFailure.Kind.other.rawValue)
            })
        surroundings.onLoaded = { StartupPages.follow() }
        surroundings.workers = settings.workers
        surroundings.limits = ServingLimits(memory: settings.memory)
        surroundings.fitCaches(memory: settings.memory)
        if let cookies = settings.cookies { surroundings.cookies = cookies.secrets }
        surroundings.inherited = settings.inherited
        surroundings.takesOver = corefile.takesOver
        serving = CorefileServing(
            CorefileSource(path: corefile.path, environment: environment, defaultPort: corefile.defaultPort),
            surroundings)
    }

    func open() async throws -> Opened {
        do {
            let addresses = try await serving.start()
            var opened = Opened()
            for listener in addresses.listeners {
                switch listener.scheme {
                case .dns:
                    opened.addresses.append(listener.address)
                    opened.lines.append("listening on \(listener.address) (UDP and TCP)")
                case .tls: opened.lines.append("listening on \(listener.address) (DNS over TLS)")
                case .https: opened.lines.append("listening on \(listener.address) (DNS over HTTPS)")
                }
            }
            opened.lines += addresses.pages.map { "\($0.name) on \($0.url)" }
            return opened
        } catch let error as CorefileError {
            throw CommandFailure(.badData, "\(error)")
        }
    }

    func run() async throws {
        // SIGUSR1 asks for another look at the file, as CoreDNS's does.
        let source = DispatchSource.makeSignalSource(signal: SIGUSR1)
        source.setEventHandler { [serving] in serving.lookAgain() }
        source.resume()
        defer { source.cancel() }
        try await serving.run()
    }
}
