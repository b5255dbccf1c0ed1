import AnswerTable
import ClusterZone
import DNS
import StaticZones

/// Names that are worked out of the question, as no table could hold them all: those of Pods (`pods insecure`), and of
/// topology zones that no endpoint is in (`zonal`).
struct ComputedNames: Sendable {
    private let pods: ComputedPodNames?
    private let zones: ComputedZoneNames?

    init(settings: ClusterZoneSettings) {
        pods = settings.podNames == .insecure ? ComputedPodNames(settings: settings) : nil
        zones = settings.answersByZone ? ComputedZoneNames(settings: settings) : nil
    }

    /// What a name stands for that the table does not hold; nil for one that does not exist.
    ///
    /// - Parameter ttl: in seconds, of records made on the spot.
    func answer(to name: DomainName, type: RecordType, ttl: UInt32, _ reader: AnswerReader) -> ZoneAnswer? {
        if let (record, namespace) = pods?.record(of: name), reader.records(of: namespace, type: .a) != nil {
            if type == .any { return Self.minimal(name, ttl: ttl) }
            return record.type == type ? .records([record], additional: []) : .noData
        }
        guard let zone = zones?.resolution(of: name), reader.records(of: zone.prerequisite, type: .a) != nil else {
            return nil
        }
        if type == .any { return Self.minimal(name, ttl: ttl) }
        guard let alike = zone.alike, let found = reader.records(of: alike, type: type), !found.answers.isEmpty else {
            return .noData
        }
        let records = found.answers.map { Record(owner: name, ttl: $0.ttl, data: $0.data) }
        return .records(records, additional: found.additionals)
    }

    private static func minimal(_ name: DomainName, ttl: UInt32) -> ZoneAnswer {
        .records([Record(owner: name, ttl: ttl, data: .minimalAny)], additional: [])
    }
}
