import AnswerTable
import DNS
import StaticZones
import Synchronization

/// What the cluster's zones answer now: the table, and what is said of each zone as a whole.
///
/// Used by all threads; the publisher replaces the zones as a whole under a lock that is held for a look only.
package final class PublishedZones: Sendable {
    /// Computes records for names of a zone that the table cannot hold all of.
    ///
    /// Gives the record and the name that must exist in the table for it; nil for names it has nothing to say on.
    package typealias ComputedNames = @Sendable (DomainName) -> (record: Record, prerequisite: DomainName)?

    package let table: AnswerTable
    private let readers: ReaderPool
    private let zones = Mutex<[ServedZone]>([])
    private let computedNames: ComputedNames?

    /// - Parameter computedNames: for zones whose content is `tableThenPipeline`.
    package init(table: AnswerTable, computedNames: ComputedNames? = nil) {
        self.table = table
        self.computedNames = computedNames
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
                if let computed = computed(name, type, reader) { return computed }
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

    private func computed(_ name: DomainName, _ type: RecordType, _ reader: AnswerReader) -> ZoneAnswer? {
        guard let (record, prerequisite) = computedNames?(name), reader.records(of: prerequisite, type: .a) != nil
        else { return nil }
        if type == .any {
            return .records([Record(owner: name, ttl: record.ttl, data: .minimalAny)], additional: [])
        }
        return record.type == type ? .records([record], additional: []) : .noData
    }
}
