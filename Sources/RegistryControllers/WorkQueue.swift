import Registry

/// What is to be done and when: each item once, in the order of time, failures again after growing delays.
struct WorkQueue {
    /// How often an item that fails is tried again before the next change of its objects.
    static let maximumRetries = 15
    static let firstDelay: Int64 = 1000

    private struct Entry {
        let time: Timestamp
        /// Items of one instant keep the order in which they came.
        let number: Int
        let item: WorkItem

        static func < (lhs: Entry, rhs: Entry) -> Bool { (lhs.time, lhs.number) < (rhs.time, rhs.number) }
    }

    /// A binary heap; entries that `times` knows nothing of are void.
    private var heap: [Entry] = []
    private var times: [WorkItem: (time: Timestamp, number: Int)] = [:]
    private var failures: [WorkItem: Int] = [:]
    private var nextNumber = 0

    var isEmpty: Bool { times.isEmpty }

    /// The instant at which something is to be done next.
    var nextTime: Timestamp? { heap.first?.time }

    /// Plans an item; one that is planned for an earlier instant stays there.
    mutating func add(_ item: WorkItem, at time: Timestamp) {
        if let planned = times[item], planned.time <= time { return }
        plan(item, at: time)
    }

    /// Plans an item for an instant, whatever it was planned for before.
    mutating func move(_ item: WorkItem, to time: Timestamp) {
        guard times[item]?.time != time else { return }
        plan(item, at: time)
    }

    /// Gives up an item.
    mutating func remove(_ item: WorkItem) {
        times[item] = nil
        failures[item] = nil
        dropVoid()
    }

    /// Takes the items whose time has come, in its order, or the first of them.
    mutating func takeDue(at now: Timestamp, limit: Int = .max) -> [WorkItem] {
        var due: [WorkItem] = []
        while let first = heap.first, first.time <= now, due.count < limit {
            removeFirst()
            if times[first.item]?.number == first.number {
                times[first.item] = nil
                due.append(first.item)
            }
        }
        dropVoid()
        return due
    }

    /// Notes that an item came off well: its next failure is its first.
    mutating func succeed(_ item: WorkItem) { failures[item] = nil }

    /// Whether an item has failed as often as most items are tried.
    func failsForLong(_ item: WorkItem) -> Bool { (failures[item] ?? 0) >= Self.maximumRetries }

    /// Plans an item that failed anew, after 1 s · 2ⁿ; false where it has failed too often.
    ///
    /// - Parameter isForgiven: The failure says nothing of the item, as that of a full disk: it is tried without end.
    mutating func retry(_ item: WorkItem, at now: Timestamp, isForgiven: Bool = false) -> Bool {
        let count = failures[item] ?? 0
        guard count < Self.maximumRetries || isForgiven || item.isVital else {
            failures[item] = nil
            return false
        }
        failures[item] = min(count + 1, Self.maximumRetries)
        let delay = min(Self.firstDelay << Int64(min(count, 20)), item.maximumDelay)
        add(item, at: now.advanced(byMilliseconds: delay))
        return true
    }

    // MARK: Heap

    private mutating func plan(_ item: WorkItem, at time: Timestamp) {
        nextNumber &+= 1
        times[item] = (time, nextNumber)
        heap.append(Entry(time: time, number: nextNumber, item: item))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
        dropVoid()
    }

    /// Keeps the first entry a valid one, so that nobody is woken for nothing.
    private mutating func dropVoid() {
        while let first = heap.first, times[first.item]?.number != first.number { removeFirst() }
    }

    private mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
