/// The entries of one kind in one shard: found by hash, the first that was not hit lately makes way (the "clock").
struct CacheTable: ~Copyable, Sendable {
    private var places: [UInt64: Int] = [:]
    /// The entries that listeners' threads may give by themselves.
    private(set) var wires = WireIndex()
    private(set) var entries: [CacheEntry] = []
    private var hand = 0
    private let capacity: Int
    /// Estimated memory of all entries.
    private(set) var bytes = 0

    /// - Parameter capacity: entries, at least 1.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The entry of a hash.
    subscript(hash: UInt64) -> CacheEntry? {
        guard let place = places[hash] else { return nil }
        return entries[place]
    }

    /// Puts an entry in, in the place of one with the same hash or else of one that makes way where the table is full.
    ///
    /// - Returns: how many others made way.
    mutating func insert(_ entry: CacheEntry) -> Int {
        bytes += entry.bytes
        if let place = places[entry.hash] {
            bytes -= entries[place].bytes
            wires.remove(entry.hash)
            entries[place] = entry
            if let wire = entry.wire { wires.insert(wire) }
            return 0
        }
        var evicted = 0
        while entries.count >= capacity, evictOne(at: entry.stored) { evicted += 1 }
        if let wire = entry.wire { wires.insert(wire) }
        places[entry.hash] = entries.count
        entries.append(entry)
        return evicted
    }

    mutating func remove(_ hash: UInt64) {
        guard let place = places.removeValue(forKey: hash) else { return }
        bytes -= entries[place].bytes
        wires.remove(hash)
        let last = entries.removeLast()
        if place < entries.count {
            entries[place] = last
            places[last.hash] = place
        }
    }

    /// Lets one entry go: the next whose time is over or that was not hit since the hand last passed.
    ///
    /// - Parameter spared: an entry that stays, unless it is the only one.
    /// - Returns: false where there is none.
    mutating func evictOne(at now: Int64, sparing spared: UInt64? = nil) -> Bool {
        guard !entries.isEmpty else { return false }
        // In the first round every entry loses its mark, so that the second one ends at the first.
        for _ in 0...(2 * entries.count) {
            if hand >= entries.count { hand = 0 }
            if entries[hand].hash == spared, entries.count > 1 {
                hand += 1
            } else if entries[hand].isRecent, entries[hand].remaining(at: now) > 0 {
                entries[hand].isRecent = false
                hand += 1
            } else {
                break
            }
        }
        if hand >= entries.count { hand = 0 }
        remove(entries[hand].hash)
        return true
    }
}
