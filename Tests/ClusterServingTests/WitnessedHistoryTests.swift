import AnswerTable
import ClusterZone
import DNS
import LDNS
import Pipeline
import Registry
import TestSupport
import Testing

@testable import ClusterServing
@testable import Nameserver

@Suite("Answers over random lives of a cluster, as ldns reads them")
struct WitnessedHistoryTests {
    /// What an answer is of: each must have been seen, so that none is left out unnoticed.
    fileprivate enum Sort: Hashable {
        case records(RecordType), noData, nxDomain, additionals, cut
    }

    @Test("All that was told of names is read back, whatever the objects and their changes were")
    func histories() throws {
        var generator = SeededGenerator.announced()
        var seen: Set<Sort> = []
        for (label, settings) in try ServiceFormTests.variants() {
            let cluster = try WitnessedCluster(settings)
            var objects: [DiscoveryKey: DiscoveryObject] = [:]
            let kinds = cluster.selection.kinds.union([.endpoints])
            cluster.apply(.snapshotBegins(kinds))
            cluster.apply(.snapshotEnds(kinds))
            for step in 0..<60 {
                var changes: [DiscoveryChange] = []
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let object = try ServiceFormTests.object(cluster.selection, &generator)
                    let isGone = Int.random(in: 0..<4, using: &generator) == 0
                    objects[object.key] = isGone ? nil : object
                    changes.append(isGone ? .delete(object.key) : .put(object))
                }
                cluster.apply(.changes(changes))
                if step % 15 == 14 { try check(cluster, "\(label), step \(step)", &seen) }
            }
        }
        let wanted: [RecordType] = [.a, .aaaa, .srv, .ptr, .cname, .soa, .ns]
        #expect(seen.isSuperset(of: wanted.map(Sort.records) + [.noData, .nxDomain, .additionals, .cut]))
    }

    /// Asks each name that exists, and some that do not, for each type.
    private func check(_ cluster: WitnessedCluster, _ place: String, _ seen: inout Set<Sort>) throws {
        for name in cluster.names.keys.sorted(by: { $0.description < $1.description }) + (try strangers()) {
            for type in Self.types {
                guard let expected = cluster.expectation(name, type) else { continue }
                let place = "\(place), \(name) \(type)"
                let whole = try WireWitness(cluster.reply(name, type, .tcp))
                #expect(whole.rcodeName == expected.rcodeName, "\(place)")
                #expect(whole.flags.contains([.qr, .aa]) && !whole.flags.contains(.tc), "\(place)")
                #expect(whole.answer.map { $0.lowercased() } == expected.answer, "\(place)")
                #expect(whole.authority.map { $0.lowercased() } == expected.authority, "\(place)")
                #expect(whole.additional.map { $0.lowercased() } == expected.additional, "\(place)")
                seen.formUnion(expected.sorts(of: type))
                let bytes = cluster.reply(name, type, .udp)
                let datagram = try WireWitness(bytes)
                #expect(bytes.count <= 512, "\(place)")
                let answer = datagram.answer.map { $0.lowercased() }
                if datagram.flags.contains(.tc) {
                    seen.insert(.cut)
                    #expect(answer == Array(expected.answer.prefix(answer.count)), "\(place)")
                } else {
                    #expect(answer == expected.answer, "\(place)")
                    #expect(datagram.authority.map { $0.lowercased() } == expected.authority, "\(place)")
                }
            }
        }
    }

    private static let types: [RecordType] = [.a, .aaaa, .srv, .ptr, .cname, .txt, .ns, .soa, RecordType(rawValue: 15)]

    /// Names beside those that exist.
    private func strangers() throws -> [DomainName] {
        try [
            "nil.cluster.local.", "nil.svc.cluster.local.", "nil.prod.svc.cluster.local.",
            "nil.a.prod.svc.cluster.local.", "_nil._tcp.a.prod.svc.cluster.local.", "77.0.0.10.in-addr.arpa.",
            "1.0.0.0.ip6.arpa.", "nil.other.example.",
        ].map { try #require(DomainName($0)) }
    }

    /// What ldns is to read, in lower case: names in data may come back in another name's spelling.
    fileprivate struct Expectation {
        var rcodeName = "NOERROR"
        var answer: [String] = []
        var authority: [String] = []
        var additional: [String] = []

        func sorts(of type: RecordType) -> [Sort] {
            var sorts: [Sort] = rcodeName == "NXDOMAIN" ? [.nxDomain] : answer.isEmpty ? [.noData] : [.records(type)]
            if !additional.isEmpty { sorts.append(.additionals) }
            return sorts
        }
    }
}

/// A cluster told twice: with Services as a whole into a table, which a responder answers from, and name by name.
private final class WitnessedCluster {
    private var told: ClusterZone
    private var expected: ClusterZone
    private let table = AnswerTable()
    private let zones: PublishedZones
    private let indices: [DomainName: Int]
    private let content: ServedZone.Content
    private let responders: [Transport: Responder]
    /// The names that exist, each with its zone's apex.
    private(set) var names: [DomainName: (apex: DomainName, answers: [TypedAnswer])] = [:]

    init(_ settings: ClusterZoneSettings) throws {
        told = ClusterZone(settings: settings, form: .services)
        expected = ClusterZone(settings: settings, form: .names)
        indices = Dictionary(
            told.apexes.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        content = settings.answersByZone ? .tableThenPipeline : .table
        zones = PublishedZones(table: table, computed: ComputedNames(settings: settings))
        let chain = Chain([ClusterStage(zones: zones)])
        let router = Router(told.apexes.map { ServerBlockRoute(zone: $0, label: "dns://:53", chain: chain) })
        let state = ListenerState(
            ListenerContent(router: router, readyAnswers: ReadyAnswers(table, rotates: false)))
        responders = [.udp: Responder(state, transport: .udp), .tcp: Responder(state, transport: .tcp)]
        for change in told.fixedChanges() { write(change) }
        for change in expected.fixedChanges() { note(change) }
    }

    var selection: DiscoverySelection { told.selection }

    func apply(_ event: DiscoveryEvent) {
        for change in told.update(event, now: 7).changes { write(change) }
        for change in expected.update(event, now: 7).changes { note(change) }
        let served = told.apexes.map { apex in
            ServedZone(apex: apex, content: content, denialSOA: told.soa(of: apex), ttl: told.settings.ttl)
        }
        table.update { $0.setZones(served) }
        zones.setZones(served)
    }

    private func write(_ change: ZoneChange) {
        let indices = indices
        table.update { ZonePublisher.write(change, to: $0, indices) }
    }

    private func note(_ change: ZoneChange) {
        switch change {
        case .set(let name, let apex, let answers): names[name] = (apex, answers)
        case .remove(let name): names[name] = nil
        case .setService, .removeService, .setAddress, .removeAddress: Issue.record("told as a whole: \(change)")
        }
    }

    func reply(_ name: DomainName, _ type: RecordType, _ transport: Transport) -> [UInt8] {
        let header: [UInt8] = [0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let query = header + name.wire + [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255), 0, 1]
        let capacity = 65535
        return withUnsafeTemporaryAllocation(byteCount: capacity + Responder.slack, alignment: 16) { buffer in
            guard let base = buffer.baseAddress, let responder = responders[transport] else { return [] }
            buffer.copyBytes(from: query)
            responder.enter()
            defer { responder.leave() }
            let outcome = responder.respond(
                base, length: query.count, capacity: capacity, isIPv6: false, from: Origin())
            guard case .reply(let length) = outcome else { return [] }
            return Array(buffer.prefix(length))
        }
    }

    private struct Origin: QueryOrigin {
        let client = PipelineQuery.Peer(.v4(0xc000_0201), port: 4000)
        let server = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)

        func makeReturnPath() -> ReturnPath { { _ in true } }
    }

    /// nil where the name is none of the zones'.
    func expectation(_ name: DomainName, _ type: RecordType) -> WitnessedHistoryTests.Expectation? {
        guard let first = apex(of: name) else { return nil }
        let soa = [RecordText.text(expected.soa(of: first)).lowercased()]
        var expectation = WitnessedHistoryTests.Expectation()
        var visited: [DomainName] = []
        var current = name
        while true {
            visited.append(current)
            // Nobody here knows the target: the asker goes on from the alias.
            guard let apex = apex(of: current) else { return expectation }
            guard let entry = names[current], entry.apex == apex else {
                // Within one zone an alias stays good news; one to another zone has its target's code (RFC 6604 §3).
                if apex == first { expectation.authority = soa }
                if visited.count == 1 || apex != first { expectation.rcodeName = "NXDOMAIN" }
                return expectation
            }
            guard let answer = entry.answers.first(where: { $0.type == type }) else {
                if apex == first { expectation.authority = soa }
                return expectation
            }
            guard !answer.isAlias || visited.count <= AliasChain.maximum else { return expectation }
            expectation.answer += answer.records.map { RecordText.text($0).lowercased() }
            guard answer.isAlias, let target = answer.records.first?.data.target else {
                expectation.additional = answer.additionals.map { RecordText.text($0).lowercased() }
                return expectation
            }
            guard !visited.contains(target) else { return expectation }
            current = target
        }
    }

    private func apex(of name: DomainName) -> DomainName? {
        expected.apexes.filter { name.isWithin($0) }.max { $0.wire.count < $1.wire.count }
    }
}
