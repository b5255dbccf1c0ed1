import AnswerTable
import DNS
import StaticZones
import Testing

@testable import Nameserver

/// A zone that knows one name.
struct OneNameZone: Zone {
    let apex: DomainName
    let denialSOA: Record
    let host: DomainName

    func answer(to name: DomainName, type: RecordType) -> ZoneAnswer {
        if name == apex { return .noData }
        guard name == host else { return .nxDomain }
        guard type == .a else { return .noData }
        return .records([Record(owner: host, ttl: 60, data: .address([192, 0, 2, 53]))], additional: [])
    }
}

/// A responder over a small cluster zone, `example.org.` and a zone that has nothing to say yet.
struct TestServer {
    static let manyAddresses = 100
    let table: AnswerTable
    let pipeline: QueryPipeline
    let responder: Responder

    /// A server over a table and zones of the test's own.
    init(table: AnswerTable, pipeline: QueryPipeline) {
        self.table = table
        self.pipeline = pipeline
        responder = Responder(table: table, pipeline: pipeline)
    }

    init() throws {
        self.init(table: AnswerTable(), pipeline: QueryPipeline())
        let apex = try Self.name("cluster.local.")
        let web = try Self.name("web.prod.svc.cluster.local.")
        let soa = try Self.soa(apex)
        let prepared = [
            ServedZone(apex: apex, content: .tableThenPipeline, denialSOA: soa, ttl: 5),
            ServedZone(
                apex: try Self.name("late.test."), content: .notReady,
                denialSOA: try Self.soa(try Self.name("late.test.")),
                ttl: 5),
        ]
        let other = try Self.name("example.org.")
        let direct = OneNameZone(
            apex: other, denialSOA: try Self.soa(other), host: try Self.name("www.example.org."))
        var zones = QueryPipeline.Zones()
        zones.prepared = prepared
        zones.direct = [direct]
        let pod = try Self.name("10-0-0-9.prod.pod.cluster.local.")
        let pods = try Self.name("prod.pod.cluster.local.")
        let orphan = try Self.name("10-0-0-9.none.pod.cluster.local.")
        zones.computedNames = { (name: DomainName) -> (record: Record, prerequisite: DomainName)? in
            if name == pod {
                return (Record(owner: name, ttl: 5, data: .address([10, 0, 0, 9])), prerequisite: pods)
            }
            guard name == orphan else { return nil }
            return (Record(owner: name, ttl: 5, data: .address([10, 0, 0, 9])), prerequisite: DomainName.root)
        }
        pipeline.setZones(zones)
        let answers = try Self.answers(apex: apex, web: web, soa: soa)
        table.update { update in
            update.setZones(
                prepared + [ServedZone(apex: other, content: .pipeline, denialSOA: direct.denialSOA, ttl: 60)])
            for (name, answers) in answers { update.set(name, zone: 0, answers: answers) }
        }
    }

    private static func answers(
        apex: DomainName, web: DomainName, soa: Record
    ) throws -> [(DomainName, [PreparedAnswer])] {
        func record(_ owner: DomainName, _ data: RecordData) -> Record { Record(owner: owner, ttl: 5, data: data) }
        func one(_ name: DomainName, _ records: [RecordData], additionals: [Record] = []) -> PreparedAnswer {
            PreparedAnswer(
                to: name, type: records[0].type, answers: records.map { record(name, $0) }, additionals: additionals)
        }
        func alias(_ text: String, _ target: String) throws -> (DomainName, [PreparedAnswer]) {
            let owner = try name(text)
            let records = [record(owner, .cname(try name(target)))]
            return (
                owner,
                [
                    PreparedAnswer(to: owner, type: .cname, answers: records),
                    PreparedAnswer(to: owner, type: .a, answers: records, isAlias: true),
                    PreparedAnswer(to: owner, type: .aaaa, answers: records, isAlias: true),
                ]
            )
        }
        let ports: [UInt16] = [80, 443]
        let glue = [
            record(web, .address([10, 96, 0, 10])), record(web, .address([0xfd] + [UInt8](repeating: 0, count: 15))),
        ]
        let many = try name("many.prod.svc.cluster.local.")
        let targets = try (0..<40).map { try name("h\($0).many.prod.svc.cluster.local.") }
        var names: [(DomainName, [PreparedAnswer])] = [
            (apex, [PreparedAnswer(to: apex, type: .soa, answers: [soa])]),
            (
                web,
                [
                    one(web, [.address([10, 96, 0, 10])]),
                    one(
                        web, ports.map { .srv(priority: 0, weight: 50, port: $0, target: web) }, additionals: glue),
                ]
            ),
            (
                many,
                [
                    one(many, (0..<manyAddresses).map { .address([10, 0, 0, UInt8($0)]) }),
                    one(many, (0..<30).map { .address([0xfd] + [UInt8](repeating: UInt8($0), count: 15)) }),
                    one(
                        many, targets.map { .srv(priority: 0, weight: 2, port: 80, target: $0) },
                        additionals: targets.map { record($0, .address([10, 0, 0, 1])) }),
                ]
            ),
            (try name("prod.pod.cluster.local."), []),
            try alias("ext.prod.svc.cluster.local.", "www.example.org."),
            try alias("extnx.prod.svc.cluster.local.", "no.example.org."),
            try alias("away.prod.svc.cluster.local.", "www.elsewhere.test."),
            try alias("gone.prod.svc.cluster.local.", "nil.prod.svc.cluster.local."),
            try alias("late.prod.svc.cluster.local.", "x.late.test."),
            try alias("self.prod.svc.cluster.local.", "self.prod.svc.cluster.local."),
            try alias("ping.prod.svc.cluster.local.", "Pong.prod.svc.cluster.local."),
            try alias("pong.prod.svc.cluster.local.", "PING.prod.svc.cluster.local."),
        ]
        for index in 0..<12 {
            let next = index == 11 ? "web" : "a\(index + 1)"
            names.append(try alias("a\(index).prod.svc.cluster.local.", "\(next).prod.svc.cluster.local."))
        }
        return names
    }

    static func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    static func soa(_ apex: DomainName) throws -> Record {
        let authority = StartOfAuthority(
            primary: try #require(DomainName(labels: ["ns", "dns"], under: apex)),
            mailbox: try #require(DomainName(labels: ["hostmaster"], under: apex)), serial: 7, refresh: 7200,
            retry: 1800, expire: 86400, minimum: 5)
        return Record(owner: apex, ttl: 5, data: authority.data)
    }

    /// The reply's bytes; empty where there is none.
    func reply(to query: [UInt8], _ transport: Transport = .udp, client: [UInt8] = [192, 0, 2, 77]) -> [UInt8] {
        let capacity = 65535
        return withUnsafeTemporaryAllocation(byteCount: capacity + Responder.slack, alignment: 16) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            buffer.initializeMemory(as: UInt8.self, repeating: 0xa5)
            buffer.copyBytes(from: query)
            responder.enter()
            defer { responder.leave() }
            let length = responder.respond(
                base, length: query.count, capacity: capacity, transport: transport, client: { client })
            return Array(buffer.prefix(length))
        }
    }

    func ask(_ query: TestQuery, _ transport: Transport = .udp) throws -> TestReply {
        try TestReply(reply(to: query.bytes, transport))
    }
}
