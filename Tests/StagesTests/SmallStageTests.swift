import Corefile
import DNS
import Pipeline
import Registry
import Telemetry
import Testing

@testable import Stages

@Suite("any, nsid, whoami, chaos, minimal")
struct SmallStageTests {
    enum Cases {
        static let chaos: [(String, [String])] = [
            ("version.bind", ["Server-1"]), ("VERSION.Server", ["Server-1"]), ("hostname.bind", ["node-1"]),
            ("id.server", ["node-1"]), ("authors.bind", ["a@example.org", "b@example.org"]),
        ]
    }

    @Test("any: one HINFO record for ANY, whatever the name; other types go on")
    func any() async throws {
        let stage = AnyStage(try SmallStageProbe.settings(AnySettings.self, "any"))
        let response = await SmallStageProbe.ask(stage, SmallStageProbe.query("Web.example", .any))
        #expect(response.code == .noError && !response.isAuthoritative && response.source == "any")
        #expect(
            response.answers == [Record(owner: SmallStageProbe.name("web.example"), ttl: 8482, data: .minimalAny)])
        #expect(response.answers.first?.owner.description == "Web.example.")
        #expect(await SmallStageProbe.ask(stage, SmallStageProbe.query("web.example", .a)).code == .refused)
        #expect(stage.readyPassage(of: .root)?.heldTypes == [.any])
    }

    @Test("nsid: the name goes to those who ask for it, once, and to nobody else")
    func nsid() async throws {
        let stage = NSIDStage(try SmallStageProbe.settings(NSIDSettings.self, "nsid Use The Force"))
        var end = SmallStageProbe.End()
        end.response.options = [EDNSOption(.nsid, [1]), EDNSOption(.padding, [0])]
        var query = SmallStageProbe.query("a.example", .a)
        #expect(await SmallStageProbe.ask(stage, query, then: end).options == end.response.options)
        query.edns = EDNS(udpPayload: 1232)
        #expect(await SmallStageProbe.ask(stage, query, then: end).options == end.response.options)
        query.edns = EDNS(udpPayload: 1232, options: [EDNSOption(.nsid, [])])
        #expect(
            await SmallStageProbe.ask(stage, query, then: end).options == [
                EDNSOption(.padding, [0]), EDNSOption(.nsid, Array("Use The Force".utf8)),
            ])
        #expect(NSIDStage(try SmallStageProbe.settings(NSIDSettings.self, "nsid")).data == Array(HostName.current.utf8))
        #expect(!HostName.current.isEmpty)
        #expect(!stage.passesReadyAnswers)
    }

    @Test("whoami: address, port and transport of the asker")
    func whoami() async throws {
        let stage = WhoamiStage(try SmallStageProbe.settings(WhoamiSettings.self, "whoami"))
        let udp = await SmallStageProbe.ask(stage, SmallStageProbe.query("a.example", .mx))
        #expect(udp.code == .noError && udp.isAuthoritative && udp.answers.isEmpty)
        #expect(
            udp.additionals == [
                Record(owner: SmallStageProbe.name("a.example"), ttl: 0, data: .address([10, 244, 0, 20])),
                Record(
                    owner: SmallStageProbe.name("_udp.a.example"), ttl: 0,
                    data: .srv(priority: 0, weight: 0, port: 40212, target: .root)),
            ])
        let tls = await SmallStageProbe.ask(
            stage, SmallStageProbe.query(".", .a, client: .v6(1), transport: .tls))
        #expect(tls.additionals.map(\.type) == [.aaaa, .srv])
        #expect(tls.additionals.map(\.owner.description) == [".", "_tcp."])
    }

    @Test("whoami: a name of full length gets no SRV record")
    func longName() async throws {
        let label = String(repeating: "a", count: 62)
        let stage = WhoamiStage(try SmallStageProbe.settings(WhoamiSettings.self, "whoami"))
        let query = SmallStageProbe.query("\(label).\(label).\(label).\(label)", .a)
        #expect(await SmallStageProbe.ask(stage, query).additionals.map(\.type) == [.a])
    }

    private func chaosStage() throws -> ChaosStage {
        ChaosStage(
            try SmallStageProbe.settings(ChaosSettings.self, "chaos Server-1 b@example.org a@example.org"),
            program: "Program-2", authors: ["somebody"], host: "node-1")
    }

    @Test("chaos: what the server is, in class CH", arguments: Cases.chaos)
    func chaos(_ name: String, _ texts: [String]) async throws {
        var query = SmallStageProbe.query(name, .txt)
        query.recordClass = RecordClass(rawValue: 3)
        let response = await SmallStageProbe.ask(try chaosStage(), query)
        #expect(response.code == .noError && response.source == "chaos")
        #expect(response.answers.allSatisfy { $0.ttl == 0 && $0.owner == query.name })
        #expect(
            response.answers.map(\.data)
                == texts.map { RecordData(type: .txt, bytes: [UInt8($0.utf8.count)] + Array($0.utf8)) })
    }

    @Test("chaos: nothing else of class CH is answered; class IN goes on")
    func chaosRefusals() async throws {
        let end = SmallStageProbe.End(response: Response(.nxDomain))
        var query = SmallStageProbe.query("version.bind", .a)
        query.recordClass = RecordClass(rawValue: 3)
        #expect(await SmallStageProbe.ask(try chaosStage(), query, then: end).code == .refused)
        query = SmallStageProbe.query("web.prod.svc.cluster.local", .txt)
        query.recordClass = RecordClass(rawValue: 3)
        #expect(await SmallStageProbe.ask(try chaosStage(), query, then: end).code == .refused)
        #expect(
            await SmallStageProbe.ask(try chaosStage(), SmallStageProbe.query("version.bind", .txt), then: end).code
                == .nxDomain)
    }

    @Test("chaos: the program's own version and authors unless told; long texts are cut")
    func chaosDefaults() async throws {
        let stage = ChaosStage(
            try SmallStageProbe.settings(ChaosSettings.self, "chaos"), program: String(repeating: "v", count: 300),
            authors: ["somebody"], host: "h")
        var query = SmallStageProbe.query("version.server", .txt)
        query.recordClass = RecordClass(rawValue: 3)
        #expect(await SmallStageProbe.ask(stage, query).answers.first?.data.bytes.count == 256)
        query.name = SmallStageProbe.name("authors.bind")
        #expect(await SmallStageProbe.ask(stage, query).answers.first?.data.bytes == [8] + Array("somebody".utf8))
    }

    @Test("minimal: positive answers alone; denials keep their SOA record")
    func minimal() async throws {
        let stage = MinimalStage(try SmallStageProbe.settings(MinimalSettings.self, "minimal"))
        let record = Record(owner: SmallStageProbe.name("a.example"), ttl: 5, data: .address([10, 0, 0, 1]))
        var end = SmallStageProbe.End(response: Response(.noError))
        end.response.answers = [record]
        end.response.authorities = [record]
        end.response.additionals = [record]
        let query = SmallStageProbe.query("a.example", .a)
        let positive = await SmallStageProbe.ask(stage, query, then: end)
        #expect(positive.answers == [record] && positive.authorities.isEmpty && positive.additionals.isEmpty)
        end.response.answers = []
        #expect(await SmallStageProbe.ask(stage, query, then: end) == end.response)
        end.response.answers = [record]
        end.response.code = .nxDomain
        #expect(await SmallStageProbe.ask(stage, query, then: end) == end.response)
        #expect(!stage.passesReadyAnswers)
    }
}
