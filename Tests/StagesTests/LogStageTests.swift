import Corefile
import DNS
import Pipeline
import Registry
import Testing

@testable import Stages

@Suite("log at work")
struct LogStageTests {
    private static func line(
        _ directive: String, _ response: Response, _ question: String = "Example.org. A",
        _ change: (inout PipelineQuery) -> Void = { _ in }
    ) async throws -> [String] {
        let lines = LogLines()
        let start = ContinuousClock.now
        let stage = LogStage(
            try StageTrial.settings(LogSettings.self, directive), sink: lines, now: { start + .microseconds(1500) })
        _ = try await StageTrial(stage: stage) { _ in response }.ask(question) { query in
            query.received = start
            query.id = 1234
            query.size = 41
            change(&query)
        }
        return lines.lines
    }

    @Test("The usual line is CoreDNS's")
    func common() async throws {
        var response = try Response.trial(.noError, "Example.org. 60 IN A 192.0.2.1")
        response.isRecursionAvailable = true
        #expect(
            try await Self.line("log", response) { $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) } == [
                "[INFO] 10.0.0.1:40212 - 1234 \"A IN example.org. udp 41 true 1232\" NOERROR qr,aa,rd,ra 56 0.0015s"
            ])
        #expect(
            try await Self.line("log . {combined}", response) {
                $0.client = .init(.v6(1), port: 5)
                $0.transport = .tls
            } == ["[INFO] [::1]:5 - 1234 \"A IN example.org. tcp 41 false 65535\" NOERROR qr,aa,rd,ra 45 0.0015s \"0\""]
        )
    }

    @Test("Every placeholder has its value, and - where there is none")
    func placeholders() async throws {
        let format =
            "{type}|{name}|{class}|{proto}|{size}|{remote}|{port}|{local}|{rcode}|{rsize}|{duration}|{>id}|{>opcode}|{>do}"
            + "|{>bufsize}|{>rflags}|{/a/b}|{/none}|{nope}"
        var response = Response(ResponseCode(rawValue: 4000))
        response.isTruncated = true
        response.isAuthenticData = true
        #expect(
            try await Self.line("log . \(format)", response, "a\\010b\\\"\\200. TYPE4711") {
                $0.metadata["a/b"] = "x\ny"
                $0.isCheckingDisabled = true
                $0.isRecursionDesired = false
            } == [
                "[INFO] TYPE4711|a\\010b\\\"\\200.|IN|udp|41|10.0.0.1|40212|10.0.0.254|4000|23|0.0015s|1234|0|false|512|"
                    + "qr,tc,ad,cd|x\\x0ay|-|{nope}"
            ])
        var silent = Response(.noError)
        silent.isSilent = true
        #expect(try await Self.line("log . \"{rcode} {>rflags} {rsize}\"", silent) == ["[INFO] - - 0"])
    }

    @Test("Answers are sorted as CoreDNS sorts them", arguments: Cases.classes)
    func classes(_ code: ResponseCode, _ lines: [String], _ expected: LogSettings.Class) async throws {
        var response = Response(code)
        for line in lines { response.answers += try Response.trial(.noError, line).answers }
        for line in lines { response.authorities += try Response.trial(.noError, line).authorities }
        #expect(LogStage.class(of: response) == expected)
        for kind in [LogSettings.Class.success, .denial, .error] {
            let count = try await Self.line("log {\n class \(kind.rawValue)\n}", response).count
            #expect(count == (kind == expected ? 1 : 0))
        }
    }

    @Test("The first rule whose zone fits decides")
    func zones() async throws {
        let directives = "log example.org {\n class error\n}\nlog org \"{name}\""
        #expect(try await Self.line(directives, Response(.noError), "www.example.org. A") == [])
        #expect(try await Self.line(directives, Response(.noError), "www.EXAMPLE.org. A") == [])
        #expect(try await Self.line(directives, Response(.noError), "www.net.org. A") == ["[INFO] www.net.org."])
        #expect(try await Self.line(directives, Response(.noError), "www.example.net. A") == [])
    }

    @Test("Ready-made answers pass where none of them would be written")
    func readyAnswers() throws {
        func stage(_ text: String) throws -> LogStage {
            LogStage(try StageTrial.settings(LogSettings.self, text), sink: LogLines())
        }
        let zone = try #require(DomainName("cluster.local"))
        for (text, logged) in [
            ("log", .all), ("log {\n class denial error\n}", [.denial, .failure]), ("log {\n class error\n}", .failure),
        ] as [(String, ReadyPassage.Kinds)] {
            let passage = try #require(try stage(text).readyPassage(of: zone))
            #expect(passage.kinds == .all && passage.logs.map(\.kinds) == [logged])
        }
        #expect(try stage("log . {type}").readyPassage(of: zone) == nil)
        #expect(try stage("log . {type} {\n class denial error\n}").readyPassage(of: zone)?.kinds == .success)
        #expect(try stage("log example.org").passesReadyAnswers(of: zone))
        #expect(try stage("log svc.cluster.local").readyPassage(of: zone)?.heldNames.count == 1)
        #expect(try stage("log local").readyPassage(of: zone) == nil)
    }

    enum Cases {
        private static let soa = "? example.org. 60 IN SOA ns.example.org. h.example.org. 1 2 3 4 5"
        static let classes: [(ResponseCode, [String], LogSettings.Class)] = [
            (.noError, ["example.org. 60 IN A 192.0.2.1"], .success), (.noError, [], .success),
            (.noError, [soa], .denial),
            (.noError, ["? example.org. 60 IN NS ns.example.org."], .success), (.nxDomain, [soa], .denial),
            (.nxDomain, [], .error),
            (.serverFailure, [], .error), (.refused, [], .error), (.serverFailure, [soa], .error),
        ]
    }
}
