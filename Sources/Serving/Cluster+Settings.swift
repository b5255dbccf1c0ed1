import ClusterServing
import ClusterZone
import Corefile
import DNS
import LDNS
import Registry
import Stages
import Zonefiles

extension Cluster {
    /// The cluster that a `kubernetes` directive describes; not started yet.
    static func make(_ settings: KubernetesSettings, _ surroundings: ServingSurroundings) async throws -> Cluster {
        let zone = try zoneSettings(settings)
        let publisher = ZonePublisher(
            settings: zone, fallsThrough: settings.fallThrough.zones,
            latency: ProgrammingLatency(metrics: surroundings.metrics),
            hostPath: (try? FixedSearchPath(file: "/etc/resolv.conf").names) ?? [])
        let names = surroundings.metrics.ownGauge(
            "swiftlet_answer_table_names", "Number of names with ready-made answers.",
            ["zone": "\(settings.primaryZone)"])
        surroundings.metrics.collect(of: publisher) { names.set(Double($0.zones.table.count)) }
        return Cluster(
            publisher: publisher, settings: zone, source: try await surroundings.makeSource(settings),
            startupTimeout: settings.startupTimeout)
    }

    private static func zoneSettings(_ settings: KubernetesSettings) throws -> ClusterZoneSettings {
        let forward = settings.zones.filter { !ReverseZone.contains($0) }
        var zone = ClusterZoneSettings(
            apex: settings.primaryZone, reverseApexes: settings.zones.filter { ReverseZone.contains($0) },
            ttl: settings.ttl, podNames: podNames(settings.pods), namesEndpointsByPod: settings.usesPodNames,
            localAddresses: HostAddresses.all(),
            apexRecords: try ZoneFileReader.records(
                in: ShippedZones.clusterApex, origin: settings.primaryZone, name: "cluster.local.zone"))
        zone.furtherApexes = forward.filter { $0 != settings.primaryZone }
        zone.multiclusterApexes = settings.multiclusterZones
        zone.namespaces = settings.namespaces.isEmpty ? nil : Set(settings.namespaces)
        zone.namespaceLabels = settings.namespaceLabels?.selector ?? zone.namespaceLabels
        zone.labels = settings.labels?.selector ?? zone.labels
        zone.answersEndpoints = settings.servesEndpoints
        zone.ignoresEmptyServices = settings.ignoresEmptyServices
        zone.answersByZone = settings.servesTopologyZones
        return zone
    }

    private static func podNames(_ mode: KubernetesSettings.Pods) -> PodNameMode {
        switch mode {
        case .disabled: .disabled
        case .insecure: .insecure
        case .verified: .verified
        }
    }
}
