import DNS
import TestSupport
import Testing

@Suite("Reading queries")
struct QueryReaderTests {
    /// A query of `www.example.` for A, with the records that follow and their counts.
    private static func packet(flags: UInt8 = 1, _ counts: [UInt8], _ tail: [UInt8]) -> [UInt8] {
        [0xab, 0xcd, flags, 0] + counts.flatMap { [0, $0] }
            + [3, 119, 119, 119, 7, 101, 120, 97, 109, 112, 108, 101, 0, 0, 1, 0, 1] + tail
    }

    private static let opt: [UInt8] = [0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0]
    private static let options: [UInt8] = [0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
    private static let address: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1]

    private static let valid: [[UInt8]] = [
        packet([1, 0, 0, 0], []), packet([1, 0, 0, 1], opt), packet([1, 0, 0, 1], options),
        packet([1, 0, 0, 2], address + options), packet([1, 1, 1, 2], address + address + address + options),
        packet([1, 0, 0, 1], address),
    ]

    /// Reads bytes that have no room behind them, so that a sanitizer would see a byte too many.
    private static func read(_ bytes: [UInt8]) -> (verdict: QueryReader.Verdict, query: Query) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        var query = Query()
        return (QueryReader.read(UnsafeRawBufferPointer(copy), into: &query), query)
    }

    @Test("The parts of a query are found")
    func parts() {
        let plain = Self.read(Self.valid[0])
        #expect(plain.verdict == .answer)
        #expect(plain.query.nameLength == 13)
        #expect(plain.query.questionEnd == Self.valid[0].count)
        #expect(plain.query.type == .a && plain.query.recordClass == .internet)
        #expect(!plain.query.hasEDNS)
        let edns = Self.read(Self.valid[1]).query
        #expect(edns.hasEDNS && edns.isDNSSECOK && edns.udpPayload == 4096 && edns.ednsVersion == 0)
        #expect(edns.optionsLength == 0)
        let options = Self.read(Self.valid[2]).query
        #expect(options.hasEDNS && !options.isDNSSECOK && options.udpPayload == 1232 && options.ednsVersion == 1)
        #expect(options.optionsLength == 12)
        #expect(options.optionsOffset == Self.valid[2].count - 12)
        #expect(Self.read(Self.valid[4]).query.optionsLength == 12)
        #expect(!Self.read(Self.valid[5]).query.hasEDNS)
    }

    @Test("An OPT record outside the additional section, or a second one, is FORMERR (RFC 6891 §6.1.1)")
    func misplaced() {
        for counts in [[1, 1, 0, 0], [1, 0, 1, 0]] as [[UInt8]] {
            #expect(Self.read(Self.packet(counts, Self.opt)).verdict == .formatError)
        }
        #expect(Self.read(Self.packet([1, 0, 0, 2], Self.opt + Self.opt)).verdict == .formatError)
    }

    @Test("Silence, NOTIMP and FORMERR, in this order")
    func order() {
        #expect(Self.read([]).verdict == .silence)
        #expect(Self.read(Array(Self.packet(flags: 0x90, [0, 0, 0, 0], []).prefix(12))).verdict == .silence)
        #expect(Self.read(Array(Self.packet(flags: 0x10, [9, 9, 9, 9], []).prefix(12))).verdict == .notImplemented)
        #expect(Self.read(Array(Self.packet([1, 0, 0, 0], []).prefix(12))).verdict == .formatError)
    }

    @Test("Every beginning of a packet is silence or FORMERR, every packet with more behind it as before")
    func truncations() {
        for packet in Self.valid {
            #expect(Self.read(packet).verdict == .answer)
            #expect(Self.read(packet + [0xff]).verdict == .answer)
            for length in 0..<packet.count {
                #expect(Self.read(Array(packet.prefix(length))).verdict == (length < 12 ? .silence : .formatError))
            }
        }
    }

    @Test("Pointers must lead backwards, options must end where their record ends")
    func malformed() {
        let tails: [([UInt8], [UInt8])] = [
            ([1, 0, 0, 1], [0xc0, 29] + Self.address.dropFirst(2)),
            ([1, 0, 0, 1], [0xff, 0xff] + Self.address.dropFirst(2)),
            ([1, 0, 0, 1], [0x80, 0] + Self.address.dropFirst(2)), ([1, 0, 0, 1], [1, 97] + Self.opt),
            ([1, 0, 0, 1], [0xc0, 24] + Self.opt.dropFirst()),
            ([1, 0, 0, 1], Self.opt.dropLast() + [3, 0, 10, 0]),
            ([1, 0, 0, 1], Self.opt.dropLast() + [4, 0, 10, 0, 1]),
            ([1, 0, 0, 1], Self.opt.dropLast() + [5, 0, 10, 0, 0, 1]), ([1, 0, 0, 3], Self.opt + Self.opt + Self.opt),
            ([1, 2, 0, 0], Self.address + Self.address), ([1, 0, 2, 0], Self.address + Self.address),
            ([0, 0, 0, 0], []), ([2, 0, 0, 0], []),
        ]
        for (counts, tail) in tails {
            #expect(Self.read(Self.packet(counts, tail)).verdict == .formatError, "\(counts) \(tail)")
        }
    }

    @Test("100,000 mutated packets: what is accepted lies inside the packet")
    func mutations() {
        var generator = SeededGenerator.announced()
        for _ in 0..<100_000 {
            var packet = Self.valid.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<packet.count, using: &generator)
                switch Int.random(in: 0..<8, using: &generator) {
                case 0 where packet.count > 1: packet.remove(at: place)
                case 1: packet.insert(.random(in: 0...255, using: &generator), at: place)
                case 2: packet[place] = [0, 1, 63, 64, 0xc0, 0xff].randomElement(using: &generator) ?? 0
                default: packet[place] = .random(in: 0...255, using: &generator)
                }
            }
            let (verdict, query) = Self.read(packet)
            guard verdict == .answer else { continue }
            let isSound =
                query.questionEnd <= packet.count
                && DomainName(wire: packet[12..<(12 + query.nameLength)]) != nil
                && (!query.hasEDNS || query.optionsOffset + query.optionsLength <= packet.count)
            if !isSound { Issue.record("\(packet)") }
        }
    }
}
