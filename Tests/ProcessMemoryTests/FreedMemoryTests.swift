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
                Look(22, free: 1), Look(60, free: 3), Look(61, free: 2), Look(61, free: 40),
                Look(61, free: 40, due: true), Look(21, free: 40), Look(22, free: 39), Look(60, free: 4),
                Look(60, free: 42), Look(60, free: 42, due: true),
            ], after: 21)
    }

    @Test("A flood that nobody saw is known by what it leaves resident")
    func burst() {
        Self.follow(
            [
                Look(60, free: 40), Look(60, free: 40, due: true), Look(21, free: 40), Look(60, free: 41),
                Look(60, free: 41, due: true),
            ], after: 21)
    }

    @Test("Memory that is used, a little that is free, and what is free for a moment are left alone")
    func used() {
        Self.follow((0..<100).map { Look(60 + $0 % 7, free: 1 + $0 % 7) }, after: 60)
        Self.follow((0..<100).map { Look(60, free: $0 % 2 == 0 ? 2 : 30) }, after: 60)
    }

    @Test("What cannot be given back is not tried for again")
    func kept() {
        Self.follow(
            [Look(60, free: 20), Look(60, free: 20, due: true)] + (0..<100).map { _ in Look(60, free: 20) }, after: 60)
    }

    @Test("What is there from the start and freed later is given back as well")
    func former() {
        Self.follow((0..<10).map { _ in Look(20, free: 10) } + [Look(20, free: 10, due: true)], after: 12)
    }

    @Test("What is free is counted each time where much is resident, else one time of ten")
    func counting() {
        var memory = FreedMemory()
        func counts(_ looks: Int, resident: Int) -> Int {
            var counts = 0
            for _ in 0..<looks {
                _ = memory.isDue(resident: resident * Self.mebibyte) {
                    counts += 1
                    return 0
                }
            }
            return counts
        }
        #expect(counts(100, resident: 0) == 0)
        #expect(counts(100, resident: 20) == 10)
        #expect(counts(100, resident: 27) == 10)
        #expect(counts(100, resident: 28) == 100)
    }
}
