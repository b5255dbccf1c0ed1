import ClusterServing
import ClusterZone
import DNS
import LDNS
import Logging
import Nameserver
import Pipeline
import Registry
import ServiceLifecycle
import Serving
import Telemetry
import Zonefiles

/// Answers as the options of `serve` say: the cluster's zones, and static ones.
struct FlagFrontend: Frontend {
    private let settings: ServerSettings
    private let cluster: Cluster
    private let zoneFiles: StaticZoneFiles
    private let staticZones: [StaticZoneStage]
    private let listeners: Listeners
    private let logger: Logger

    init(_ settings: ServerSettings, registry: EmbeddedServing?, metrics: Metrics, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let apexRecords = try ZoneFileReader.records(
            in: ShippedZones.clusterApex, origin: settings.apex, name: "cluster.local.zone")
        let zone = ClusterZoneSettings(
            apex: settings.apex,
            reverseApexes: ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) },
            ttl: settings.ttl, podNames: settings.pods, localAddresses: HostAddresses.all(),
            apexRecords: apexRecords)
        cluster = Cluster(
            publisher: ZonePublisher(settings: zone), settings: zone,
            source: try registry?.source
                ?? ClusterSources.source(
                    kubeconfig: settings.kubeconfig, data: settings.data, metrics: metrics, logger: logger))
        zoneFiles = try StaticZoneFiles(settings.zoneFiles, logger: logger)
        staticZones = try zoneFiles.loadAll()
        listeners = Listeners(
            limits: ServingLimits(memory: settings.memory), cookies: settings.cookies?.secrets ?? CookieSecrets(),
            inherited: settings.inherited)
        listeners.counters.expose(in: metrics)
    }

    func open() async throws -> Opened {
        await cluster.publisher.setOtherZones(settings.zoneFiles.map(\.origin))
        await cluster.start()
        let chain = Chain([StartingClusterStage(cluster)])
        // A static zone of the same name stands before the cluster's.
        let routes =
            staticZones.map { ServerBlockRoute(zone: $0.apex, label: "", chain: Chain([$0])) }
            + cluster.publisher.apexes.map { ServerBlockRoute(zone: $0, label: "", chain: chain) }
        let content = ListenerContent(
            router: Router(routes), readyAnswers: ReadyAnswers(cluster.publisher.zones.table, rotates: true))
        var opened = Opened()
        do {
            for address in settings.listen {
                let listener = try await listeners.open(
                    ListenerSettings(.dns, [address], workers: settings.workers), content)
                opened.addresses += listener.addresses
            }
        } catch {
            await listeners.stop()
            throw error
        }
        opened.lines = opened.addresses.map { "listening on \($0) (UDP and TCP)" }
        return opened
    }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await zoneFiles.run(staticZones) }
            group.addTask {
                try? await gracefulShutdown()
                await listeners.stop()
                await cluster.stop()
            }
            await group.waitForAll()
        }
    }
}
