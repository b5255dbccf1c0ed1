import DNS
import TestSupport
import Testing

@testable import Forwarding

private struct ReplyCase: CustomTestStringConvertible, Sendable {
    var name: String
    var change: @Sendable (inout [UInt8]) -> Void
    var isExact = true
    var verdict: ReplyCheck.Verdict

    var testDescription: String { name }

    /// `WWW.example.org A`, 12 + 17 + 4 bytes.
    static let question: [UInt8] =
        [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + (DomainName("WWW.example.org")?.wire ?? []) + [0, 1, 0, 1]

    static let table: [ReplyCase] = [
        ReplyCase(name: "the question itself repeated", change: { _ in }, verdict: .accepted(isSpelledAlike: true)),
        ReplyCase(name: "bytes behind it", change: { $0 += [1, 2] }, verdict: .accepted(isSpelledAlike: true)),
        ReplyCase(name: "eleven bytes", change: { $0 = Array($0.prefix(11)) }, verdict: .ignored(.short)),
        ReplyCase(name: "another ID", change: { $0[1] ^= 1 }, verdict: .ignored(.id)),
        ReplyCase(name: "a query", change: { $0[2] &= 0x7f }, verdict: .ignored(.query)),
        ReplyCase(name: "another opcode", change: { $0[2] |= 0x20 }, verdict: .ignored(.opcode)),
        ReplyCase(name: "another name", change: { $0[13] = 0x61 }, verdict: .ignored(.question)),
        ReplyCase(name: "another type", change: { $0[$0.count - 3] = 28 }, verdict: .ignored(.question)),
        ReplyCase(name: "another class", change: { $0[$0.count - 1] = 3 }, verdict: .ignored(.question)),
        ReplyCase(name: "a cut question", change: { $0.removeLast() }, verdict: .ignored(.question)),
        ReplyCase(name: "two questions", change: { $0[5] = 2 }, verdict: .ignored(.question)),
        ReplyCase(name: "lower case", change: { $0[13] |= 0x20 }, verdict: .ignored(.letterCase)),
        ReplyCase(
            name: "lower case where that may be", change: { $0[13] |= 0x20 }, isExact: false,
            verdict: .accepted(isSpelledAlike: false)),
        ReplyCase(
            name: "a length byte that differs by the bit of case", change: { $0[12] ^= 0x20 }, isExact: false,
            verdict: .ignored(.question)),
        ReplyCase(
            name: "FORMERR without a question",
            change: {
                $0 = Array($0.prefix(12))
                $0[5] = 0
                $0[3] = 1
            }, verdict: .accepted(isSpelledAlike: true)),
        ReplyCase(
            name: "NXDOMAIN without a question",
            change: {
                $0[5] = 0
                $0[3] = 3
            }, verdict: .ignored(.question)),
        ReplyCase(
            name: "FORMERR without a question, but with an answer",
            change: {
                $0[5] = 0
                $0[3] = 1
                $0[7] = 1
            }, verdict: .ignored(.question)),
    ]
}

@Suite("Replies are checked against the question")
struct ReplyCheckTests {
    @Test("What is taken and what is not (RFC 5452 §4.2)", arguments: ReplyCase.table)
    fileprivate func verdict(_ expected: ReplyCase) {
        var reply = ReplyCase.question
        reply[2] |= 0x80
        expected.change(&reply)
        let verdict = reply.withUnsafeBytes { bytes in
            ReplyCheck.verdict(
                on: bytes, to: ReplyCase.question, questionEnd: ReplyCase.question.count, isExact: expected.isExact)
        }
        #expect(verdict == expected.verdict)
    }

    @Test("Whatever comes, nothing traps, and only what repeats the question is taken")
    func anything() throws {
        var random = SeededGenerator.announced()
        let name = try #require(DomainName("www.example.org"))
        var message = DNSMessage(id: 0xabcd, question: .init(name, .a))
        message.isResponse = true
        message.answers = [
            Record(owner: name, ttl: 1, data: .cname(try #require(DomainName("cdn.example")))),
            Record(owner: try #require(DomainName("cdn.example")), ttl: 1, data: .address([192, 0, 2, 1])),
        ]
        message.edns = EDNS(udpPayload: 1232, options: [EDNSOption(.extendedError, [0, 1])])
        let sound = message.wire()
        let sent = UpstreamQuestion(name, .a).message(id: 0xabcd, .init(name: name.wire, hasEDNS: true))
        let questionEnd = 12 + name.wire.count + 4
        for _ in 0..<20_000 {
            var reply = sound
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                reply[Int.random(in: reply.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            reply = Array(reply.prefix(Int.random(in: 0...reply.count, using: &random)))
            let verdict = reply.withUnsafeBytes { bytes in
                ReplyCheck.verdict(on: bytes, to: sent, questionEnd: questionEnd, isExact: false)
            }
            guard case .accepted = verdict else { continue }
            if reply[5] == 1 { #expect(DomainName(wire: reply[12..<(questionEnd - 4)]) == name) }
            if let read = DNSMessage.read(reply) {
                if let cleaned = read.cleaned(for: name) { #expect(cleaned.answers.count <= read.answers.count) }
            }
        }
    }
}
