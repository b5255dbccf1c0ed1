import AnswerTable
import DNS
import Testing

@testable import Nameserver

@Suite("Answers in place")
struct ResponderTests {
    private struct Denial {
        let name: String
        let type: RecordType
        let code: Int

        init(_ name: String, _ type: RecordType, _ code: Int) {
            (self.name, self.type, self.code) = (name, type, code)
        }
    }

    @Test("A denial carries the zone's SOA, as the query spells the zone (RFC 2308 §3)")
    func denials() throws {
        let server = try TestServer()
        for denial in [
            Denial("web.prod.svc.cluster.local.", .aaaa, 0), Denial("no.Cluster.LOCAL.", .a, 3),
            Denial("cluster.local.", .mx, 0), Denial("prod.pod.cluster.LOCAL.", .a, 0), Denial("example.org.", .a, 0),
            Denial("no.example.org.", .a, 3), Denial("www.example.org.", .aaaa, 0),
            Denial("no.such.svc.cluster.local.", .soa, 3), Denial("ext.prod.svc.cluster.local.", .srv, 0),
        ] {
            let reply = try server.ask(TestQuery(denial.name, denial.type))
            #expect(reply.code == denial.code, "\(denial)")
            #expect(reply.isAuthoritative)
            #expect(reply.answers == [] && reply.authorities.count == 1, "\(denial)")
            let isOther = denial.name.hasSuffix("org.")
            let apex = try TestServer.name(isOther ? "example.org." : "cluster.local.")
            let soa = try #require(reply.authorities.first)
            let expected = try TestServer.soa(apex)
            #expect(soa.owner == apex && soa.ttl == expected.ttl, "\(denial)")
            #expect(StartOfAuthority(soa.data) == StartOfAuthority(expected.data), "\(denial)")
        }
        let reply = try server.ask(TestQuery("no.Cluster.LOCAL."))
        #expect(reply.authorities.first?.owner.description == "Cluster.LOCAL.")
        let data = try #require(reply.authorities.first?.data)
        #expect(StartOfAuthority(data)?.mailbox.description == "hostmaster.Cluster.LOCAL.")
    }

    @Test("ANY is answered by one HINFO where the name exists (RFC 8482 §4.2)")
    func any() throws {
        let server = try TestServer()
        for name in [
            "cluster.local.", "web.prod.svc.cluster.local.", "ext.prod.svc.cluster.local.", "prod.pod.cluster.local.",
        ] {
            let reply = try server.ask(TestQuery(name, .any))
            #expect(reply.answers.map(\.data) == [.minimalAny], "\(name)")
            #expect(reply.isAuthoritative)
        }
        #expect(try server.ask(TestQuery("no.cluster.local.", .any)).code == 3)
    }

    @Test("Before the source of names has spoken nothing is denied: SERVFAIL, SOA and EDE 14 (RFC 8914)")
    func notReady() throws {
        let server = try TestServer()
        let reply = try server.ask(TestQuery("x.late.test.", edns: TestQuery.EDNS()))
        #expect(reply.flags == 0x8502)
        #expect(reply.authorities == [try TestServer.soa(try TestServer.name("late.test."))])
        #expect(reply.opt?.options == [15: [0, 14]])
        #expect(try server.ask(TestQuery("x.late.test.")).opt == nil)
    }

    @Test("0x20: owners, and the zone part of SRV targets, are spelled as asked")
    func spelling() throws {
        let server = try TestServer()
        let reply = try server.ask(TestQuery("wEb.PrOd.sVc.ClusTer.loCAL.", .srv))
        #expect(reply.answers.map(\.owner.description) == [String](repeating: "wEb.PrOd.sVc.ClusTer.loCAL.", count: 2))
        let targets = reply.answers.compactMap { $0.data.target?.description }
        #expect(targets == [String](repeating: "web.prod.svc.ClusTer.loCAL.", count: 2))
        let alias = try server.ask(TestQuery("EXT.prod.svc.cluster.local."))
        #expect(alias.answers.first?.owner.description == "EXT.prod.svc.cluster.local.")
        #expect(alias.answers.last?.owner.description == "www.example.org.")
        let pod = try server.ask(TestQuery("10-0-0-9.PROD.pod.cluster.local."))
        #expect(pod.answers.map(\.owner.description) == ["10-0-0-9.PROD.pod.cluster.local."])
    }

    @Test("Addresses come all, once each, and each of them first at some time")
    func rotation() throws {
        let server = try TestServer()
        var first: Set<RecordData> = []
        for _ in 0..<1500 {
            let reply = try server.ask(TestQuery("many.prod.svc.cluster.local."), .tcp)
            let data = reply.answers.map(\.data)
            try #require(data.count == TestServer.manyAddresses)
            try #require(Set(data).count == TestServer.manyAddresses)
            first.formUnion(data.prefix(1))
        }
        #expect(first.count == TestServer.manyAddresses)
        let fixed = try TestServer(rotates: false)
        let orders = try (0..<20).map { _ in
            try fixed.ask(TestQuery("many.prod.svc.cluster.local."), .tcp).answers
        }
        #expect(Set(orders).count == 1, "without rotation addresses keep their order")
    }

    @Test(
        "Every size limit gives a whole message; TC says that an answer fell out",
        arguments: [RecordType.a, .srv], [true, false])
    func truncation(_ type: RecordType, withCookie: Bool) throws {
        let server = try TestServer()
        let name = "many.prod.svc.cluster.local."
        let full = try server.ask(TestQuery(name, type, edns: TestQuery.EDNS()), .tcp)
        #expect(!full.isTruncated)
        for payload in [0, 511] + Array(512...1240) + [4096, .max] as [UInt16] {
            let options: [(code: UInt16, data: [UInt8])] = withCookie ? [(10, [1, 2, 3, 4, 5, 6, 7, 8])] : []
            let reply = try server.ask(TestQuery(name, type, edns: TestQuery.EDNS(payload: payload, options: options)))
            let limit = min(1232, max(512, Int(payload)))
            try #require(reply.bytes.count <= limit)
            try #require(reply.opt?.options[10]?.count == (withCookie ? 24 : nil))
            try #require(reply.isTruncated == (reply.answers.count < full.answers.count))
            try #require(Set(reply.answers).isSubset(of: full.answers))
            try #require(Set(reply.answers).count == reply.answers.count)
            if type == .srv { try #require(reply.answers == Array(full.answers.prefix(reply.answers.count))) }
            // Another answer would not have fitted.
            if reply.isTruncated { try #require(reply.bytes.count + 66 > limit) }
        }
        #expect(try server.ask(TestQuery(name, type)).bytes.count <= 512)
    }

    @Test("Additional records may fall out in silence (RFC 2181 §9)")
    func silentAdditionals() throws {
        let table = AnswerTable()
        let apex = try TestServer.name("test.")
        let zone = ServedZone(apex: apex, content: .table, denialSOA: try TestServer.soa(apex), ttl: 5)
        let target = try TestServer.name("h.test.")
        let answers = (0..<10).map {
            Record(owner: apex, ttl: 5, data: .srv(priority: 0, weight: 1, port: $0, target: target))
        }
        let glue = (0..<60).map { Record(owner: target, ttl: 5, data: .address([10, 0, 0, $0])) }
        table.update { update in
            update.setZones([zone])
            update.set(
                apex, zone: 0, answers: [PreparedAnswer(to: apex, type: .srv, answers: answers, additionals: glue)])
        }
        let server = TestServer(table: table, routes: [])
        let reply = try server.ask(TestQuery("test.", .srv))
        #expect(!reply.isTruncated)
        #expect(reply.answers.count == 10)
        #expect((1..<60).contains(reply.additionals.count))
    }

    @Test("Truncated SRV answers keep the spelling too")
    func spellingOfTruncated() throws {
        let reply = try TestServer().ask(TestQuery("many.prod.svc.CLUSTER.local.", .srv))
        #expect(reply.isTruncated)
        #expect(reply.answers.allSatisfy { $0.data.target?.description.hasSuffix(".CLUSTER.local.") == true })
    }
}
