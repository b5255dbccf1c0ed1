import AnswerTable
import DNS
import StaticZones
import Synchronization

/// What the cluster's zones answer now: the table, and what is said of each zone as a whole.
///
/// Used by all threads; the publisher replaces the zones as a whole under a lock that is held for a look only.
package final class PublishedZones: Sendable {
    package let table: AnswerTable
    private let readers: ReaderPool
    private let zones = Mutex<[ServedZone]>([])
    private let computed: ComputedNames

    init(table: AnswerTable, computed: ComputedNames) {
        self.table = table
        self.computed = computed
        readers = ReaderPool(table)
    }

    func setZones(_ new: [ServedZone]) {
        zones.withLock { $0 = new }
    }

    /// The zone with the longest apex that a name is in.
    package func zone(of name: DomainName) -> ServedZone? {
        zones.withLock { zones in
            var best: ServedZone?
            for zone in zones where name.isWithin(zone.apex) {
                if zone.apex.wire.count > best?.apex.wire.count ?? 0 { best = zone }
            }
            return best
        }
    }

    /// What a zone says; nil where its source has said nothing yet and the name would be denied.
    ///
    /// - Parameter zone: as `zone(of:)` gives it for the name.
    package func answer(to name: DomainName, type: RecordType, in zone: ServedZone) -> ZoneAnswer? {
        readers.withReader { reader in
            guard let found = reader.records(of: name, type: type) else {
                if let answer = computed.answer(to: name, type: type, ttl: zone.ttl, reader) { return answer }
                return zone.content == .notReady ? nil : .nxDomain
            }
            if type == .any {
                return .records([Record(owner: name, ttl: zone.ttl, data: .minimalAny)], additional: [])
            }
            if found.flags.contains(.alias), let target = found.answers.first?.data.target {
                return .alias(found.answers, target: target)
            }
            return found.answers.isEmpty ? .noData : .records(found.answers, additional: found.additionals)
        }
    }
}
