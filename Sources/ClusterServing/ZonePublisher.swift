import AnswerTable
import ClusterZone
import DNS
import Glibc
import Registry

/// Carries what the registry says into the answers: the one writer of a table.
package actor ZonePublisher {
    /// What stages read.
    package nonisolated let zones: PublishedZones
    private let table: AnswerTable
    private var zone: ClusterZone
    /// The zones of which names that do not exist are asked of other stages.
    private let fallsThrough: [DomainName]
    private let isComputing: Bool
    /// Zones of others, which must not be answered from here where they lie below the cluster's.
    private var otherZones: [DomainName] = []
    private var isReady = false

    /// Publishes nothing yet: `start` does.
    package init(
        settings: ClusterZoneSettings, table: AnswerTable = AnswerTable(), fallsThrough: [DomainName] = []
    ) {
        self.table = table
        self.fallsThrough = fallsThrough
        zone = ClusterZone(settings: settings)
        isComputing = settings.podNames == .insecure
        let names = ComputedPodNames(settings: settings)
        let computed: PublishedZones.ComputedNames = { name in
            names.record(of: name).map { (record: $0.record, prerequisite: $0.namespace) }
        }
        zones = PublishedZones(table: table, computedNames: isComputing ? computed : nil)
    }

    /// Publishes what is known before the registry has said anything.
    package func start() {
        publish(zone.fixedChanges())
    }

    /// Takes an event of the registry; answers have changed when this returns.
    package func apply(_ event: RegistryEvent) {
        let changes = zone.apply(event, now: UInt32(truncatingIfNeeded: time(nil)))
        let wasReady = isReady
        isReady = true
        if !changes.isEmpty || !wasReady { publish(changes) }
    }

    /// Says which zones are answered by others.
    package func setOtherZones(_ apexes: [DomainName]) {
        guard apexes != otherZones else { return }
        otherZones = apexes
        publish([])
    }

    private func publish(_ changes: [ZoneChange]) {
        let own = zone.apexes.map { apex in
            ServedZone(
                apex: apex, content: content(of: apex), denialSOA: zone.soa(of: apex), ttl: zone.settings.ttl)
        }
        let shared = own.map { zone in
            var zone = zone
            // Who hands names on does so before it would say that it is not ready.
            if isShared(zone.apex) { zone.content = .tableThenPipeline }
            return zone
        }
        let blank = Record(owner: .root, ttl: 0, data: RecordData(type: .soa, bytes: []))
        let directory =
            shared + otherZones.map { ServedZone(apex: $0, content: .pipeline, denialSOA: blank, ttl: 0) }
        let indices = Dictionary(uniqueKeysWithValues: zone.apexes.enumerated().map { ($0.element, $0.offset) })
        table.update { update in
            for change in changes {
                switch change {
                case .set(let name, let apex, let answers):
                    guard let index = indices[apex] else { continue }
                    let answers = answers.map {
                        PreparedAnswer(
                            to: name, type: $0.type, answers: $0.records, additionals: $0.additionals,
                            isAlias: $0.isAlias)
                    }
                    update.set(name, zone: index, answers: answers)
                case .remove(let name):
                    update.remove(name)
                }
            }
            // Denials may be given only once the names that exist are there.
            update.setZones(directory)
        }
        zones.setZones(own)
    }

    private func content(of apex: DomainName) -> ServedZone.Content {
        guard isReady else { return .notReady }
        return isComputing ? .tableThenPipeline : .table
    }

    /// Whether some names of a zone that do not exist are handed on.
    private func isShared(_ apex: DomainName) -> Bool {
        fallsThrough.contains { $0.isWithin(apex) || apex.isWithin($0) }
    }
}
