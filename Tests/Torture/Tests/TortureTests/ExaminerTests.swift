import BenchmarkSupport
import Testing

@testable import torture

/// What is wrong is found: a check that takes everything for right would find nothing in a server either.
@Suite("The examiner of replies")
struct ExaminerTests {
    private static let key = Key("web.default.svc.cluster.local.", .a)
    private static let address: [UInt8] = [10, 96, 0, 1]

    private let truth = Truth()
    private let excuses = Excuses()

    /// A reply to the question in its own spelling, with one address record.
    private static func reply(
        _ pending: Pending, flags: [UInt8] = [0x85, 0x00], address: [UInt8] = address, question: [UInt8]? = nil,
        extra: [UInt8] = []
    ) -> [UInt8] {
        [0, 1] + flags + [0, 1, 0, 1, 0, 0, 0, 0] + (question ?? pending.question)
            + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4] + address + extra
    }

    private func examine(_ reply: (Pending) -> [UInt8], asked: ContinuousClock.Instant = .now) -> Tally {
        let examiner = Examiner(truth, excuses)
        let question = Packet.question(Packet.mixedCase(Self.key.name, by: 0xA5A5), .a)
        let pending = Pending(source: .registry, key: Self.key, question: question, asked: asked)
        examiner.take(reply(pending), for: pending)
        return examiner.tally
    }

    @Test("A right reply is right")
    func right() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        let tally = examine { Self.reply($0) }
        #expect(tally.checked == 1 && tally.wrong == 0 && tally.unexcused == 0)
    }

    @Test("Every other reply is wrong")
    func wrong() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        #expect(examine { Self.reply($0, address: [10, 96, 0, 2]) }.wrong == 1)
        #expect(examine { Self.reply($0, flags: [0x81, 0x00]) }.wrong == 1, "no authority")
        #expect(examine { Self.reply($0, flags: [0x87, 0x00]) }.wrong == 1, "truncated")
        #expect(examine { Self.reply($0, flags: [0x05, 0x00]) }.wrong == 1, "a query")
        #expect(examine { Self.reply($0, flags: [0x85, 0x03]) }.wrong == 1, "NXDOMAIN with a record")
        #expect(examine { Self.reply($0, extra: [0]) }.wrong == 1, "octets behind the end")
        #expect(examine { Self.reply($0, question: Packet.question(Self.key.name, .a)) }.wrong == 1, "another spelling")
        #expect(examine { Array(Self.reply($0).dropLast()) }.wrong == 1, "cut short")
        #expect(examine { Array(Self.reply($0).dropLast(16)) }.wrong == 1, "no record")
    }

    @Test("What was right before is outdated, and excused only while something is broken that explains it")
    func outdated() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        truth.set(Self.key, [.records(["10.96.0.2"])])
        let later = ContinuousClock.now + Truth.grace + .seconds(1)
        let tally = examine({ Self.reply($0) }, asked: later)
        #expect(tally.outdated == 1 && tally.unexcused == 1 && tally.wrong == 0)
        #expect(examine { Self.reply($0) }.outdated == 0, "within the time of a change")
        excuses.open([.outdated])
        let excused = examine({ Self.reply($0) }, asked: later)
        #expect(excused.outdated == 1 && excused.unexcused == 0)
        excuses.close([.outdated])
        #expect(examine({ Self.reply($0) }, asked: later).unexcused == 1)
    }

    @Test("What was outdated before the trouble began is not excused by it")
    func tooOld() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        truth.set(Self.key, [.records(["10.96.0.2"])])
        excuses.open([.outdated], reach: .zero - Truth.grace - .seconds(10))
        let later = ContinuousClock.now + Truth.grace + .seconds(1)
        #expect(examine({ Self.reply($0) }, asked: later).unexcused == 1)
    }

    @Test("A failure and a missing reply are excused only where they may be")
    func failures() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        let failure: (Pending) -> [UInt8] = { [0, 1, 0x81, 2, 0, 1, 0, 0, 0, 0, 0, 0] + $0.question }
        #expect(examine(failure).unexcused == 1)
        excuses.open([.failedForwarding])
        #expect(examine(failure).unexcused == 1, "another source's excuse")
        excuses.open([.failure])
        #expect(examine(failure).unexcused == 0)

        let examiner = Examiner(truth, excuses)
        examiner.miss(Questions.pending(.registry, Self.key, case: 0), by: .datagram)
        excuses.open([.silentConnections])
        examiner.miss(Questions.pending(.registry, Self.key, case: 0), by: .datagram)
        #expect(examiner.tally.unexcused == 2)
        examiner.miss(Questions.pending(.registry, Self.key, case: 0), by: .connection)
        #expect(examiner.tally.unexcused == 2 && examiner.tally.missing == 3)
    }

    @Test("What an upstream refuses is a failure of its names alone")
    func refused() {
        truth.set(Self.key, [.records(["10.96.0.1"])])
        let refusal: (Pending) -> [UInt8] = { [0, 1, 0x81, 5, 0, 1, 0, 0, 0, 0, 0, 0] + $0.question }
        #expect(examine(refusal).wrong == 1)
        let examiner = Examiner(truth, excuses)
        let pending = Questions.pending(.upstream, Key("n1.example.", .a), case: 0)
        examiner.take(refusal(pending), for: pending)
        #expect(examiner.tally.wrong == 0 && examiner.tally.unexcused == 1)
        excuses.open([.failedForwarding])
        examiner.take(refusal(pending), for: pending)
        #expect(examiner.tally.wrong == 0 && examiner.tally.failed == 2 && examiner.tally.unexcused == 1)
    }

    @Test("Random numbers repeat by their seed, and each part of a run has its own")
    func seeds() {
        var (first, second) = (SeededGenerator(seed: 7), SeededGenerator(seed: 7))
        #expect((0..<10).map { _ in first.next() } == (0..<10).map { _ in second.next() })
        #expect(Set((0..<1000).map { SeededGenerator.seed(7, part: $0) }).count == 1000)
    }
}
