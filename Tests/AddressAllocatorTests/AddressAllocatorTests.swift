import AddressAllocator
import Registry
import TestSupport
import Testing

struct AddressAllocatorTests {
    @Test("A /27 gives its 14 dynamic addresses, then its 16 static ones, then none")
    func bandsInOrder() throws {
        var generator = SeededGenerator.announced()
        var allocator = try makeAllocator("10.0.0.0/27")
        var given: [IPAddress] = []
        for number in 0..<30 {
            given.append(try allocator.allocate(.ipv4, for: name("prod/s\(number)"), using: &generator))
        }
        #expect(Set(given).count == 30)
        #expect(given.prefix(14).allSatisfy { $0.value & 31 >= 17 })
        #expect(given.suffix(16).allSatisfy { $0.value & 31 <= 16 })
        let error = #expect(throws: AllocationError.self) {
            try allocator.allocate(.ipv4, for: name("prod/more"), using: &generator)
        }
        #expect(error?.isExhaustion == true)
        #expect("\(error, default: "")" == "no free address in 10.0.0.0/27 (30 used, 0 quarantined)")
    }

    @Test("Automatic addresses come from a random place")
    func randomStart() throws {
        var firsts: Set<IPAddress> = []
        for seed in 0..<50 {
            var generator = SeededGenerator(seed: UInt64(seed))
            firsts.insert(try makeAllocator("10.96.0.0/16").candidate(of: .ipv4, using: &generator))
        }
        #expect(firsts.count > 40)
    }

    @Test("Explicit addresses may be of either band, and say why not")
    func explicit() throws {
        var allocator = try makeAllocator("10.96.0.0/24", "fd00::/112")
        let web = name("prod/web")
        try allocator.allocate(try address("10.96.0.10"), for: web)
        try allocator.allocate(try address("10.96.0.200"), for: name("prod/api"))
        try allocator.allocate(try address("fd00::ffff"), for: name("prod/api"))
        try allocator.allocate(try address("10.96.0.10"), for: web)
        let refusals = [
            "10.96.0.10": "10.96.0.10 is already allocated to prod/web",
            "10.96.0.0": "10.96.0.0 is the network address of 10.96.0.0/24 and never given out",
            "10.96.0.255": "10.96.0.255 is the broadcast address of 10.96.0.0/24 and never given out",
            "10.97.0.1": "10.97.0.1 is not in the service range 10.96.0.0/24",
            "fd00::": "fd00:: is the base address of fd00::/112 and never given out",
            "fd01::1": "fd01::1 is not in the service range fd00::/112",
        ]
        for (text, sentence) in refusals {
            let error = #expect(throws: AllocationError.self) {
                try allocator.allocate(try address(text), for: name("prod/other"))
            }
            #expect(error?.description == sentence)
        }
    }

    @Test("A family without range is named")
    func missingFamily() throws {
        var generator = SeededGenerator.announced()
        let allocator = try makeAllocator("10.96.0.0/24")
        let error = #expect(throws: AllocationError.self) {
            try allocator.candidate(of: .ipv6, using: &generator)
        }
        #expect(error?.description == "no service range of family IPv6 is configured (10.96.0.0/24)")
        let explicit = #expect(throws: AllocationError.self) {
            try allocator.checkAvailable(try address("fd00::1"), to: name("prod/web"))
        }
        #expect(explicit == error)
    }

    @Test("A range added later serves when the first is full, and knows what is taken of it")
    func addedRange() throws {
        var generator = SeededGenerator.announced()
        var allocator = try makeAllocator("10.0.0.0/29")
        allocator.take(try address("10.0.1.3"), for: name("old/kept"))
        for number in 0..<6 { _ = try allocator.allocate(.ipv4, for: name("prod/s\(number)"), using: &generator) }
        allocator.add(try AddressRange(try cidr("10.0.1.0/29")))
        for number in 0..<5 {
            let address = try allocator.allocate(.ipv4, for: name("prod/t\(number)"), using: &generator)
            #expect(address.description.hasPrefix("10.0.1.") && address.description != "10.0.1.3")
        }
        let error = #expect(throws: AllocationError.self) {
            try allocator.allocate(.ipv4, for: name("prod/u"), using: &generator)
        }
        #expect(
            error?.description
                == "no free address in 10.0.0.0/29 (6 used, 0 quarantined) or 10.0.1.0/29 (6 used, 0 quarantined)")
    }

    @Test("A released address rests, may be asked for by name, and comes back when its time is over")
    func quarantine() throws {
        var generator = SeededGenerator.announced()
        var allocator = try makeAllocator("10.0.0.0/29", quarantine: 300_000)
        let web = name("prod/web")
        let given = try (0..<6).map { _ in try allocator.allocate(.ipv4, for: web, using: &generator) }
        let ends = [
            allocator.release(given[0], of: web, at: instant(1000)),
            allocator.release(given[1], of: web, at: instant(1100)),
            allocator.release(given[2], of: name("prod/thief"), at: instant(1000)),
        ]
        #expect(ends == [instant(1300), instant(1400), nil])
        #expect(allocator.usage[0].used == 4 && allocator.usage[0].quarantined == 2 && allocator.usage[0].free == 0)
        let error = #expect(throws: AllocationError.self) {
            try allocator.candidate(of: .ipv4, using: &generator)
        }
        #expect(error?.description == "no free address in 10.0.0.0/29 (4 used, 2 quarantined)")
        let tooEarly = allocator.endQuarantine(at: instant(1299))
        #expect(tooEarly.isEmpty)
        #expect(allocator.nextQuarantineEnd == instant(1300))
        // By name it is to be had at once, and is then no longer in quarantine.
        try allocator.allocate(given[1], for: name("prod/api"))
        #expect(allocator.quarantineEnd(of: given[1]) == nil)
        let ended = allocator.endQuarantine(at: instant(1300))
        #expect(ended == [given[0]])
        #expect(allocator.nextQuarantineEnd == nil)
        let again = try allocator.allocate(.ipv4, for: web, using: &generator)
        #expect(again == given[0])
        #expect(allocator.usage[0].used == 6 && allocator.usage[0].quarantined == 0)
    }

    @Test("Quarantined addresses come back in the order of their instants")
    func quarantineOrder() throws {
        var generator = SeededGenerator.announced()
        var allocator = try makeAllocator("10.0.0.0/24", quarantine: 50_000)
        var ends: [IPAddress: Timestamp] = [:]
        for host in 1...200 {
            let address = try address("10.0.0.\(host)")
            ends[address] = instant(.random(in: 1...50, using: &generator))
            allocator.setQuarantine(of: address, until: instant(.random(in: 1...50, using: &generator)))
            allocator.setQuarantine(of: address, until: ends[address] ?? instant(0))
            if Int.random(in: 0..<4, using: &generator) == 0 {
                allocator.take(address, for: name("prod/web"))
                ends[address] = nil
            }
        }
        for second in Int64(1)...50 {
            #expect(allocator.nextQuarantineEnd == ends.values.min())
            let ended = Set(allocator.endQuarantine(at: instant(second)))
            #expect(ended == Set(ends.filter { $0.value == instant(second) }.keys))
            ends = ends.filter { $0.value > instant(second) }
        }
    }

    @Test("Where the clock was ahead at the release, an address rests for a quarantine from now, and no longer")
    func clockSetBack() throws {
        var allocator = try makeAllocator("10.0.0.0/24", quarantine: 1000)
        let addresses = try (1...3).map { try address("10.0.0.\($0)") }
        for address in addresses { allocator.take(address, for: name("prod/web")) }
        allocator.release(addresses[0], of: name("prod/web"), at: instant(1_000))
        for address in addresses[1...] { allocator.release(address, of: name("prod/web"), at: instant(86_400)) }
        #expect(allocator.endQuarantine(at: instant(1_001)) == [addresses[0]])
        // From here on the first of the others is looked at.
        let tooEarly = allocator.endQuarantine(at: instant(1_003))
        #expect(tooEarly.isEmpty && allocator.nextQuarantineEnd == instant(1_004))
        let ended = Set(allocator.endQuarantine(at: instant(1_004)))
        #expect(ended == Set(addresses[1...]) && allocator.usage[0].quarantined == 0)
    }

    @Test("A /64 counts and gives without running over")
    func largestRange() throws {
        var generator = SeededGenerator.announced()
        var allocator = try makeAllocator("fd00:10:96::/64")
        let last = try address("fd00:10:96::ffff:ffff:ffff:ffff")
        try allocator.allocate(last, for: name("prod/last"))
        for _ in 0..<100 { _ = try allocator.allocate(.ipv6, for: name("prod/web"), using: &generator) }
        #expect(allocator.usage[0].dynamic.size == UInt64.max - 256)
        #expect(allocator.usage[0].used == 101)
        #expect(Timestamp(milliseconds: .max - 1).advanced(byMilliseconds: 5).milliseconds == .max)
    }

    @Test("Usage is told by band")
    func usage() throws {
        var allocator = try makeAllocator("10.0.0.0/24", quarantine: 1000)
        try allocator.allocate(try address("10.0.0.10"), for: name("prod/dns"))
        try allocator.allocate(try address("10.0.0.100"), for: name("prod/web"))
        try allocator.allocate(try address("10.0.0.16"), for: name("prod/old"))
        allocator.release(try address("10.0.0.16"), of: name("prod/old"), at: instant(0))
        #expect(allocator.usage[0].static == BandUsage(size: 16, used: 1, quarantined: 1))
        #expect(allocator.usage[0].dynamic == BandUsage(size: 238, used: 1, quarantined: 0))
        #expect(allocator.usage[0].static.free == 14 && allocator.usage[0].free == 251)
    }
}
