import DNS
import TestSupport
import Testing

@testable import Forwarding

@Suite("Mixed case in questions")
struct MixedCaseTests {
    @Test("Only letters change, and every letter may")
    func letters() throws {
        let name = try #require(DomainName("a-1.\\000\\200[xyz.example-name.org"))
        var random = SeededGenerator.announced()
        var seen: [Set<UInt8>] = name.wire.map { _ in [] }
        for _ in 0..<200 {
            let spelling = MixedCase.spelling(of: name, { random.next() })
            #expect(DomainName(wire: spelling) == name)
            for (index, byte) in spelling.enumerated() { seen[index].insert(byte) }
        }
        for (index, byte) in name.wire.enumerated() {
            let isLetter = (0x61...0x7a).contains(byte)
            #expect(seen[index].count == (isLetter ? 2 : 1))
        }
    }

    @Test("An upstream that repeats the case and has records is trusted, and must repeat it from then on")
    func trust() {
        var keeping = CaseKeeping()
        let mixesFirst = keeping.mixes(at: .now)
        #expect(mixesFirst && !keeping.isExact)
        let advice = keeping.note(isSpelledAlike: true, hasRecords: true, isMixed: true, at: .now)
        let mixesThen = keeping.mixes(at: .now)
        #expect(advice == .take && keeping.isExact && mixesThen)
    }

    @Test("A question that happens to be spelled as asked teaches nothing")
    func unmixed() {
        var keeping = CaseKeeping()
        let advice = keeping.note(isSpelledAlike: true, hasRecords: true, isMixed: false, at: .now)
        #expect(advice == .take && keeping.state == .learning)
    }

    @Test("A denial is not believed until the upstream is trusted")
    func denial() {
        var keeping = CaseKeeping()
        let first = keeping.note(isSpelledAlike: true, hasRecords: false, isMixed: true, at: .now)
        _ = keeping.note(isSpelledAlike: true, hasRecords: true, isMixed: true, at: .now)
        let second = keeping.note(isSpelledAlike: true, hasRecords: false, isMixed: true, at: .now)
        #expect(first == .askPlainly && second == .take)
    }

    @Test("Who changes the case, or gets lost by it, is asked plainly for an hour")
    func rest() {
        let now = ContinuousClock.now
        var changing = CaseKeeping()
        let advice = changing.note(isSpelledAlike: false, hasRecords: true, isMixed: true, at: now)
        let mixes = [3599, 3600].map { changing.mixes(at: now + .seconds($0)) }
        #expect(advice == .take && mixes == [false, true] && changing.state == .learning)
        var lost = CaseKeeping()
        lost.noteLost(at: now)
        let mixesNow = lost.mixes(at: now)
        #expect(!mixesNow)
    }

    @Test("Replies in another case alone take the trust away")
    func change() {
        var keeping = CaseKeeping()
        _ = keeping.note(isSpelledAlike: true, hasRecords: true, isMixed: true, at: .now)
        keeping.noteChanged()
        #expect(keeping.state == .learning)
    }
}
