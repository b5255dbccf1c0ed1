import AnswerTable
import ClusterZone
import DNS
import Glibc
import Registry
import Synchronization

/// Carries what a cluster says into the answers: the one writer of a table.
package actor ZonePublisher {
    /// What stages read.
    package nonisolated let zones: PublishedZones
    /// The zones answered for: those of names first, then the reverse zones.
    package nonisolated let apexes: [DomainName]
    /// What a source of objects is to tell.
    package nonisolated let selection: DiscoverySelection
    private let complete = Completeness()
    private let table: AnswerTable
    private var zone: ClusterZone
    /// The index of each zone in the table's directory.
    private let indices: [DomainName: Int]
    /// The zones of which names that do not exist are asked of other stages.
    private let fallsThrough: [DomainName]
    /// Whether names of any place in the zones are worked out of the question.
    private let computesEverywhere: Bool
    /// The parts of the zones in which all names are worked out of the question.
    private let podZones: [DomainName]
    /// Zones of others, which must not be answered from here where they lie below the cluster's.
    private var otherZones: [DomainName] = []
    /// Whether names that are not in the table yet are the stages' to answer.
    private var isAnsweredMeanwhile = false
    private let latency: ProgrammingLatency?
    /// What Pods search, for `autopath`; knows them only where Pods are selected.
    package nonisolated let podSearchPaths: PodSearchPaths

    /// Publishes nothing yet: `start` does.
    ///
    /// - Parameters:
    ///   - fallsThrough: the zones of which names that do not exist are handed on.
    ///   - latency: where the time is counted from a change of endpoints to its names; nil for nowhere.
    ///   - hostPath: the `search` line of the server's resolv.conf, the end of what Pods search.
    package init(
        settings: ClusterZoneSettings, table: AnswerTable = AnswerTable(), fallsThrough: [DomainName] = [],
        latency: ProgrammingLatency? = nil, hostPath: [DomainName] = []
    ) {
        self.table = table
        self.fallsThrough = fallsThrough
        self.latency = latency
        zone = ClusterZone(settings: settings, form: .services)
        apexes = zone.apexes
        selection = zone.selection
        indices = Dictionary(
            zone.apexes.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let computed = ComputedNames(settings: settings)
        computesEverywhere = settings.answersByZone
        podZones =
            settings.podNames == .insecure
            ? settings.forwardApexes.compactMap { DomainName(labels: ["pod"], under: $0) } : []
        zones = PublishedZones(table: table, computed: computed)
        podSearchPaths = PodSearchPaths(apexes: settings.forwardApexes, hostPath: hostPath)
    }

    /// Publishes what is known before the cluster has said anything.
    ///
    /// - Parameter isAnsweredMeanwhile: whether stages answer for the zones until all objects have been told of.
    package func start(isAnsweredMeanwhile: Bool = false) {
        self.isAnsweredMeanwhile = isAnsweredMeanwhile
        let changes = zone.fixedChanges()
        table.update { update in
            for change in changes { Self.write(change, to: update, indices) }
            update.setZones(directory())
        }
        zones.setZones(own())
    }

    /// Takes an event of the cluster; answers have changed when this returns.
    package func apply(_ event: DiscoveryEvent) {
        let now = UInt32(truncatingIfNeeded: time(nil))
        let (formerSerials, wasComplete) = ((zone.serial, zone.importSerial), zone.isComplete)
        var programmed: [ProgrammedChange] = []
        var hasOtherZones = false
        table.update { update in
            let indices = indices
            programmed = zone.apply(event, now: now) { change in
                Self.write(change, to: update, indices)
            }
            // Of names it says nothing but the serial, which counts seconds, and whether all are known.
            hasOtherZones = formerSerials != (zone.serial, zone.importSerial) || wasComplete != zone.isComplete
            // Denials may be given only once the names that exist are there.
            if hasOtherZones { update.setZones(directory()) }
        }
        if hasOtherZones { zones.setZones(own()) }
        if zone.isComplete { complete.set() }
        if selection.includesPods { podSearchPaths.apply(event) }
        latency?.observe(programmed)
    }

    /// Whether all objects have been told of once, so that names may be denied.
    package nonisolated var isComplete: Bool { complete.isSet }

    /// Returns once `isComplete`, or when the time is up or the task is cancelled.
    package nonisolated func waitUntilComplete(atMost limit: Duration) async {
        await complete.wait(atMost: limit)
    }

    /// Says which zones are answered by others.
    package func setOtherZones(_ apexes: [DomainName]) {
        guard apexes != otherZones else { return }
        otherZones = apexes
        table.update { $0.setZones(directory()) }
    }

    // MARK: The table

    static func write(_ change: ZoneChange, to update: AnswerTable.Update, _ indices: [DomainName: Int]) {
        switch change {
        case .set(let name, let apex, let answers):
            guard let index = indices[apex] else { return }
            update.set(name, zone: index, answers: answers.map { PreparedAnswer(to: name, $0) })
        case .remove(let name):
            update.remove(name)
        case .setService(let records, let apex, let number):
            guard let index = indices[apex] else { return }
            update.set(records, zone: index, number: number.map { Int($0) })
        case .removeService(let owner, let number):
            update.removeService(owner, number: number.map { Int($0) })
        case .setAddress(let address, let lead, let apex):
            guard let index = indices[apex] else { return }
            let target: AddressTarget =
                switch lead {
                case .service(let number): .service(Int(number))
                case .endpoint(let number): .endpoint(Int(number))
                case .name: .name
                }
            switch address {
            case .v4(let value): update.set(v4: value, target, zone: index)
            case .v6(let value): update.set(v6: value, target, zone: index)
            }
        case .removeAddress(.v4(let address)): update.remove(v4: address)
        case .removeAddress(.v6(let address)): update.remove(v6: address)
        }
    }

    /// The cluster's zones as they are.
    private func own() -> [ServedZone] {
        let content: ServedZone.Content =
            !zone.isComplete ? .notReady : computesEverywhere ? .tableThenPipeline : .table
        return apexes.map { apex in
            ServedZone(apex: apex, content: content, denialSOA: zone.soa(of: apex), ttl: zone.settings.ttl)
        }
    }

    /// The table's directory: the cluster's zones, and those of others among them.
    private func directory() -> [ServedZone] {
        let isReady = zone.isComplete || !isAnsweredMeanwhile
        let shared = own().map { zone in
            var zone = zone
            // Who hands names on does so before it would say that it is not ready.
            if isShared(zone.apex) || !isReady { zone.content = .tableThenPipeline }
            return zone
        }
        // Denials outside of these go the short way.
        let pods = podZones.map { apex in
            ServedZone(
                apex: apex, content: zone.isComplete || !isReady ? .tableThenPipeline : .notReady,
                denialSOA: zone.soa(of: apex.parent ?? apex), ttl: zone.settings.ttl)
        }
        let blank = Record(owner: .root, ttl: 0, data: RecordData(type: .soa, bytes: []))
        return shared + pods + otherZones.map { ServedZone(apex: $0, content: .pipeline, denialSOA: blank, ttl: 0) }
    }

    /// Whether some names of a zone that do not exist are handed on.
    private func isShared(_ apex: DomainName) -> Bool {
        fallsThrough.contains { $0.isWithin(apex) || apex.isWithin($0) }
    }
}
