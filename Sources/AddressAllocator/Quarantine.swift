import Registry

/// Released addresses that must rest, each until an instant, with the next one to come free at hand.
struct Quarantine: Sendable {
    private(set) var ends: [IPAddress: Timestamp] = [:]
    /// A heap by instant. An entry that `ends` does not repeat is stale: its address left early.
    private var heap: [Entry] = []

    private struct Entry: Sendable {
        let end: Timestamp
        let address: IPAddress
    }

    var nextEnd: Timestamp? { heap.first?.end }

    mutating func insert(_ address: IPAddress, until end: Timestamp) {
        ends[address] = end
        heap.append(Entry(end: end, address: address))
        var child = heap.count - 1
        while child > 0, heap[child].end < heap[(child - 1) / 2].end {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        dropStale()
    }

    /// Returns whether the address was in quarantine.
    @discardableResult
    mutating func remove(_ address: IPAddress) -> Bool {
        guard ends.removeValue(forKey: address) != nil else { return false }
        dropStale()
        return true
    }

    /// Takes out an address whose time is over.
    mutating func popEnded(at now: Timestamp) -> IPAddress? {
        guard let first = heap.first, first.end <= now else { return nil }
        ends[first.address] = nil
        dropStale()
        return first.address
    }

    /// Moves the ends that lie behind an instant there, once all do: an end before them comes first anyway.
    mutating func bound(by latest: Timestamp) {
        guard let first = heap.first, first.end > latest else { return }
        ends = ends.mapValues { _ in latest }
        heap = ends.keys.map { Entry(end: latest, address: $0) }
    }

    private mutating func dropStale() {
        while let first = heap.first, ends[first.address] != first.end {
            removeFirst()
        }
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where heap.indices.contains(child) && heap[child].end < heap[least].end {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
