import DNS
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
}
