import AnswerTable
import DNS
import LDNS
import Pipeline
import TestSupport
import Testing

@testable import Nameserver

@Suite("Answers of the table, as ldns reads them")
struct WitnessedAnswersTests {
    @Test("Whatever records a name is given, ldns reads the same ones, all of them or the first with TC")
    func records() throws {
        var generator = SeededGenerator.announced()
        var (whole, cut, extra) = (0, 0, 0)
        for round in 0..<40 {
            let names = try RandomNames(&generator)
            for (owner, sets) in names.sets {
                for set in sets {
                    for (transport, limit) in [(Transport.tcp, 65535), (.udp, 1232), (.udp, 512)] {
                        var query = TestQuery(owner.description, set.type)
                        if limit == 1232 { query.edns = .init() }
                        let reply = names.server.reply(to: query.bytes, transport)
                        #expect(reply.count <= limit, "round \(round), \(owner)")
                        let witness = try WireWitness(reply)
                        let expected = set.records.map(RecordText.text)
                        #expect(witness.rcodeName == "NOERROR", "round \(round), \(owner)")
                        #expect(witness.flags.isSuperset(of: [.qr, .aa]), "round \(round), \(owner)")
                        if witness.flags.contains(.tc) {
                            // What is there is right, and more than a datagram holds was wanted.
                            cut += 1
                            #expect(transport == .udp && Set(witness.answer).isSubset(of: expected), "round \(round)")
                            continue
                        }
                        whole += 1
                        #expect(witness.answer == expected, "round \(round), \(owner) by \(transport) in \(limit)")
                        let additionals = set.additionals.map(RecordText.text)
                        extra += witness.additional.count
                        #expect(
                            witness.additional.elementsEqual(additionals.prefix(witness.additional.count)),
                            "round \(round), \(owner)")
                        if transport == .tcp {
                            #expect(witness.additional.count == additionals.count, "round \(round)")
                        }
                    }
                }
            }
        }
        // None of the cases has been left out.
        #expect(whole > 0 && cut > 0 && extra > 0)
    }
}

/// Names with RRsets of every type that a cluster has, of few or many records, within a table that a responder reads.
private struct RandomNames {
    struct RRset {
        let type: RecordType
        let records: [Record]
        let additionals: [Record]
    }

    private(set) var sets: [DomainName: [RRset]] = [:]
    let server: TestServer

    init(_ generator: inout SeededGenerator) throws {
        let apex = try TestServer.name("cluster.local.")
        let soa = try TestServer.soa(apex)
        for _ in 0..<6 {
            let owner = try Self.name(under: apex, &generator)
            let types = [RecordType.a, .aaaa, .srv, .txt, .ptr, .ns].shuffled(using: &generator)
            sets[owner] = try types.prefix(Int.random(in: 1...4, using: &generator)).map { type in
                try Self.rrset(of: type, at: owner, apex, &generator)
            }
        }
        let table = AnswerTable()
        let sets = sets
        table.update { update in
            update.setZones([ServedZone(apex: apex, content: .table, denialSOA: soa, ttl: 5)])
            for (owner, sets) in sets {
                update.set(
                    owner, zone: 0,
                    answers: sets.map {
                        PreparedAnswer(to: owner, type: $0.type, answers: $0.records, additionals: $0.additionals)
                    })
            }
        }
        server = TestServer(
            table: table, routes: [ServerBlockRoute(zone: apex, label: "dns://:53", chain: Chain([]))], rotates: false)
    }

    private static func rrset(
        of type: RecordType, at owner: DomainName, _ apex: DomainName, _ generator: inout SeededGenerator
    ) throws -> RRset {
        let count = [1, 2, 5, 30, 90].randomElement(using: &generator) ?? 1
        var targets: [DomainName] = []
        var data: [RecordData] = []
        for number in 0..<count {
            // Every one is another, as an RRset is a set.
            let bytes = [UInt8(number)] + (0..<2).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let target = try name(under: [apex, owner, .root].randomElement(using: &generator) ?? apex, &generator)
            targets.append(target)
            switch type {
            case .a: data.append(.address([10] + bytes))
            case .aaaa: data.append(.address([0xfd] + bytes + [UInt8](repeating: 0, count: 12)))
            case .srv:
                data.append(
                    .srv(
                        priority: UInt16(number), weight: 2, port: UInt16.random(in: 0...65535, using: &generator),
                        target: target))
            case .ptr: data.append(.ptr(target))
            case .ns: data.append(.ns(target))
            default: data.append(RecordData(type: type, bytes: [3] + bytes))
            }
        }
        let addresses = type == .srv ? targets.map { Record(owner: $0, ttl: 5, data: .address([10, 0, 0, 1])) } : []
        return RRset(
            type: type, records: data.map { Record(owner: owner, ttl: 5, data: $0) }, additionals: addresses)
    }

    /// One to four labels of one to 63 bytes, in lower case: a name in data may come back in the spelling of another.
    private static func name(under parent: DomainName, _ generator: inout SeededGenerator) throws -> DomainName {
        let characters = Array("abcdefghijklmnopqrstuvwxyz0123456789-_")
        var name = parent
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let length = [1, 3, 12, 63].randomElement(using: &generator) ?? 1
            let label = String((0..<length).compactMap { _ in characters.randomElement(using: &generator) })
            // A name that is full already stays as it is.
            name = DomainName(labels: [label], under: name) ?? name
        }
        return name
    }
}
