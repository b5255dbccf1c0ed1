import Corefile
import DNS
import Pipeline
import Testing

@testable import Stages

/// `bufsize` and `header`.
@Suite struct ReplyBitsTests {
    @Test func bufsizeCapsBothDirections() async throws {
        let stage = BufsizeStage(try replySettings("bufsize 1100", BufsizeSettings.self))
        for (asked, announced) in [(UInt16(4096), UInt16(1100)), (1100, 1100), (512, 512), (0, 0)] {
            let behind = AnsweringStage { _ in Response(.noError) }
            var query = try replyQuery("a")
            query.edns = EDNS(udpPayload: asked, isDNSSECOK: true)
            let response = await stage.respond(to: query, next: Chain([behind]))
            #expect(behind.queries.map { $0.edns } == [EDNS(udpPayload: announced, isDNSSECOK: true)])
            #expect(response.udpLimit == 1100)
        }
    }

    @Test func bufsizeNeitherAddsEDNSNorWidensALimit() async throws {
        let stage = BufsizeStage(try replySettings("bufsize", BufsizeSettings.self))
        let behind = AnsweringStage { _ in
            var response = Response(.noError)
            response.udpLimit = 600
            return response
        }
        let response = await stage.respond(to: try replyQuery("a"), next: Chain([behind]))
        #expect(response.udpLimit == 600 && behind.queries.map { $0.edns } == [nil])
    }

    @Test func headerRulesApplyInTheirOrder() async throws {
        let text = "header {\nset aa ra\nclear aa\nresponse clear rd\n}"
        let stage = HeaderStage(try replySettings(text, HeaderSettings.self))
        let behind = AnsweringStage { _ in Response(.noError, isAuthoritative: true) }
        let response = await stage.respond(to: try replyQuery("a"), next: Chain([behind]))
        #expect(!response.isAuthoritative && response.isRecursionAvailable && response.isRecursionDesired == false)
        #expect(behind.queries.map(\.isRecursionDesired) == [true])
        #expect(!stage.passesReadyAnswers)
    }

    @Test func headerChangesQueriesOnTheirWay() async throws {
        let stage = HeaderStage(try replySettings("header {\nquery clear rd\n}", HeaderSettings.self))
        let behind = AnsweringStage { _ in Response(.noError, isAuthoritative: true) }
        let response = await stage.respond(to: try replyQuery("a"), next: Chain([behind]))
        #expect(behind.queries.map(\.isRecursionDesired) == [false])
        #expect(response.isRecursionDesired == false && response.isAuthoritative && !stage.passesReadyAnswers)
    }
}
