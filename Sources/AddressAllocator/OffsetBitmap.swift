/// A set of 64-bit offsets that finds the next free one fast, however full or sparse it is.
///
/// Bits lie in pages of 512 that exist only where a bit is set, so the set costs memory for what is in it and not
/// for the range. A second level marks full pages: a search skips 262,144 offsets at one look.
struct OffsetBitmap: Hashable, Sendable {
    private var pages = Level()
    private var fullPages = Level()
    private(set) var count = 0

    func contains(_ offset: UInt64) -> Bool {
        pages.contains(offset)
    }

    /// Returns whether the offset was absent.
    @discardableResult
    mutating func insert(_ offset: UInt64) -> Bool {
        switch pages.insert(offset) {
        case .unchanged: return false
        case .changed: break
        case .filled: _ = fullPages.insert(Level.page(of: offset))
        }
        count &+= 1
        return true
    }

    /// Returns whether the offset was present.
    @discardableResult
    mutating func remove(_ offset: UInt64) -> Bool {
        guard pages.remove(offset) else { return false }
        _ = fullPages.remove(Level.page(of: offset))
        count &-= 1
        return true
    }

    /// The lowest offset of a range that is not in the set.
    func firstFree(in range: ClosedRange<UInt64>) -> UInt64? {
        var offset = range.lowerBound
        while offset <= range.upperBound {
            if let free = pages.firstFreeInPage(from: offset) { return free <= range.upperBound ? free : nil }
            // The rest of this page is taken; the next page that is not full has a free offset.
            var page = Level.page(of: offset) &+ 1
            let lastPage = Level.page(of: range.upperBound)
            while true {
                guard page <= lastPage else { return nil }
                if let free = fullPages.firstFreeInPage(from: page) {
                    page = free
                    break
                }
                page = (Level.page(of: page) &+ 1) << Level.pageBits
            }
            guard page <= lastPage else { return nil }
            offset = page << Level.pageBits
        }
        return nil
    }
}

extension OffsetBitmap {
    /// Bits in pages; a page without a set bit is absent.
    fileprivate struct Level: Hashable, Sendable {
        static let pageBits: UInt64 = 9

        enum Insertion { case unchanged, changed, filled }

        private var words: [UInt64: SIMD8<UInt64>] = [:]

        static func page(of offset: UInt64) -> UInt64 { offset >> pageBits }
        private static func word(of offset: UInt64) -> Int { Int(truncatingIfNeeded: (offset >> 6) & 7) }
        private static func bit(of offset: UInt64) -> UInt64 { 1 << (offset & 63) }

        func contains(_ offset: UInt64) -> Bool {
            guard let page = words[Self.page(of: offset)] else { return false }
            return page[Self.word(of: offset)] & Self.bit(of: offset) != 0
        }

        mutating func insert(_ offset: UInt64) -> Insertion {
            let number = Self.page(of: offset)
            var page = words[number] ?? .zero
            let word = Self.word(of: offset)
            guard page[word] & Self.bit(of: offset) == 0 else { return .unchanged }
            page[word] |= Self.bit(of: offset)
            words[number] = page
            return page == SIMD8(repeating: .max) ? .filled : .changed
        }

        mutating func remove(_ offset: UInt64) -> Bool {
            let number = Self.page(of: offset)
            guard var page = words[number], page[Self.word(of: offset)] & Self.bit(of: offset) != 0 else {
                return false
            }
            page[Self.word(of: offset)] &= ~Self.bit(of: offset)
            words[number] = page == .zero ? nil : page
            return true
        }

        /// The lowest clear bit at or behind `offset` within the page of `offset`.
        func firstFreeInPage(from offset: UInt64) -> UInt64? {
            guard let page = words[Self.page(of: offset)] else { return offset }
            let start = Self.page(of: offset) << Self.pageBits
            var free = ~page[Self.word(of: offset)] & ~(Self.bit(of: offset) &- 1)
            for word in Self.word(of: offset)..<8 {
                if word > Self.word(of: offset) { free = ~page[word] }
                if free != 0 { return start | UInt64(word) << 6 | UInt64(free.trailingZeroBitCount) }
            }
            return nil
        }
    }
}
