import AnswerTable
import DNS
import Pipeline
import StaticZones
import Synchronization

/// Answers what has no ready-made answer: zones from files, aliases to be followed, names computed on the spot.
///
/// Used by all threads at once; its zones are replaced as a whole under a lock that is held for a look only.
package final class QueryPipeline: Sendable {
    /// Computes records for names of a zone that the table cannot hold all of.
    ///
    /// Gives the record and the name that must exist in the table for it; nil for names it has nothing to say on.
    package typealias ComputedNames = @Sendable (DomainName) -> (record: Record, prerequisite: DomainName)?

    /// The most aliases that one answer follows.
    package static let maximumAliases = 8

    let cookie = ServerCookie()
    private let zones = Mutex<Zones>(Zones())

    /// All zones, as one value.
    package struct Zones: Sendable {
        /// The zones whose names are in the table, in the order of the table's directory.
        package var prepared: [ServedZone] = []
        /// The zones that are asked directly.
        package var direct: [any Zone] = []
        package var computedNames: ComputedNames?

        package init() {}
    }

    package init() {}

    /// Replaces the zones; queries under way go on with the former ones.
    package func setZones(_ new: Zones) {
        zones.withLock { $0 = new }
    }

    /// Where a name is looked up.
    private enum Place {
        case prepared(ServedZone)
        case direct(any Zone)

        var apex: DomainName {
            switch self {
            case .prepared(let zone): zone.apex
            case .direct(let zone): zone.apex
            }
        }
    }

    /// Answers a question, following aliases through all zones that are served here (RFC 1034 §4.3.2).
    ///
    /// - Parameter reader: a reader of the table, inside (`enter`).
    package func respond(to name: DomainName, type: RecordType, reader: AnswerReader) -> Response {
        let zones = zones.withLock { $0 }
        guard let first = Self.place(of: name, in: zones) else { return Response(.refused, isAuthoritative: false) }
        guard type != .axfr, type != .ixfr else { return Response(.refused, isAuthoritative: false) }
        var response = Response(.noError, isAuthoritative: true)
        var chain = AliasChain(start: name)
        var place = first
        while true {
            switch answer(place, chain.name, type, zones, reader) {
            case .records(let records, let additionals):
                response.answers += records
                response.additionals = additionals
                return response
            case .alias(let records, let target):
                response.answers += records
                guard chain.follow(to: target), let next = Self.place(of: target, in: zones) else { return response }
                place = next
            case .noData:
                if place.apex == first.apex || !isPrepared(first) { response.authorities = [denialSOA(place)] }
                return response
            case .nxDomain:
                finishMissing(&response, place: place, first: first, isAliased: chain.length > 0)
                return response
            case .referral(let servers, let glue):
                response.isAuthoritative = chain.length > 0
                response.authorities = servers
                response.additionals = glue
                return response
            case nil:
                response.code = .serverFailure
                response.extendedError = ExtendedError(.notReady)
                response.authorities = chain.length > 0 ? [] : [denialSOA(place)]
                return response
            }
        }
    }

    /// A chain that ends in a name that is not there.
    ///
    /// Within the cluster zone the alias itself is good news, so it stays NOERROR; an alias that leads out of the
    /// zone reports the target's NXDOMAIN (RFC 6604 §3), without an SOA, as CoreDNS has it.
    private func finishMissing(_ response: inout Response, place: Place, first: Place, isAliased: Bool) {
        let staysInside = place.apex == first.apex
        if isAliased, isPrepared(first), staysInside {
            response.authorities = [denialSOA(place)]
            return
        }
        response.code = .nxDomain
        if staysInside || !isPrepared(first) { response.authorities = [denialSOA(place)] }
    }

    private func isPrepared(_ place: Place) -> Bool {
        if case .prepared = place { true } else { false }
    }

    private func denialSOA(_ place: Place) -> Record {
        switch place {
        case .prepared(let zone): zone.denialSOA
        case .direct(let zone): zone.denialSOA
        }
    }

    private static func place(of name: DomainName, in zones: Zones) -> Place? {
        let prepared = zones.prepared.lazy.filter { name.isWithin($0.apex) }.map(Place.prepared)
        let direct = zones.direct.lazy.filter { name.isWithin($0.apex) }.map(Place.direct)
        return (Array(prepared) + Array(direct)).max { $0.apex.wire.count < $1.apex.wire.count }
    }

    /// What one zone says; nil where it does not know yet.
    private func answer(
        _ place: Place, _ name: DomainName, _ type: RecordType, _ zones: Zones, _ reader: AnswerReader
    ) -> ZoneAnswer? {
        switch place {
        case .direct(let zone): return zone.answer(to: name, type: type)
        case .prepared(let zone):
            guard let found = reader.records(of: name, type: type) else {
                if zone.content == .notReady { return nil }
                return computed(name, type, zones, reader) ?? .nxDomain
            }
            if type == .any {
                return .records(
                    [Record(owner: name, ttl: zone.ttl, data: .minimalAny)], additional: [])
            }
            if found.flags.contains(.alias), let target = found.answers.first?.data.target {
                return .alias(found.answers, target: target)
            }
            return found.answers.isEmpty ? .noData : .records(found.answers, additional: found.additionals)
        }
    }

    private func computed(
        _ name: DomainName, _ type: RecordType, _ zones: Zones, _ reader: AnswerReader
    ) -> ZoneAnswer? {
        guard let (record, prerequisite) = zones.computedNames?(name),
            reader.records(of: prerequisite, type: .a) != nil
        else { return nil }
        if type == .any {
            return .records([Record(owner: name, ttl: record.ttl, data: .minimalAny)], additional: [])
        }
        return record.type == type ? .records([record], additional: []) : .noData
    }
}

/// The aliases followed so far.
private struct AliasChain {
    private(set) var name: DomainName
    private var seen: Set<DomainName>
    /// The number of aliases followed.
    private(set) var length = 0

    init(start: DomainName) {
        name = start
        seen = [start]
    }

    /// Goes on to a target; false where that would be a loop or one alias too many.
    mutating func follow(to target: DomainName) -> Bool {
        guard length + 1 < QueryPipeline.maximumAliases, seen.insert(target).inserted else { return false }
        length += 1
        name = target
        return true
    }
}
