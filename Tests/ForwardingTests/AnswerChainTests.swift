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

    /// A record of an owner, a type, and names that its data holds, the type first that a signature covers.
    static func record(_ line: Substring) throws -> Record {
        var words = line.split(separator: " ").map(String.init)
        let owner = name(words.removeFirst())
        let codes = ["DNSKEY": 48, "RRSIG": 46, "NSEC": 47, "NSEC3": 50, "HTTPS": 65, "NAPTR": 35, "DS": 43, "SRV": 33]
        let more = ["A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "DNAME": 39]
        func code(_ word: String) throws -> UInt16 { UInt16(try #require(codes[word] ?? more[word])) }
        let type = words.removeFirst()
        let fixed: [UInt8] =
            switch type {
            case "MX": [0, 10]
            case "HTTPS": [0, 1]
            case "SRV": [0, 0, 0, 0, 0, 80]
            case "NAPTR": [0, 1, 0, 1, 1, 0x73, 0, 0]
            case "RRSIG": [0, UInt8(try code(words.removeFirst()))] + [UInt8](repeating: 0, count: 16)
            default: []
            }
        let names = words.flatMap { name($0).wire }
        let data = RecordData(type: RecordType(rawValue: try code(type)), bytes: fixed + names)
        return Record(owner: owner, ttl: 60, data: data)
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
        let kept = AnswerChain(of: Chains.name("www.test"), in: expected.answers).answers(expected.answers)
        #expect(kept == expected.kept.map { expected.answers[$0] })
    }

    /// `www.test`, so many aliases, and the address at their end.
    private static func chain(_ aliases: Int) -> [Record] {
        var owners = ["www.test"] + (0..<aliases).map { "a\($0).test" }
        let last = owners.removeLast()
        return zip(owners, owners.dropFirst() + [last]).map(Chains.cname) + [Chains.a(last)]
    }

    @Test("A chain is followed to its end, over sixty-four aliases", arguments: [0, 1, 16, 17, 64], [false, true])
    func longChain(aliases: Int, isReversed: Bool) {
        var answers = Self.chain(aliases)
        if isReversed { answers.reverse() }
        answers.append(Chains.a("WWW.Test"))
        let chain = AnswerChain(of: Chains.name("www.test"), in: answers)
        #expect(chain.answers(answers + [Chains.a("a64.test"), Chains.a("test")]) == answers)
        #expect(!chain.isCut)
    }

    @Test("A chain over more aliases is no answer, whatever makes it long")
    func cutChain() {
        let name = Chains.name("www.test")
        #expect(AnswerChain(of: name, in: Self.chain(65)).isCut)
        var message = DNSMessage()
        message.answers = Self.chain(65)
        #expect(message.cleaned(for: name) == nil)
        #expect(AnswerChain(of: name, in: [Chains.dname("test", "a.test")]).isCut, "each name leads to a longer one")
    }

    @Test("A chain that comes back to itself is whole")
    func circle() {
        let answers = [Chains.cname("www.test", "b.test"), Chains.cname("b.test", "www.test")]
        let chain = AnswerChain(of: Chains.name("www.test"), in: answers)
        #expect(chain.answers(answers) == answers)
        #expect(!chain.isCut)
    }

    /// The sections of a reply to a question for `www.test`, in presentation form; `!` before what is to be dropped.
    private struct Reply: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answers: [String] = []
        var authorities: [String] = []
        var additionals: [String] = []
    }

    private static let replies = [
        Reply(
            testDescription: "NS records of zones around the name, with their addresses",
            answers: ["www.test A"], authorities: ["test NS ns.dns.example", ". NS a.root.example"],
            additionals: ["ns.dns.example A", "a.root.example AAAA", "!www.bank.example A"]),
        Reply(
            testDescription: "NS and SOA records of other zones",
            answers: ["www.test A"], authorities: ["!bank.example NS ns.evil.example", "!sub.www.test SOA"],
            additionals: ["!ns.evil.example A", "!kubernetes.default.svc.cluster.local A"]),
        Reply(
            testDescription: "other types in the authority section",
            answers: ["www.test A"], authorities: ["!www.test A", "!test TXT", "!test DNAME bank.example"]),
        Reply(testDescription: "a denial", authorities: ["test SOA", "!example SOA"]),
        Reply(
            testDescription: "a denial at the end of an alias",
            answers: ["www.test CNAME cdn.example"], authorities: ["example SOA", "!other SOA"]),
        Reply(
            testDescription: "a denial behind DNAME",
            answers: ["test DNAME a.example"], authorities: ["a.example SOA", "!b.example SOA"]),
        Reply(
            testDescription: "a signed denial",
            authorities: [
                "test SOA", "test RRSIG SOA test", "aaa.test NSEC", "aaa.test RRSIG NSEC test", "0p9m.test NSEC3",
                "0p9m.test RRSIG NSEC3 test", "!aaa.example NSEC", "!aaa.example RRSIG NSEC example",
                "!www.test RRSIG A test",
            ]),
        Reply(
            testDescription: "the proof of a wildcard, whose zone only the signature tells",
            answers: ["www.test A", "www.test RRSIG A test"], authorities: ["aaa.test NSEC", "!aaa.example NSEC"]),
        Reply(
            testDescription: "a referral", authorities: ["www.test NS ns.www.test", "www.test DS", "!test DNSKEY"],
            additionals: ["ns.www.test A", "ns.www.test RRSIG A test", "ns.www.test AAAA", "!ns.www.test NS x.test"]),
        Reply(
            testDescription: "mail servers", answers: ["www.test MX m1.example", "www.test MX m2.example"],
            additionals: ["m1.example A", "m2.example AAAA", "!m3.example A"]),
        Reply(
            testDescription: "services, by steps",
            answers: ["www.test PTR a.http.test"],
            additionals: ["a.http.test SRV h.test", "a.http.test TXT", "h.test A", "!i.test A"]),
        Reply(
            testDescription: "service bindings of another name and of the owner",
            answers: ["www.test HTTPS svc.example"],
            additionals: ["svc.example HTTPS .", "svc.example A", "www.test A", "!bank.example HTTPS ."]),
        Reply(
            testDescription: "rules that name a service", answers: ["www.test NAPTR sip.example"],
            additionals: ["sip.example SRV h.example", "h.example A"]),
    ]

    @Test("Authority and additional records that the question does not lead to are dropped", arguments: replies)
    private func otherSections(_ reply: Reply) throws {
        func records(_ lines: [String]) throws -> [Record] {
            try lines.map { try Chains.record($0.drop { $0 == "!" }) }
        }
        func kept(_ lines: [String]) throws -> [Record] { try records(lines.filter { !$0.hasPrefix("!") }) }
        let answers = try records(reply.answers)
        let chain = AnswerChain(of: Chains.name("www.test"), in: answers)
        #expect(chain.answers(answers) == answers)
        let authorities = chain.authorities(try records(reply.authorities), beside: answers)
        #expect(try authorities == kept(reply.authorities))
        let additionals = chain.additionals(try records(reply.additionals), of: answers, authorities)
        #expect(try additionals == kept(reply.additionals))
    }

    @Test("Thousands of records of as many names and zones are looked at in no time", .timeLimit(.minutes(1)))
    func manyRecords() {
        var answers = [Chains.cname("www.test", "a0.test")]
        for number in 0..<40 { answers.append(Chains.cname("a\(number).test", "a\(number + 1).test")) }
        let deep = (0..<100).map { _ in "a" }.joined(separator: ".") + ".test"
        var authorities: [Record] = []
        for name in sequence(first: Chains.name(deep), next: \.parent) {
            for number in 0..<40 {
                authorities.append(Record(owner: name, ttl: 1, data: .ns(Chains.name("n\(number).test"))))
            }
        }
        let chain = AnswerChain(of: Chains.name("www.test"), in: answers)
        let kept = chain.authorities(authorities, beside: answers)
        #expect(kept.count == 80, "those of test and of the root")
        #expect(chain.additionals(kept.map { Chains.a("\($0.data.target ?? .root)") }, of: kept).count == 80)
    }
}
