import TestSupport
import Testing

@testable import AddressAllocator

struct OffsetBitmapTests {
    @Test("Offsets at the edges of words, pages and of 64 bits are told apart")
    func edges() {
        var bitmap = OffsetBitmap()
        let offsets: [UInt64] = [0, 1, 63, 64, 511, 512, 513, 262_143, 262_144, 1 << 40, .max - 1, .max]
        let first = offsets.map { bitmap.insert($0) }
        let second = offsets.map { bitmap.insert($0) }
        #expect(first.allSatisfy { $0 } && second.allSatisfy { !$0 } && offsets.allSatisfy(bitmap.contains))
        #expect(!bitmap.contains(2) && !bitmap.contains(65) && bitmap.count == offsets.count)
        #expect(bitmap.firstFree(in: 0...2) == 2)
        #expect(bitmap.firstFree(in: 0...1) == nil)
        #expect(bitmap.firstFree(in: 511...600) == 514)
        #expect(bitmap.firstFree(in: (.max - 1) ... .max) == nil)
        #expect(bitmap.firstFree(in: (.max - 2) ... .max) == UInt64.max - 2)
        let removed = offsets.map { bitmap.remove($0) }
        #expect(removed.allSatisfy { $0 })
        #expect(bitmap == OffsetBitmap())
    }

    @Test("A free offset behind thousands of full pages is found")
    func skipsFullPages() {
        var bitmap = OffsetBitmap()
        let size: UInt64 = 600_000
        for offset in 0..<size { bitmap.insert(offset) }
        #expect(bitmap.firstFree(in: 0...(size - 1)) == nil)
        #expect(bitmap.firstFree(in: 0...size) == size)
        #expect(bitmap.firstFree(in: 3...UInt64.max) == size)
        for offset in [UInt64(0), 511, 512, 262_144, 599_999] {
            bitmap.remove(offset)
            #expect(bitmap.firstFree(in: 0...(size - 1)) == offset)
            #expect(bitmap.firstFree(in: offset...(size - 1)) == offset)
            bitmap.insert(offset)
        }
    }

    @Test("A random history agrees with a plain set")
    func history() {
        var generator = SeededGenerator.announced()
        var bitmap = OffsetBitmap()
        var plain: Set<UInt64> = []
        for _ in 0..<10_000 {
            let offset = UInt64.random(in: 0..<2_000, using: &generator)
            if Bool.random(using: &generator) {
                let isNew = bitmap.insert(offset)
                #expect(isNew == plain.insert(offset).inserted)
            } else {
                let wasThere = bitmap.remove(offset)
                #expect(wasThere == (plain.remove(offset) != nil))
            }
            let low = UInt64.random(in: 0..<2_000, using: &generator)
            #expect(bitmap.firstFree(in: low...2_000) == (low...2_000).first { !plain.contains($0) })
        }
        #expect(bitmap.count == plain.count)
    }
}
