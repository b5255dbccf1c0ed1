import AnswerTable
import ClusterZone
import DNS
import Glibc
import Nameserver
import StaticZones
import Registry

/// Carries what the registry and the zone files say into the answers: the one writer of the table.
actor ZonePublisher {
    private let table: AnswerTable
    private let pipeline: QueryPipeline
    private var zone: ClusterZone
    private var staticZones: [DomainName: StaticZone] = [:]
    private var isReady = false
    private let computedNames: QueryPipeline.ComputedNames?

    /// Publishes the fixed names; everything else is not ready until the first event.
    init(table: AnswerTable, pipeline: QueryPipeline, settings: ClusterZoneSettings) {
        self.table = table
        self.pipeline = pipeline
        let zone = ClusterZone(settings: settings)
        self.zone = zone
        if settings.podNames == .insecure {
            let names = ComputedPodNames(settings: settings)
            computedNames = { name in names.record(of: name).map { ($0.record, prerequisite: $0.namespace) } }
        } else {
            computedNames = nil
        }
    }

    /// Publishes what is known before the registry has said anything.
    func start() {
        publish(zone.fixedChanges())
    }

    /// Takes an event of the registry; answers have changed when this returns.
    func apply(_ event: RegistryEvent) {
        let changes = zone.apply(event, now: UInt32(truncatingIfNeeded: time(nil)))
        let wasReady = isReady
        isReady = true
        if !changes.isEmpty || !wasReady { publish(changes) }
    }

    /// Takes a static zone in place of its former state.
    func setStaticZone(_ new: StaticZone) {
        staticZones[new.apex] = new
        publish([])
    }

    private func publish(_ changes: [ZoneChange]) {
        let prepared = zone.apexes.map { apex in
            ServedZone(
                apex: apex, content: content(of: apex), denialSOA: zone.soa(of: apex), ttl: zone.settings.ttl)
        }
        let direct = staticZones.values.sorted { $0.apex < $1.apex }
        var zones = QueryPipeline.Zones()
        zones.prepared = prepared
        zones.direct = direct
        zones.computedNames = computedNames
        pipeline.setZones(zones)
        let directory =
            prepared
            + direct.map {
                ServedZone(apex: $0.apex, content: .pipeline, denialSOA: $0.denialSOA, ttl: $0.denialSOA.ttl)
            }
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
    }

    private func content(of apex: DomainName) -> ServedZone.Content {
        guard isReady else { return .notReady }
        return apex == zone.settings.apex && computedNames != nil ? .tableThenPipeline : .table
    }
}
