import APIClient
import Corefile
import Foundation
import KeptState
import KubernetesRegistry
import Logging
import ProcessMemory
import Registry
import Serving
import Synchronization
import Telemetry

/// Where the objects of a cluster come from that a configuration names.
enum ClusterSources {
    /// The API server that the directive, `--kubeconfig` or the Pod's account names; the embedded registry where this
    /// process keeps one and none is named.
    static func source(
        of directive: KubernetesSettings, _ settings: ServerSettings, embedded: EmbeddedSource?,
        environment: [String: String], metrics: Metrics, logger: Logger
    ) async throws -> any ClusterSource {
        if directive.endpoint == nil, directive.kubeconfig == nil, let embedded { return embedded }
        let choice =
            directive.kubeconfig.map { APIAccess.KubeConfigChoice(file: $0.file, context: $0.context) }
            ?? (directive.endpoint == nil
                ? settings.kubeconfig.map { APIAccess.KubeConfigChoice(file: $0, context: nil) } : nil)
        let access = try APIAccess.access(
            endpoint: directive.endpoint,
            tls: directive.clientCertificate.map {
                APIAccess.TLSFiles(certificate: $0.certificateFile, key: $0.keyFile, authority: $0.authorityFile)
            }, kubeConfig: choice, environment: environment)
        return try KubernetesSource(access, data: settings.data, metrics: metrics, logger: logger)
    }

    /// The cluster of `--kubeconfig`, or the one whose Pod this is.
    static func source(
        kubeconfig: String?, data: String?, metrics: Metrics, logger: Logger
    ) throws -> any ClusterSource {
        let access = try APIAccess.access(
            kubeConfig: kubeconfig.map { APIAccess.KubeConfigChoice(file: $0, context: nil) },
            environment: ProcessInfo.processInfo.environment)
        return try KubernetesSource(access, data: data, metrics: metrics, logger: logger)
    }
}

/// A Kubernetes cluster, by its API server.
private final class KubernetesSource: ClusterSource {
    private let registry: KubernetesRegistry
    private let logger: Logger
    /// Whether nothing is answered before the first list has come.
    private let beginsEmpty = Atomic(true)

    /// - Throws: where a file that `access` names cannot be used: a configuration that names it must not be taken.
    init(_ access: APIAccess, data: String?, metrics: Metrics, logger: Logger) throws(APIAccessError) {
        self.logger = logger
        try APIClient.check(access)
        // A folder that cannot be made is told of when the state is to be written.
        if let data {
            try? FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        registry = KubernetesRegistry(
            KubernetesRegistry.Settings(
                access: access, stateFile: data.map { "\($0)/cluster-state" },
                userAgent: "swiftlet/\(Swiftlet.version)"),
            metrics: metrics, log: logger)
    }

    var isInSync: Bool { registry.status.isInSync }
    var isWaitedFor: Bool { true }

    func keptState(of selection: DiscoverySelection) async -> KeptState? {
        let state = registry.keptState(of: selection)
        beginsEmpty.store(state == nil, ordering: .relaxed)
        if state == nil { StartupPages.giveBack() }
        return state
    }

    func run(
        _ selection: DiscoverySelection, kept: KeptHandover, _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
    ) async {
        var complaint: String?
        while !Task.isCancelled {
            do {
                try await follow(selection, kept, take)
                break
            } catch is CancellationError {
                break
            } catch KubernetesRegistry.Failure.access(let error) {
                if complaint != "\(error)" {
                    logger.critical("the cluster is not followed: \(error); it is tried again")
                    complaint = "\(error)"
                }
                try? await Task.sleep(for: Self.pause)
            } catch {
                logger.critical("the cluster is not followed: \(error)")
                break
            }
        }
        // The last state is written before the process ends.
        await registry.stop()
    }

    /// Between two tries to begin, as files of certificates may come and go.
    private static let pause = Duration.seconds(5)

    private func follow(
        _ selection: DiscoverySelection, _ kept: KeptHandover,
        _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
    ) async throws {
        try await withTaskExecutorPreference(registry.executor) {
            for try await event in try await registry.events(of: selection, kept: kept) {
                // The first lists may be long, and the names that are made of them at their end take memory of their
                // own: what was needed to get there is not needed any more. Where answers are given already, nothing is
                // taken from them.
                let isStep = event.isBoundary && beginsEmpty.load(ordering: .relaxed)
                if isStep { StartupPages.giveBack() }
                await take(event)
                if isStep { StartupPages.giveBack() }
            }
        }
    }
}

extension DiscoveryEvent {
    /// Whether lists begin or end: each kind's once.
    fileprivate var isBoundary: Bool {
        switch self {
        case .snapshotBegins, .snapshotEnds: true
        case .changes: false
        }
    }
}
