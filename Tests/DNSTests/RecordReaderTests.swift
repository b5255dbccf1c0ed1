import Testing

@testable import DNS

@Suite struct RecordReaderTests {
    /// A message of a header, a name at offset 12, and then records that are given by their owners as they stand.
    private static func message(_ name: [UInt8], owners: [[UInt8]]) -> (bytes: [UInt8], start: Int) {
        let front = [UInt8](repeating: 0, count: 12) + name
        let rest: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
        let records = owners.flatMap { owner in owner + rest }
        return (front + records, front.count)
    }

    private static func owners(_ name: [UInt8], _ owners: [[UInt8]]) -> [String]? {
        let (bytes, start) = message(name, owners: owners)
        var offset = start
        return RecordReader.records(in: bytes, at: &offset, count: owners.count)?.map { "\($0.owner)" }
    }

    /// `a.bc.` at 12, `bc.` at 14.
    private static let short: [UInt8] = [1, 97, 2, 98, 99, 0]

    @Test("An owner is what its pointer leads to, whatever the record before it led to")
    func pointersBesideEachOther() {
        #expect(
            Self.owners(
                Self.short,
                [
                    [0xc0, 12], [0xc0, 12], [0xc0, 14], [1, 120, 0xc0, 14], [1, 121, 0xc0, 14], [0xc0, 14], [0xc0, 12],
                    [1, 122, 0], [0xc0, 12], [1, 120, 0xc0, 12], [0xc0, 17],
                ])
                == [
                    "a.bc.", "a.bc.", "bc.", "x.bc.", "y.bc.", "bc.", "a.bc.", "z.", "a.bc.", "x.a.bc.", ".",
                ])
    }

    @Test("A name whose end is known is no longer than a name may be")
    func knownEndTooLong() {
        // 250 bytes; with a label of 4 bytes 255, with one of 5 a byte too many.
        let long =
            (0..<3).flatMap { _ in [63] + [UInt8](repeating: 97, count: 63) } + [56]
            + [UInt8](repeating: 98, count: 56) + [0]
        #expect(long.count == 250)
        let fits: [UInt8] = [4, 99, 99, 99, 99, 0xc0, 12]
        let exceeds: [UInt8] = [5, 99, 99, 99, 99, 99, 0xc0, 12]
        #expect(Self.owners(long, [fits, fits])?.count == 2)
        #expect(Self.owners(long, [exceeds]) == nil)
        #expect(Self.owners(long, [fits, exceeds]) == nil)
    }

    @Test("The owners of an RRset are one name in memory")
    func sharedOwners() throws {
        let (bytes, start) = Self.message(Self.short, owners: [[0xc0, 12], [0xc0, 12], [1, 120, 0xc0, 14]])
        var offset = start
        let records = try #require(RecordReader.records(in: bytes, at: &offset, count: 3))
        let places = records.map { $0.owner.wire.withUnsafeBufferPointer(\.baseAddress) }
        #expect(places[0] == places[1])
        #expect(places[0] != places[2])
    }
}
