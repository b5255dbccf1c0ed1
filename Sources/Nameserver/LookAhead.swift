import AnswerTable
import CDatagram
import DNS

/// Has what a batch of queries will be answered from fetched into the processor's caches, for all of them at once.
///
/// Holds memory that `deallocate` frees. For one thread. Queries are not checked here: what is no query fetches nothing, or what nobody reads.
struct LookAhead {
    /// From so many queries on it pays.
    static let leastQueries = 4
    /// Bytes of an entry that are fetched: what all but the largest answers are made of.
    private static let entryLength = 4 * Int(CACHE_LINE)

    /// Of the entries that the queries are about; 0 for those without one.
    private let hashes: UnsafeMutablePointer<UInt64>
    /// The lower-cased name under way, with one word more than the longest takes.
    private let words: UnsafeMutablePointer<UInt64>

    /// - Parameter count: the most queries of a batch.
    init(count: Int) {
        hashes = .allocate(capacity: count)
        hashes.initialize(repeating: 0, count: count)
        words = .allocate(capacity: NameKey.maximumWords + 1)
        words.initialize(repeating: 0, count: NameKey.maximumWords + 1)
    }

    func deallocate() {
        hashes.deallocate()
        words.deallocate()
    }

    /// To be called within `enter` and `leave` of the table's reader.
    func fetch(_ buffers: DatagramBuffers, count: Int, from table: TableView) {
        for index in 0..<count {
            let hash = self.hash(buffers.memory(index), length: Int(buffers.received[index].length), table)
            hashes[index] = hash
            if hash != 0, let place = table.slotPlace(of: hash) { cache_prefetch(place) }
        }
        for index in 0..<count where hashes[index] != 0 {
            guard let place = table.entryPlace(of: hashes[index]) else { continue }
            for offset in stride(from: 0, to: Self.entryLength, by: Int(CACHE_LINE)) { cache_prefetch(place + offset) }
        }
    }

    /// The hash of the entry that a packet asks for; 0 where it has no whole question.
    func hash(_ packet: UnsafeRawPointer, length: Int, _ table: TableView) -> UInt64 {
        let end = min(length &- 4, 12 &+ 255)
        var index = 12
        while index < end {
            let label = Int(packet.load(fromByteOffset: index, as: UInt8.self))
            index &+= 1 &+ label
            if label == 0 {
                let nameLength = index &- 12
                let hash = NameKey.make(packet + 12, length: nameLength, seed: table.seed, into: words)
                if let place = table.slotPlace(of: hash) { cache_prefetch(place) }
                return table.hashOfEntry(words, length: nameLength, hash: hash)
            }
        }
        return 0
    }
}
