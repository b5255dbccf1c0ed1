import DNS
import Synchronization

/// What a reader of the table looks with: plain pointers, so that a look-up counts no references.
///
/// Valid while the `AnswerReader` it is from is there, for that reader's thread.
@frozen
@usableFromInline
package struct TableView {
    @usableFromInline let roots: UnsafeMutablePointer<Atomic<UInt>>
    @usableFromInline let cell: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let epoch: UnsafeMutablePointer<Atomic<UInt64>>
    /// The seed of `NameKey.make` for this table.
    @usableFromInline package let seed: UInt64

    init(
        roots: UnsafeMutablePointer<Atomic<UInt>>, cell: UnsafeMutablePointer<Atomic<UInt64>>,
        epoch: UnsafeMutablePointer<Atomic<UInt64>>, seed: UInt64
    ) {
        self.roots = roots
        self.cell = cell
        self.epoch = epoch
        self.seed = seed
    }

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
}
