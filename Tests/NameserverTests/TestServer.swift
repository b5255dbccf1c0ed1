import AnswerTable
import DNS
import Pipeline
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
    let state: ListenerState
    private let udp: Responder
    private let tcp: Responder

    /// A server over a table and server blocks of the test's own.
    init(
        table: AnswerTable, routes: [ServerBlockRoute], rotates: Bool = true,
        underWay: QueriesUnderWay = QueriesUnderWay()
    ) {
        self.table = table
        let ready = ReadyAnswers(table, rotates: rotates)
        state = ListenerState(ListenerContent(router: Router(routes), readyAnswers: ready), underWay: underWay)
        udp = Responder(state, transport: .udp)
        tcp = Responder(state, transport: .tcp)
    }

    init(rotates: Bool = true, isCounted: Bool = false) throws {
        let table = AnswerTable()
        let apex = try Self.name("cluster.local.")
        let web = try Self.name("web.prod.svc.cluster.local.")
        let soa = try Self.soa(apex)
        let late = try Self.name("late.test.")
        let other = try Self.name("example.org.")
        let zone = OneNameZone(apex: other, denialSOA: try Self.soa(other), host: try Self.name("www.example.org."))
        self.init(
            table: table,
            routes: [
                ServerBlockRoute(
                    zone: apex, label: "dns://:53", chain: Chain([try Self.cluster(soa)]), isCounted: isCounted),
                ServerBlockRoute(zone: late, label: "dns://:53", chain: Chain([])),
                ServerBlockRoute(
                    zone: other, label: "dns://:53", chain: Chain([StubStage.zone(zone)]), isCounted: isCounted),
            ], rotates: rotates)
        let answers = try Self.answers(apex: apex, web: web, soa: soa)
        let lateSOA = try Self.soa(late)
        table.update { update in
            update.setZones([
                ServedZone(apex: apex, content: .tableThenPipeline, denialSOA: soa, ttl: 5),
                ServedZone(apex: late, content: .notReady, denialSOA: lateSOA, ttl: 5),
            ])
            for (name, answers) in answers { update.set(name, zone: 0, answers: answers) }
        }
    }

    /// What the cluster's stage says to names that the table leaves to it: one alias and one computed name.
    private static func cluster(_ soa: Record) throws -> StubStage {
        let alias = try name("ext.prod.svc.cluster.local.")
        let target = try name("www.example.org.")
        let pod = try name("10-0-0-9.prod.pod.cluster.local.")
        return StubStage { query, _ in
            var response = Response(.noError, isAuthoritative: true)
            response.source = "kubernetes"
            if query.name == alias {
                response.answers = [Record(owner: query.name, ttl: 5, data: .cname(target))]
                response.answers += await query.ask(target, query.type).answers
            } else if query.name == pod, query.type == .a {
                response.answers = [Record(owner: pod, ttl: 5, data: .address([10, 0, 0, 9]))]
            } else {
                response.code = query.name == pod ? .noError : .nxDomain
                response.authorities = [soa]
            }
            return response
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
        let names: [(DomainName, [PreparedAnswer])] = [
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
        ]
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
    func reply(to query: [UInt8], _ transport: Transport = .udp) -> [UInt8] {
        withReply(to: query, transport, TestOrigin { _ in true }) { outcome, bytes in
            if outcome == .later { Issue.record("the reply is not there at once") }
            return bytes
        }
    }

    /// Waits for the reply where it is not there at once.
    func replyLater(to query: [UInt8], _ transport: Transport = .udp) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            let origin = TestOrigin { reply in
                continuation.resume(returning: reply)
                return true
            }
            withReply(to: query, transport, origin) { outcome, bytes in
                if outcome != .later { continuation.resume(returning: bytes) }
            }
        }
    }

    func withReply<Result>(
        to query: [UInt8], _ transport: Transport, _ origin: TestOrigin,
        _ body: (Responder.Outcome, [UInt8]) -> Result
    ) -> Result {
        let capacity = 65535
        let responder = transport == .udp ? udp : tcp
        return withUnsafeTemporaryAllocation(byteCount: capacity + Responder.slack, alignment: 16) { buffer in
            guard let base = buffer.baseAddress else { return body(.silence, []) }
            buffer.initializeMemory(as: UInt8.self, repeating: 0xa5)
            buffer.copyBytes(from: query)
            responder.enter()
            defer { responder.leave() }
            let outcome = responder.respond(
                base, length: query.count, capacity: capacity, isIPv6: false, from: origin)
            guard case .reply(let length) = outcome else { return body(outcome, []) }
            return body(outcome, Array(buffer.prefix(length)))
        }
    }

    func ask(_ query: TestQuery, _ transport: Transport = .udp) throws -> TestReply {
        try TestReply(reply(to: query.bytes, transport))
    }
}

/// A client at 192.0.2.77.
struct TestOrigin: QueryOrigin {
    let client = PipelineQuery.Peer(.v4(0xc000_024d), port: 4000)
    let server = PipelineQuery.Peer(.v4(0x0a00_0001), port: 53)
    let send: ReturnPath

    init(_ send: @escaping ReturnPath) {
        self.send = send
    }

    func makeReturnPath() -> ReturnPath { send }
}
