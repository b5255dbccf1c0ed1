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
    @usableFromInline let composer: AnswerComposer

    init(
        roots: UnsafeMutablePointer<Atomic<UInt>>, cell: UnsafeMutablePointer<Atomic<UInt64>>,
        epoch: UnsafeMutablePointer<Atomic<UInt64>>, seed: UInt64, composer: AnswerComposer
    ) {
        self.composer = composer
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

    /// The entry of a name as `NameKey.make` wrote it; valid until the next look-up at most.
    @inlinable
    package func entry(_ words: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Entry? {
        find(words, length: length, hash: hash) ?? compose(words, length: length, hash: hash)
    }

    /// The entry that the table holds of a name.
    @inlinable
    func find(_ words: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Entry? {
        firstEntry(of: hash) { $0.matches(words, length: length, hash: hash) }
    }

    /// The first entry with the tag of a hash for which a condition holds.
    @inlinable
    @inline(__always)
    func firstEntry(of hash: UInt64, where isWanted: (Entry) -> Bool) -> Entry? {
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
                if isWanted(entry) { return entry }
            }
            index = (index &+ 1) & mask
        }
    }

    /// The entry of a name that the table holds none of: below a service, or of an address.
    @usableFromInline
    @inline(never)
    func compose(_ words: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Entry? {
        let name = UnsafeRawPointer(words)
        if let address = AddressName.read(name, length: length),
            let entry = compose(address, words, length: length, hash: hash)
        {
            return entry
        }
        let first = 1 &+ Int(name.load(as: UInt8.self))
        var labels = first
        // Ports have two labels, `_port._protocol`.
        if first &+ 1 < length, Self.isUnderscored(name), Self.isUnderscored(name + first) {
            labels &+= 1 &+ Int(name.load(fromByteOffset: first, as: UInt8.self))
        }
        let left = length &- labels
        guard left > 1 else { return nil }
        composer.name.copyMemory(from: name + labels, byteCount: left)
        let key = composer.words
        let parent = NameKey.make(composer.name, length: left, seed: seed, into: key)
        guard let service = find(key, length: left, hash: parent),
            service.contents & Entry.Contents.namesBelow != 0
        else { return nil }
        return composer.entry(below: service, words, length: length, labels: labels, seed: seed)
    }

    @inlinable
    static func isUnderscored(_ label: UnsafeRawPointer) -> Bool {
        label.load(as: UInt8.self) > 0 && label.load(fromByteOffset: 1, as: UInt8.self) == 0x5f
    }

    private func compose(
        _ address: AddressName.Address, _ words: UnsafePointer<UInt64>, length: Int, hash: UInt64
    ) -> Entry? {
        var bits = reference(address)
        // What a reference leads to may be gone, but then the reference is another one by now.
        for _ in 0..<16 {
            let reference = AddressReference(bits: bits)
            switch reference.kind {
            case nil: return nil
            case .entry:
                if let entry = find(words, length: length, hash: hash) { return entry }
            case .service, .endpoint:
                if let kind = reference.kind, let service = service(reference.number),
                    let entry = composer.pointer(
                        to: service, address, kind, zone: reference.zone, words, length: length)
                {
                    return entry
                }
            }
            let current = self.reference(address)
            if current == bits { return nil }
            bits = current
        }
        return nil
    }

    private func reference(_ address: AddressName.Address) -> UInt32 {
        switch address {
        case .v4(let value):
            guard let memory = UnsafeMutableRawPointer(bitPattern: roots[2].load(ordering: .acquiring)) else {
                return 0
            }
            return AddressIndexV4(memory: memory).find(value, seed: seed)
        case .v6(let value):
            guard let memory = UnsafeMutableRawPointer(bitPattern: roots[3].load(ordering: .acquiring)) else {
                return 0
            }
            return AddressIndexV6(memory: memory).find(value, seed: seed)
        }
    }

    private func service(_ number: Int) -> Entry? {
        guard let memory = UnsafeMutableRawPointer(bitPattern: roots[4].load(ordering: .acquiring)) else { return nil }
        let numbers = ServiceNumbers(memory)
        guard number < numbers.count else { return nil }
        return UnsafeRawPointer(bitPattern: numbers[number].pointee.load(ordering: .acquiring)).map { Entry($0) }
    }

    /// The zones, as they are now.
    @inlinable
    package var directory: ZoneDirectory {
        // Never null: the table makes a directory at its beginning and only replaces it.
        ZoneDirectory(UnsafeRawPointer(bitPattern: roots[1].load(ordering: .acquiring)).unsafelyUnwrapped)
    }
}
