import Corefile
import DNS
import Pipeline
import Telemetry

/// `local`: answers for loopback names, so that such questions leave the machine nowhere: `localhost`, names below it,
/// `localhost` in front of any search path, and the reverse zones of 0/8, 127/8 and 255/8 (RFC 6761 §6.3, RFC 1912
/// §4.1).
///
/// `localhost.default.svc.cluster.local` is a name of the cluster's zone, too: such names go past only with
/// `localhost_prefix off`.
package struct LocalStage: Stage {
    package var directive: String { LocalSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.heldNames = [.within(Self.localhost)] + Self.reverseZones.map { .within($0) }
        if answersPrefix { passage.heldNames.append(.prefix(Array("localhost.".utf8))) }
        return passage
    }

    private static let ttl: UInt32 = 604_800
    private static let localhost = DomainName("localhost") ?? .root
    private static let loopbackName = DomainName("1.0.0.127.in-addr.arpa") ?? .root
    private static let reverseZones = ["0.in-addr.arpa", "127.in-addr.arpa", "255.in-addr.arpa"].compactMap {
        DomainName($0)
    }
    private static let records: [RecordType: RecordData] = [
        .a: .address([127, 0, 0, 1]), .aaaa: .address([UInt8](repeating: 0, count: 15) + [1]),
    ]

    private let intercepted: Counter
    private let answersPrefix: Bool

    package init(_ settings: LocalSettings, metrics: Metrics) {
        answersPrefix = settings.answersPrefix
        intercepted = metrics.counter(
            "coredns_local_localhost_requests_total", "Counter of localhost.<domain> requests.")
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard query.recordClass == .internet, let response = answer(to: query) else {
            return await next.respond(to: query)
        }
        return response
    }

    /// nil for names that are nobody's business here.
    private func answer(to query: PipelineQuery) -> Response? {
        let name = query.name
        if name.isWithin(Self.localhost) {
            if name != Self.localhost { intercepted.increment() }
            return data(Self.records[query.type], query, zone: Self.localhost)
        }
        if answersPrefix, let first = name.labels.first,
            first.elementsEqual("localhost".utf8, by: { DomainName.lowercased($0) == $1 })
        {
            intercepted.increment()
            return data(Self.records[query.type], query, zone: name, hasApexRecords: false)
        }
        guard let zone = Self.reverseZones.first(where: { name.isWithin($0) }) else { return nil }
        if name == zone { return data(nil, query, zone: name) }
        if name == Self.loopbackName {
            return data(query.type == .ptr ? .ptr(Self.localhost) : nil, query, zone: zone)
        }
        // A name that others lie below exists (RFC 8020).
        guard Self.loopbackName.isWithin(name) else {
            var response = Response(.nxDomain)
            response.source = directive
            response.authorities = [Self.authority(of: zone)]
            return response
        }
        return data(nil, query, zone: zone)
    }

    /// The record where there is one, SOA and NS at the apex, else NODATA.
    private func data(
        _ data: RecordData?, _ query: PipelineQuery, zone: DomainName, hasApexRecords: Bool = true
    ) -> Response {
        var response = Response(.noError)
        response.source = directive
        let isApex = hasApexRecords && query.name == zone
        if let data {
            response.answers = [Record(owner: query.name, ttl: Self.ttl, data: data)]
        } else if isApex, query.type == .soa {
            response.answers = [Self.authority(of: query.name)]
        } else if isApex, query.type == .ns {
            response.answers = [Record(owner: query.name, ttl: Self.ttl, data: .ns(Self.localhost))]
        } else {
            response.authorities = [Self.authority(of: zone)]
        }
        return response
    }

    private static func authority(of zone: DomainName) -> Record {
        let soa = StartOfAuthority(
            primary: localhost, mailbox: DomainName(labels: ["root"], under: localhost) ?? localhost, serial: 1,
            refresh: 0, retry: 0, expire: 0, minimum: ttl)
        return Record(owner: zone, ttl: ttl, data: soa.data)
    }
}
