import DNS
import Testing

@testable import Forwarding

private enum Chains {
    static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }
    static func a(_ owner: String) -> Record {
        Record(owner: name(owner), ttl: 60, data: .address([192, 0, 2, 1]))
    }
    static func cname(_ owner: String, _ target: String) -> Record {
        Record(owner: name(owner), ttl: 60, data: .cname(name(target)))
    }
    static func dname(_ owner: String, _ target: String) -> Record {
        Record(owner: name(owner), ttl: 60, data: RecordData(type: .dname, bytes: name(target).wire))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answers: [Record]
        /// The indices that stay.
        var kept: [Int]
    }

    static let table = [
        Case(testDescription: "records of the name", answers: [a("www.test"), a("WWW.TEST")], kept: [0, 1]),
        Case(testDescription: "a stranger", answers: [a("www.test"), a("bank.example")], kept: [0]),
        Case(testDescription: "only strangers", answers: [a("bank.example")], kept: []),
        Case(
            testDescription: "an alias", answers: [cname("www.test", "cdn.example"), a("cdn.example")], kept: [0, 1]),
        Case(
            testDescription: "aliases in the wrong order",
            answers: [a("b.test"), cname("a.test", "b.test"), cname("www.test", "a.test")], kept: [0, 1, 2]),
        Case(
            testDescription: "a stranger behind an alias",
            answers: [cname("www.test", "cdn.example"), a("bank.example"), a("cdn.example")], kept: [0, 2]),
        Case(
            testDescription: "an alias that nobody leads to",
            answers: [a("www.test"), cname("bank.example", "evil.test"), a("evil.test")], kept: [0]),
        Case(
            testDescription: "a loop", answers: [cname("www.test", "a.test"), cname("a.test", "www.test")],
            kept: [0, 1]),
        Case(
            testDescription: "DNAME with its CNAME",
            answers: [dname("test", "example"), cname("www.test", "www.example"), a("www.example")],
            kept: [0, 1, 2]),
        Case(
            testDescription: "DNAME alone", answers: [dname("test", "example"), a("www.example")], kept: [0, 1]),
        Case(
            testDescription: "DNAME of another tree", answers: [dname("other", "example"), a("www.test")], kept: [1]),
    ]
}

@Suite("Answers stay with their question")
struct AnswerChainTests {
    @Test("Records that neither the question nor its aliases lead to are dropped", arguments: Chains.table)
    fileprivate func chain(_ expected: Chains.Case) {
        let kept = AnswerChain.records(expected.answers, for: Chains.name("www.test"))
        #expect(kept == expected.kept.map { expected.answers[$0] })
    }

    @Test("A chain longer than sixteen aliases ends there")
    func longChain() {
        var answers = [Chains.cname("www.test", "a0.test")]
        for number in 0..<40 { answers.append(Chains.cname("a\(number).test", "a\(number + 1).test")) }
        #expect(AnswerChain.records(answers, for: Chains.name("www.test")).count == 17)
    }
}
