import ClusterServing
import Corefile
import DNS
import Forwarding
import Glibc
import Pipeline
import Stages

/// Makes the stages of a server block, in the fixed order of directives.
struct StageFactory {
    let block: ServerBlock
    let surroundings: ServingSurroundings
    let clusters: ClusterSet<KubernetesSettings>
    /// Where the block is reached once it listens, for `loop`.
    let address: @Sendable () async -> PipelineQuery.Peer?

    /// What a block comes to.
    struct Made {
        var stages: [any Stage] = []
        /// The cluster of `kubernetes`, to be given back when the block goes out of service.
        var cluster: Cluster?
        var clusterKey: KubernetesSettings?
        /// Which ready-made answers may take the stages' place; nil for none.
        var readyPassage: ReadyPassage?
        /// The cache, and which of the answers it keeps may take the stages' place.
        var cache: (stage: CacheStage, passage: ReadyPassage)?
        var takesChaos = false
    }

    /// - Throws: `CorefileError`, or what a file or a registry says against it; nothing is held then.
    func make() async throws -> Made {
        var made = Made()
        do {
            // Other directives ask the cluster, too, and stand before it.
            if let settings = try settings(KubernetesSettings.self) {
                let surroundings = surroundings
                made.cluster = try await clusters.acquire(settings) { try await Cluster.make(settings, surroundings) }
                made.clusterKey = settings
            }
            let apexes = made.cluster?.publisher.apexes ?? []
            var ready: ReadyPassage? = .free
            var kept: ReadyPassage? = .free
            for name in DirectiveOrder.names where block.lines.contains(where: { $0.name == name }) {
                guard let stage = try await stage(name, &made) else { continue }
                if stage is StartingClusterStage { made.readyPassage = ready }
                if let cache = stage as? CacheStage, let kept { made.cache = (cache, kept) }
                for (number, apex) in apexes.enumerated() {
                    var passage = stage.readyPassage(of: apex)
                    // An answer is of one zone, counted once and written down once.
                    if number > 0 {
                        passage?.counts = []
                        passage?.logs = []
                    }
                    Self.narrow(&ready, passage)
                }
                Self.narrow(&kept, stage.readyPassage(of: .root))
                made.stages.append(stage)
            }
            return made
        } catch {
            if let key = made.clusterKey { await clusters.release([key]) }
            throw error
        }
    }

    private static func narrow(_ passage: inout ReadyPassage?, _ other: ReadyPassage?) {
        guard let other else { return passage = nil }
        passage?.join(other)
    }

    /// The stage of a directive; nil for one that is no stage, such as `bind`.
    private func stage(_ name: String, _ made: inout Made) async throws -> (any Stage)? {
        switch name {
        case AclSettings.directive:
            return try settings(AclSettings.self).map { AclStage($0, metrics: surroundings.metrics) }
        case AnySettings.directive: return try settings(AnySettings.self).map { AnyStage($0) }
        case AutopathSettings.directive: return try autopath(made.cluster)
        case BufsizeSettings.directive: return try settings(BufsizeSettings.self).map { BufsizeStage($0) }
        case CacheSettings.directive:
            return try settings(CacheSettings.self).map {
                CacheStage($0, metrics: surroundings.metrics, byteLimit: surroundings.cacheBytes)
            }
        case CancelSettings.directive: return try settings(CancelSettings.self).map { CancelStage($0) }
        case ChaosSettings.directive:
            made.takesChaos = true
            return try settings(ChaosSettings.self).map { ChaosStage($0, program: surroundings.version) }
        case DNS64Settings.directive:
            return try settings(DNS64Settings.self).map { DNS64Stage($0, metrics: surroundings.metrics) }
        case ErrorsSettings.directive:
            return try settings(ErrorsSettings.self).map { ErrorsStage($0, sink: surroundings.log) }
        case FileSettings.directive:
            guard var settings = try settings(FileSettings.self) else { return nil }
            for index in settings.sources.indices {
                settings.sources[index].path = try resolved(settings.sources[index].path)
            }
            return try await FileStage.load(settings, logger: surroundings.logger)
        case ForwardSettings.directive:
            return try settings(ForwardSettings.self).map {
                try ForwardStage($0, .init(metrics: surroundings.metrics, logger: surroundings.logger))
            }
        case HeaderSettings.directive: return try settings(HeaderSettings.self).map { HeaderStage($0) }
        case HostsSettings.directive:
            guard var settings = try settings(HostsSettings.self) else { return nil }
            settings.path = try resolved(settings.path)
            return try await HostsStage.load(
                settings, metrics: surroundings.metrics, logger: surroundings.logger,
                wallClock: { Double(time(nil)) })
        case KubernetesSettings.directive:
            guard let cluster = made.cluster, let settings = made.clusterKey else { return nil }
            return StartingClusterStage(cluster, fallsThrough: settings.fallThrough.zones)
        case LoadBalanceSettings.directive:
            guard var settings = try settings(LoadBalanceSettings.self) else { return nil }
            if let path = settings.weights?.path { settings.weights?.path = try resolved(path) }
            return try LoadBalanceStage(settings, logger: surroundings.logger)
        case LocalSettings.directive:
            return try settings(LocalSettings.self).map { LocalStage($0, metrics: surroundings.metrics) }
        case LogSettings.directive: return try settings(LogSettings.self).map { LogStage($0, sink: surroundings.log) }
        case LoopSettings.directive:
            return try settings(LoopSettings.self).map {
                LoopStage($0, logger: surroundings.logger, address: address, onLoop: surroundings.onFatal)
            }
        case MinimalSettings.directive: return try settings(MinimalSettings.self).map { MinimalStage($0) }
        case NSIDSettings.directive: return try settings(NSIDSettings.self).map { NSIDStage($0) }
        case RewriteSettings.directive: return try settings(RewriteSettings.self).map { RewriteStage($0) }
        case TemplateSettings.directive:
            return try settings(TemplateSettings.self).map { TemplateStage($0, metrics: surroundings.metrics) }
        case WhoamiSettings.directive: return try settings(WhoamiSettings.self).map { WhoamiStage($0) }
        default: return nil
        }
    }

    /// A file's name as seen from the folder that `root` names.
    private func resolved(_ path: String) throws(CorefileError) -> String {
        try settings(RootSettings.self)?.resolve(path) ?? path
    }

    private func settings<Settings: DirectiveSettings>(_ type: Settings.Type) throws(CorefileError) -> Settings? {
        try block.settings(type)
    }

    /// `autopath` with the search paths of a file, or of the cluster's Pods.
    private func autopath(_ cluster: Cluster?) throws -> (any Stage)? {
        guard let settings = try settings(AutopathSettings.self) else { return nil }
        func stage(_ searchPaths: any SearchPaths) -> AutopathStage {
            AutopathStage(settings, searchPaths: searchPaths, metrics: surroundings.metrics)
        }
        switch settings.source {
        case .file(let path):
            return stage(try FixedSearchPath(file: path))
        case .kubernetes:
            guard let cluster, cluster.publisher.selection.includesPods else {
                for warning in settings.warnings { surroundings.logger.warning("\(warning)") }
                return nil
            }
            return stage(cluster.publisher.podSearchPaths)
        }
    }
}
