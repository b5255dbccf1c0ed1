import DNS
import Synchronization

/// Ready-made answers by name, read by many threads without locks and replaced piece by piece by one writer.
///
/// An open-addressing hash table of pointers to entries. Readers come by `makeReader()`; all changes go through
/// `update`, which is serialised by a lock that readers never touch.
///
/// `@unchecked Sendable`: what readers reach is atomics and memory that never changes once published and is freed
/// only when no reader can hold it (`ReadGuard`); everything else is the writer's, behind `writer`'s lock.
@usableFromInline
package final class AnswerTable: @unchecked Sendable {
    /// A slot is 0 (never used), 1 (was used), or a pointer with the hash's upper 16 bits in its own.
    @usableFromInline typealias Slot = Atomic<UInt>
    @usableFromInline static var addressMask: UInt { 0x0000_ffff_ffff_ffff }
    @usableFromInline static var tombstone: UInt { 1 }

    /// The pointers that readers start from: [0] the slots, [1] the directory.
    @usableFromInline let roots: UnsafeMutablePointer<Atomic<UInt>>
    /// Unknown to the outside, so that nobody can choose names that collide.
    @usableFromInline let seed: UInt64
    private let readGuard = ReadGuard()
    /// Held by whoever changes the table; guards `used`, `removed` and the retired memory.
    private let writer = Mutex(())
    /// The number of slots that hold an entry.
    private var used = 0
    /// The number of slots that held one.
    private var removed = 0

    /// - Parameter capacity: the number of names to have room for at first; the table grows by itself.
    package init(capacity: Int = 1024) {
        seed = UInt64.random(in: .min ... .max)
        roots = .allocate(capacity: 2)
        let slots = SlotArray.make(capacity: max(16, capacity * 2))
        roots.initialize(to: Atomic(UInt(bitPattern: slots.memory)))
        (roots + 1).initialize(to: Atomic(UInt(bitPattern: ZoneDirectory.make([]))))
    }

    deinit {
        let slots = self.slots
        for index in 0...slots.mask {
            let value = slots[index].pointee.load(ordering: .relaxed)
            if value > Self.tombstone { UnsafeMutableRawPointer(bitPattern: value & Self.addressMask)?.deallocate() }
        }
        slots.memory.deallocate()
        UnsafeMutableRawPointer(bitPattern: roots[1].load(ordering: .relaxed))?.deallocate()
        roots.deallocate()
    }

    /// The slots and their number, in one piece of memory: mask (8), padding, slots from offset 64.
    @frozen
    @usableFromInline
    struct SlotArray {
        @usableFromInline let memory: UnsafeMutableRawPointer

        @inlinable
        init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }

        @inlinable
        var mask: Int { memory.load(as: Int.self) }

        @inlinable
        subscript(index: Int) -> UnsafeMutablePointer<Slot> {
            (memory + 64).assumingMemoryBound(to: Slot.self) + index
        }

        static func make(capacity: Int) -> SlotArray {
            var size = 16
            while size < capacity { size *= 2 }
            let memory = UnsafeMutableRawPointer.allocate(byteCount: 64 + size * 8, alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: 64 + size * 8)
            memory.storeBytes(of: size - 1, as: Int.self)
            return SlotArray(memory)
        }
    }

    private var slots: SlotArray {
        // The root is never null: `init` sets it and only `grow` replaces it.
        SlotArray(UnsafeMutableRawPointer(bitPattern: roots[0].load(ordering: .acquiring)).unsafelyUnwrapped)
    }

    /// A handle for one thread to read by; unregisters itself when it goes.
    package func makeReader() -> AnswerReader {
        let (id, cell, epoch) = readGuard.addReader()
        return AnswerReader(table: self, cell: cell, epoch: epoch) { [readGuard] in readGuard.removeReader(id) }
    }

    /// Runs a batch of changes, one at a time with other batches; readers see each single change whole, at once.
    package func update(_ body: (Update) -> Void) {
        writer.withLock { _ in
            body(Update(table: self))
            readGuard.collect()
        }
    }

    /// The number of names in the table.
    package var count: Int { writer.withLock { _ in used } }

    /// The changes that a batch is made of; not to be kept beyond `update`, whose lock they rely on.
    package struct Update {
        fileprivate let table: AnswerTable

        /// Replaces all answers of `name`; an empty list leaves a name that exists without data.
        ///
        /// - Parameter zone: the index of the name's zone among those given to `setZones`.
        package func set(_ name: DomainName, zone: Int, answers: [PreparedAnswer]) {
            table.replace(name) { words, hash in
                Entry.make(words: words, length: name.wire.count, hash: hash, zone: zone, answers: answers)
            }
        }

        /// Removes a name: from now on it does not exist.
        package func remove(_ name: DomainName) {
            table.replace(name) { _, _ in nil }
        }

        /// Replaces the directory of zones; entries keep naming their zone by its index here.
        package func setZones(_ zones: [ServedZone]) {
            let old = table.roots[1].exchange(
                UInt(bitPattern: ZoneDirectory.make(zones)), ordering: .acquiringAndReleasing)
            if let memory = UnsafeMutableRawPointer(bitPattern: old) { table.readGuard.retire(memory) }
        }
    }

    private func replace(
        _ name: DomainName, with make: (UnsafePointer<UInt64>, UInt64) -> UnsafeMutableRawPointer?
    ) {
        if (used + removed + 1) * 2 > slots.mask + 1 { grow() }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return }
            let hash = (name.wire + [0, 0, 0, 0, 0, 0, 0]).withUnsafeBytes { bytes in
                bytes.baseAddress.map { NameKey.make($0, length: name.wire.count, seed: seed, into: key) } ?? 0
            }
            let slots = self.slots
            var index = Int(truncatingIfNeeded: hash) & slots.mask
            var place: Int?
            while true {
                let value = slots[index].pointee.load(ordering: .relaxed)
                if value == 0 { break }
                if value == Self.tombstone {
                    place = place ?? index
                } else if let memory = UnsafeMutableRawPointer(bitPattern: value & Self.addressMask),
                    Entry(memory).matches(key, length: name.wire.count, hash: hash)
                {
                    let entry = make(key, hash)
                    slots[index].pointee.store(
                        entry.map { Self.tagged($0, hash) } ?? Self.tombstone, ordering: .releasing)
                    if entry == nil {
                        used -= 1
                        removed += 1
                    }
                    return readGuard.retire(memory)
                }
                index = (index + 1) & slots.mask
            }
            guard let entry = make(key, hash) else { return }
            if place != nil { removed -= 1 }
            used += 1
            slots[place ?? index].pointee.store(Self.tagged(entry, hash), ordering: .releasing)
        }
    }

    private static func tagged(_ entry: UnsafeMutableRawPointer, _ hash: UInt64) -> UInt {
        UInt(bitPattern: entry) | UInt(truncatingIfNeeded: hash & 0xffff_0000_0000_0000)
    }

    /// Moves to a slot array at most a quarter full; readers go on with the old one until they begin anew.
    private func grow() {
        let old = slots
        let new = SlotArray.make(capacity: max(16, (used + 1) * 4))
        for index in 0...old.mask {
            let value = old[index].pointee.load(ordering: .relaxed)
            guard value > Self.tombstone, let memory = UnsafeRawPointer(bitPattern: value & Self.addressMask) else {
                continue
            }
            var target = Int(truncatingIfNeeded: Entry(memory).hash) & new.mask
            while new[target].pointee.load(ordering: .relaxed) != 0 { target = (target + 1) & new.mask }
            new[target].pointee.store(value, ordering: .relaxed)
        }
        removed = 0
        roots[0].store(UInt(bitPattern: new.memory), ordering: .releasing)
        readGuard.retire(old.memory)
    }
}
