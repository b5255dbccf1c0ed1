import BenchmarkSupport
import Testing

@testable import torture

/// What a busy machine explains, and what it does not.
@Suite("Waits for a core")
struct StrainTests {
    private static let start = ContinuousClock.now
    private static let key = Key("web.default.svc.cluster.local.", .a)

    private static func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// One sample: what a thread waited in the time since the one before.
    private static func strained(_ waited: UInt64, at end: Int) -> Strain {
        let strain = Strain()
        strain.take(["thread": 1_000_000], stolen: 0, at: start)
        strain.take(["thread": 1_000_000 + waited * 1_000_000], stolen: 0, at: at(end))
        return strain
    }

    @Test("Waits count where they overlap a time, up to all of it")
    func overlap() {
        let strain = Self.strained(150, at: 200)
        #expect(strain.lost(from: Self.at(0), to: Self.at(200)) == .milliseconds(150))
        #expect(strain.lost(from: Self.at(0), to: Self.at(1000)) == .milliseconds(150))
        #expect(strain.lost(from: Self.at(100), to: Self.at(200)) == .milliseconds(100))
        #expect(strain.lost(from: Self.at(200), to: Self.at(1000)) == .zero)
        #expect(strain.lost(from: Self.at(200), to: Self.at(100)) == .zero)
    }

    @Test("A wait that is told of late lies before the sample in which it ended")
    func late() {
        let strain = Self.strained(3000, at: 200)
        #expect(strain.lost(from: Self.at(-2500), to: Self.at(-500)) == .milliseconds(2000))
    }

    @Test("Waits of several threads and stolen time add up")
    func several() {
        let strain = Strain()
        strain.take(["a": 0, "b": 0], stolen: 5_000_000, at: Self.at(0))
        strain.take(["a": 20_000_000, "b": 30_000_000, "new": 1_000_000], stolen: 15_000_000, at: Self.at(200))
        #expect(strain.lost(from: Self.at(0), to: Self.at(200)) == .milliseconds(61))
    }

    @Test("What is late for want of a core is counted apart, what is wrong is wrong")
    func excuse() {
        let truth = Truth()
        truth.set(Self.key, [.records(["10.96.0.1"])])
        truth.set(Self.key, [.records(["10.96.0.2"])])
        let question = Packet.question(Self.key.name, .a)
        let asked = ContinuousClock.now + Truth.grace + .milliseconds(700)
        let pending = Pending(source: .registry, key: Self.key, question: question, asked: asked)
        func reply(_ last: UInt8) -> [UInt8] {
            [0, 1, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0] + question + [
                0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, last,
            ]
        }
        for (waited, isExcused) in [(600, false), (900, true)] {
            let strain = Strain()
            strain.take([:], stolen: 0, at: asked - .milliseconds(1000))
            strain.take(["thread": UInt64(waited) * 1_000_000], stolen: 0, at: asked)
            let examiner = Examiner(truth, Excuses(), strain)
            examiner.take(reply(1), for: pending)
            #expect(examiner.tally.unexcused == (isExcused ? 0 : 1), "\(waited) ms")
            #expect(examiner.tally.strained == (isExcused ? 1 : 0), "\(waited) ms")
            examiner.take(reply(3), for: pending)
            #expect(examiner.tally.wrong == 1)
        }
    }

    @Test("This process's threads and cores are looked at")
    func sampling() {
        let strain = Strain()
        strain.begin()
        strain.stop()
        #expect(strain.lost(from: Self.at(0), to: .now) >= .zero)
    }
}
