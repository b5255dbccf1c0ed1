import DNS
import Synchronization

/// One thread's way into the table.
///
/// `enter` before the first look-up of a batch, `leave` after the last use of anything found: what a look-up gives
/// is valid in between only. Not for more than one thread at a time; hence not Sendable.
@usableFromInline
package final class AnswerReader {
    @usableFromInline let table: AnswerTable
    @usableFromInline let roots: UnsafeMutablePointer<Atomic<UInt>>
    @usableFromInline let cell: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let epoch: UnsafeMutablePointer<Atomic<UInt64>>
    /// The seed of `NameKey.make` for this table.
    @usableFromInline package let seed: UInt64
    private let unregister: () -> Void

    init(
        table: AnswerTable, cell: UnsafeMutablePointer<Atomic<UInt64>>, epoch: UnsafeMutablePointer<Atomic<UInt64>>,
        unregister: @escaping () -> Void
    ) {
        self.table = table
        self.roots = table.roots
        self.cell = cell
        self.epoch = epoch
        self.seed = table.seed
        self.unregister = unregister
    }

    deinit { unregister() }

    @inlinable
    package func enter() {
        cell.pointee.store(epoch.pointee.load(ordering: .acquiring), ordering: .relaxed)
        // Nothing of the table may be read before the writer can see that this reader is inside.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    @inlinable
    package func leave() {
        cell.pointee.store(0, ordering: .releasing)
    }

    /// The entry of a name as `NameKey.make` wrote it.
    @inlinable
    package func entry(_ words: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Entry? {
        guard let memory = UnsafeMutableRawPointer(bitPattern: roots[0].load(ordering: .acquiring)) else { return nil }
        let slots = AnswerTable.SlotArray(memory)
        let mask = slots.mask
        let tag = UInt(truncatingIfNeeded: hash) & ~AnswerTable.addressMask
        var index = Int(truncatingIfNeeded: hash) & mask
        // The writer keeps at least half of the slots empty, so the walk ends.
        while true {
            let value = slots[index].pointee.load(ordering: .acquiring)
            if value == 0 { return nil }
            if value & ~AnswerTable.addressMask == tag, value != AnswerTable.tombstone,
                let memory = UnsafeRawPointer(bitPattern: value & AnswerTable.addressMask)
            {
                let entry = Entry(memory)
                if entry.matches(words, length: length, hash: hash) { return entry }
            }
            index = (index &+ 1) & mask
        }
    }

    /// The zones, as they are now.
    @inlinable
    package var directory: ZoneDirectory {
        // Never null: the table makes a directory at its beginning and only replaces it.
        ZoneDirectory(UnsafeRawPointer(bitPattern: roots[1].load(ordering: .acquiring)).unsafelyUnwrapped)
    }

    /// The answer of a name and type, read back into records; nil where the name does not exist.
    ///
    /// For the slow path; the caller must be inside (`enter`).
    package func records(of name: DomainName, type: RecordType) -> LookedUp? {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return nil }
            let hash = (name.wire + [0, 0, 0, 0, 0, 0, 0]).withUnsafeBytes { bytes in
                bytes.baseAddress.map { NameKey.make($0, length: name.wire.count, seed: seed, into: key) } ?? 0
            }
            guard let entry = entry(key, length: name.wire.count, hash: hash) else { return nil }
            guard let body = entry.body(for: type) else {
                return LookedUp(zone: entry.zone, flags: [], answers: [], additionals: [])
            }
            let message =
                [UInt8](repeating: 0, count: 12) + name.wire + [0, 0, 0, 0]
                + UnsafeRawBufferPointer(start: body.bytes, count: body.length)
            var offset = 12 + name.wire.count + 4
            guard
                let answers = RecordReader.records(in: message, at: &offset, count: Int(body.answers)),
                let additionals = RecordReader.records(in: message, at: &offset, count: Int(body.additionals))
            else { return nil }
            return LookedUp(zone: entry.zone, flags: body.flags, answers: answers, additionals: additionals)
        }
    }

    /// What the table has for one name and type; no answers stand for NODATA.
    package struct LookedUp {
        /// The index of the name's zone in the directory.
        package let zone: Int
        package let flags: Body.Flags
        package let answers: [Record]
        package let additionals: [Record]
    }
}
