import Registry

/// Who has which virtual IP, and which is given out next. A value: no clock, no chance and no disk of its own.
///
/// Looking (`candidate`, `checkAvailable`) is apart from taking, so that a caller can find everything that a Service
/// needs before it takes anything. Addresses outside all ranges are kept when they are taken: they stem from a range
/// that is no longer configured.
package struct AddressAllocator: Sendable {
    private var spaces: [Space] = []
    private var owners: [IPAddress: NamespacedName] = [:]
    private var quarantine = Quarantine()
    /// How long a released address rests before automatic requests may get it; 0 for not at all.
    package let quarantinePeriod: Int64

    /// `quarantinePeriod` is in milliseconds; the first range's family is the default one.
    package init(ranges: [AddressRange], quarantinePeriod: Int64 = 0) {
        self.quarantinePeriod = quarantinePeriod
        for range in ranges { add(range) }
    }

    /// Adds a range behind the others; what is taken of it already counts as used. Nothing happens on a known one.
    package mutating func add(_ range: AddressRange) {
        guard !spaces.contains(where: { $0.range == range }) else { return }
        var space = Space(range: range)
        for address in owners.keys { space.move(address, from: .free, to: .used) }
        for address in quarantine.ends.keys { space.move(address, from: .free, to: .quarantined) }
        spaces.append(space)
    }

    /// Makes these all the ranges there are, in their order; addresses of others stay with those who have them.
    package mutating func setRanges(_ ranges: [AddressRange]) {
        guard ranges != self.ranges else { return }
        spaces = []
        for range in ranges { add(range) }
    }

    package var ranges: [AddressRange] { spaces.map(\.range) }

    /// The family of those who ask for none, as long as it has a range; nil for that of the first range.
    package var defaultFamily: IPFamily?

    /// The configured families, the default one first.
    package var families: [IPFamily] {
        let found: [IPFamily] = spaces.reduce(into: []) { families, space in
            if !families.contains(space.range.family) { families.append(space.range.family) }
        }
        return found.filter { $0 == defaultFamily } + found.filter { $0 != defaultFamily }
    }

    // MARK: Looking

    package func owner(of address: IPAddress) -> NamespacedName? { owners[address] }

    package var allocations: [AddressAllocation] {
        owners.map { AddressAllocation(address: $0.key, owner: $0.value) }.sorted { $0.address < $1.address }
    }

    /// The instant until which an address is not handed out automatically.
    package func quarantineEnd(of address: IPAddress) -> Timestamp? { quarantine.ends[address] }

    /// When the next address leaves quarantine.
    package var nextQuarantineEnd: Timestamp? { quarantine.nextEnd }

    package var usage: [RangeUsage] { spaces.map(\.usage) }

    /// An address of a family that automatic requests may get: the next free one behind a random place of the dynamic
    /// band, wrapping round; of the static band only when the dynamic bands of all ranges of the family are full.
    ///
    /// Never one of `avoided`, which others of the same batch ask for by name.
    package func candidate(
        of family: IPFamily, avoiding avoided: Set<IPAddress> = [],
        using generator: inout some RandomNumberGenerator
    ) throws(AllocationError) -> IPAddress {
        for band in [AddressRange.Band.dynamic, .static] {
            for space in spaces where space.range.family == family {
                if let address = space.nextFree(in: band, avoiding: avoided, using: &generator) { return address }
            }
        }
        let usage = spaces.filter { $0.range.family == family }.map(\.usage)
        throw usage.isEmpty && !spaces.isEmpty
            ? .familyNotConfigured(family, ranges: ranges.map(\.cidr)) : .addressesExhausted(usage)
    }

    /// Checks that a Service may have an address it asks for by name; quarantine does not stand against it.
    package func checkAvailable(_ address: IPAddress, to owner: NamespacedName) throws(AllocationError) {
        let ranges = spaces.lazy.map(\.range).filter { $0.cidr.contains(address) }
        guard let range = ranges.first else {
            let ofFamily = self.ranges.map(\.cidr).filter { $0.family == address.family }
            throw ofFamily.isEmpty && !spaces.isEmpty
                ? .familyNotConfigured(address.family, ranges: self.ranges.map(\.cidr))
                : .outOfRange(address, ranges: ofFamily)
        }
        guard ranges.contains(where: { $0.offset(of: address) != nil }) else {
            throw address == range.cidr.base
                ? .networkAddress(address, range.cidr) : .broadcastAddress(address, range.cidr)
        }
        if let holder = owners[address], holder != owner { throw .addressTaken(address, holder: holder) }
    }

    // MARK: Taking and releasing

    /// Gives an address to a Service, unasked whether it may have it; an end to the address's quarantine.
    package mutating func take(_ address: IPAddress, for owner: NamespacedName) {
        let former = state(of: address)
        quarantine.remove(address)
        owners[address] = owner
        move(address, from: former, to: .used)
    }

    /// Takes the address of a family that `candidate` finds.
    package mutating func allocate(
        _ family: IPFamily, for owner: NamespacedName, using generator: inout some RandomNumberGenerator
    ) throws(AllocationError) -> IPAddress {
        let address = try candidate(of: family, using: &generator)
        take(address, for: owner)
        return address
    }

    /// Takes an address that a Service asks for by name, after `checkAvailable`.
    package mutating func allocate(_ address: IPAddress, for owner: NamespacedName) throws(AllocationError) {
        try checkAvailable(address, to: owner)
        take(address, for: owner)
    }

    /// Frees an address that `owner` has and returns until when it rests; nothing happens to the address of another.
    @discardableResult
    package mutating func release(_ address: IPAddress, of owner: NamespacedName, at now: Timestamp) -> Timestamp? {
        guard owners[address] == owner else { return nil }
        owners[address] = nil
        guard quarantinePeriod > 0 else {
            move(address, from: .used, to: .free)
            return now
        }
        let end = now.advanced(byMilliseconds: quarantinePeriod)
        quarantine.insert(address, until: end)
        move(address, from: .used, to: .quarantined)
        return end
    }

    /// Puts a free address into quarantine, as one read back from disk; nothing happens to one that is taken.
    package mutating func setQuarantine(of address: IPAddress, until end: Timestamp) {
        let former = state(of: address)
        guard former != .used else { return }
        quarantine.insert(address, until: end)
        move(address, from: former, to: .quarantined)
    }

    /// Frees the addresses whose quarantine is over, and returns them.
    ///
    /// None rests for longer than a quarantine from now: where the clock was ahead when it was released, or the period
    /// was longer, its end is moved here.
    @discardableResult
    package mutating func endQuarantine(at now: Timestamp) -> [IPAddress] {
        quarantine.bound(by: now.advanced(byMilliseconds: max(0, quarantinePeriod)))
        var ended: [IPAddress] = []
        while let address = quarantine.popEnded(at: now) {
            move(address, from: .quarantined, to: .free)
            ended.append(address)
        }
        return ended
    }

    private func state(of address: IPAddress) -> Space.State {
        if owners[address] != nil { return .used }
        return quarantine.ends[address] == nil ? .free : .quarantined
    }

    private mutating func move(_ address: IPAddress, from former: Space.State, to state: Space.State) {
        for index in spaces.indices { spaces[index].move(address, from: former, to: state) }
    }
}

/// An address and the Service that has it.
package struct AddressAllocation: Hashable, Sendable {
    package let address: IPAddress
    package let owner: NamespacedName

    package init(address: IPAddress, owner: NamespacedName) {
        self.address = address
        self.owner = owner
    }
}

/// One range with the offsets that are not free, counted by band.
private struct Space: Sendable {
    enum State: Hashable { case free, used, quarantined }

    private struct Counts: Sendable {
        var used: UInt64 = 0
        var quarantined: UInt64 = 0

        mutating func move(from former: State, to state: State) {
            switch former {
            case .free: break
            case .used: used = used &- 1
            case .quarantined: quarantined = quarantined &- 1
            }
            switch state {
            case .free: break
            case .used: used = used &+ 1
            case .quarantined: quarantined = quarantined &+ 1
            }
        }
    }

    let range: AddressRange
    /// Offsets used or in quarantine: what automatic requests must not get.
    private var unavailable = OffsetBitmap()
    private var staticCounts = Counts()
    private var dynamicCounts = Counts()

    init(range: AddressRange) {
        self.range = range
    }

    mutating func move(_ address: IPAddress, from former: State, to state: State) {
        guard former != state, let offset = range.offset(of: address) else { return }
        if state == .free { unavailable.remove(offset) } else { unavailable.insert(offset) }
        switch range.band(ofOffset: offset) {
        case .static: staticCounts.move(from: former, to: state)
        case .dynamic: dynamicCounts.move(from: former, to: state)
        }
    }

    func nextFree(
        in band: AddressRange.Band, avoiding avoided: Set<IPAddress>, using generator: inout some RandomNumberGenerator
    ) -> IPAddress? {
        guard let offsets = range.offsets(of: band) else { return nil }
        let start = UInt64.random(in: offsets, using: &generator)
        if let address = firstFree(in: start...offsets.upperBound, avoiding: avoided) { return address }
        guard start > offsets.lowerBound else { return nil }
        return firstFree(in: offsets.lowerBound...(start &- 1), avoiding: avoided)
    }

    private func firstFree(in offsets: ClosedRange<UInt64>, avoiding avoided: Set<IPAddress>) -> IPAddress? {
        var lower = offsets.lowerBound
        while let offset = unavailable.firstFree(in: lower...offsets.upperBound) {
            let address = range.address(at: offset)
            if !avoided.contains(address) { return address }
            guard offset < offsets.upperBound else { return nil }
            lower = offset &+ 1
        }
        return nil
    }

    var usage: RangeUsage {
        func usage(_ offsets: ClosedRange<UInt64>?, _ counts: Counts) -> BandUsage {
            BandUsage(
                size: offsets.map { $0.upperBound &- $0.lowerBound &+ 1 } ?? 0, used: counts.used,
                quarantined: counts.quarantined)
        }
        return RangeUsage(
            cidr: range.cidr, static: usage(range.staticOffsets, staticCounts),
            dynamic: usage(range.dynamicOffsets, dynamicCounts))
    }
}
