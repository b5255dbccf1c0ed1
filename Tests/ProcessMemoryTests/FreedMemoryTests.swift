import ProcessMemory
import Testing

@Suite("Freed memory")
struct FreedMemoryTests {
    private static let mebibyte = 1 << 20

    /// What is seen at one look, in MiB, and whether memory is given back then.
    private struct Look {
        let (resident, free, isDue): (Int, Int, Bool)

        init(_ resident: Int, free: Int, due isDue: Bool = false) {
            (self.resident, self.free, self.isDue) = (resident, free, isDue)
        }
    }

    /// - Parameter after: what is resident once memory has been given back, in MiB; the rest of `free` is in memory.
    private static func follow(_ looks: [Look], after: Int) {
        var memory = FreedMemory()
        memory.noteGivenBack(resident: 20 * mebibyte, freed: mebibyte)
        for (number, look) in looks.enumerated() {
            let isDue = memory.isDue(resident: look.resident * mebibyte) { look.free * mebibyte }
            #expect(isDue == look.isDue, "look \(number)")
            guard isDue else { continue }
            memory.noteGivenBack(resident: min(look.resident, after) * mebibyte, freed: look.free * mebibyte)
        }
    }

    @Test("What a flood leaves is given back once, and again after the next one")
    func flood() {
        Self.follow(
            [
                Look(22, free: 1), Look(60, free: 3), Look(61, free: 2), Look(61, free: 40, due: true),
                Look(21, free: 40), Look(22, free: 39), Look(60, free: 4), Look(60, free: 42, due: true),
            ], after: 21)
    }

    @Test("A flood that nobody saw is known by what it leaves resident")
    func burst() {
        Self.follow([Look(60, free: 40, due: true), Look(21, free: 40), Look(60, free: 41, due: true)], after: 21)
    }

    @Test("Memory that is used, and a little that is free, is left alone")
    func used() {
        Self.follow((0..<100).map { Look(60 + $0 % 7, free: 1 + $0 % 7) }, after: 60)
    }

    @Test("What cannot be given back is not tried for at each look")
    func kept() {
        Self.follow([Look(60, free: 20, due: true)] + (0..<100).map { _ in Look(60, free: 20) }, after: 60)
    }

    @Test("What is free is counted only where much is resident")
    func counting() {
        var memory = FreedMemory()
        for resident in [0, 20, 27, 0, 21] {
            let isDue = memory.isDue(resident: resident * Self.mebibyte) {
                Issue.record("counted")
                return 100 * Self.mebibyte
            }
            #expect(!isDue)
        }
    }
}
