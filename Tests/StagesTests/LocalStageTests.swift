import Corefile
import DNS
import Pipeline
import Telemetry
import Testing

@testable import Stages

@Suite("local")
struct LocalStageTests {
    enum Cases {
        /// Name, type, code, type of the answer, owner of the SOA record in the authority section.
        static let questions: [(String, RecordType, ResponseCode, RecordType?, String?)] = [
            ("localhost", .a, .noError, .a, nil),
            ("LocalHost", .aaaa, .noError, .aaaa, nil),
            ("localhost", .soa, .noError, .soa, nil),
            ("localhost", .ns, .noError, .ns, nil),
            ("localhost", .mx, .noError, nil, "localhost."),
            ("a.b.localhost", .a, .noError, .a, nil),
            ("a.localhost", .mx, .noError, nil, "localhost."),
            ("a.localhost", .ns, .noError, nil, "localhost."),
            ("localhost.default.svc.cluster.local", .a, .noError, .a, nil),
            ("localhost.example.org", .aaaa, .noError, .aaaa, nil),
            ("localhost.example.org", .soa, .noError, nil, "localhost.example.org."),
            ("1.0.0.127.in-addr.arpa", .ptr, .noError, .ptr, nil),
            ("1.0.0.127.in-addr.arpa", .a, .noError, nil, "127.in-addr.arpa."),
            ("0.0.127.in-addr.arpa", .ptr, .noError, nil, "127.in-addr.arpa."),
            ("2.0.0.127.in-addr.arpa", .ptr, .nxDomain, nil, "127.in-addr.arpa."),
            ("127.in-addr.arpa", .soa, .noError, .soa, nil),
            ("0.in-addr.arpa", .ns, .noError, .ns, nil),
            ("255.in-addr.arpa", .a, .noError, nil, "255.in-addr.arpa."),
            ("1.0.in-addr.arpa", .ptr, .nxDomain, nil, "0.in-addr.arpa."),
            ("example.org", .a, .refused, nil, nil),
            ("my-localhost.org", .a, .refused, nil, nil),
            ("128.in-addr.arpa", .soa, .refused, nil, nil),
        ]
    }

    private func stage(_ metrics: Metrics = Metrics()) throws -> LocalStage {
        LocalStage(try SmallStageProbe.settings(LocalSettings.self, "local"), metrics: metrics)
    }

    @Test("Loopback names are answered, others go on", arguments: Cases.questions)
    func questions(
        _ name: String, _ type: RecordType, _ code: ResponseCode, _ answer: RecordType?, _ authority: String?
    ) async throws {
        let response = await SmallStageProbe.ask(try stage(), SmallStageProbe.query(name, type))
        #expect(response.code == code)
        #expect(response.answers.map(\.type) == (answer.map { [$0] } ?? []))
        #expect(response.answers.allSatisfy { $0.owner == SmallStageProbe.name(name) && $0.ttl == 604_800 })
        #expect(response.authorities.map(\.owner.description) == (authority.map { [$0] } ?? []))
        #expect(response.authorities.allSatisfy { StartOfAuthority($0.data)?.minimum == 604_800 })
    }

    @Test("The data are the loopback addresses and their name")
    func data() async throws {
        let stage = try stage()
        let four = await SmallStageProbe.ask(stage, SmallStageProbe.query("localhost", .a))
        #expect(four.answers.map(\.data) == [.address([127, 0, 0, 1])])
        let six = await SmallStageProbe.ask(stage, SmallStageProbe.query("localhost", .aaaa))
        #expect(six.answers.map(\.data) == [.address([UInt8](repeating: 0, count: 15) + [1])])
        let name = await SmallStageProbe.ask(stage, SmallStageProbe.query("1.0.0.127.in-addr.arpa", .ptr))
        #expect(name.answers.map(\.data) == [.ptr(SmallStageProbe.name("localhost"))])
    }

    @Test("With localhost_prefix off names of other zones go on, those of localhost do not")
    func prefixOff() async throws {
        let settings = try SmallStageProbe.settings(LocalSettings.self, "local {\nlocalhost_prefix off\n}")
        let stage = LocalStage(settings, metrics: Metrics())
        for (name, code) in [
            ("localhost.example.org", ResponseCode.refused), ("localhost", .noError), ("a.localhost", .noError),
        ] {
            let response = await SmallStageProbe.ask(stage, SmallStageProbe.query(name, .a))
            #expect(response.code == code, "\(name)")
        }
    }

    @Test("localhost before a search path is counted as CoreDNS counts it; ready-made answers may not go past")
    func metric() async throws {
        let metrics = Metrics()
        let stage = try stage(metrics)
        for name in ["localhost.a.org", "Localhost.b.org", "localhost", "a.org", "a.localhost"] {
            _ = await SmallStageProbe.ask(stage, SmallStageProbe.query(name, .a))
        }
        #expect(metrics.text().contains("coredns_local_localhost_requests_total 3\n"))
        #expect(!stage.passesReadyAnswers)
    }
}
