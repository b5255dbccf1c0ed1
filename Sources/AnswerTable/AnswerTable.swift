import DNS
import Synchronization

/// Answers by name, read by many threads without locks and replaced piece by piece by one writer.
///
/// An open-addressing hash table of pointers to entries. Names below a service, and those of addresses that lead to
/// one, have no entries of their own: a reader composes them (`AnswerComposer`). Readers come by `makeReader()`; all
/// changes go through `update`, which is serialised by a lock that readers never touch.
///
/// `@unchecked Sendable`: what readers reach is atomics and memory that never changes once published and is freed
/// only when no reader can hold it (`ReadGuard`); everything else is the writer's, behind `writer`'s lock.
@usableFromInline
package final class AnswerTable: @unchecked Sendable {
    /// A slot is 0 (never used), 1 (was used), or a pointer with the hash's upper 16 bits in its own.
    @usableFromInline typealias Slot = Atomic<UInt>
    @usableFromInline static var addressMask: UInt { 0x0000_ffff_ffff_ffff }
    @usableFromInline static var tombstone: UInt { 1 }

    /// The pointers that readers start from: [0] the slots, [1] the directory, [2] and [3] the addresses of each
    /// family, [4] the services by number.
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
    /// The number of names below services.
    private var namesBelow = 0
    /// The number of addresses that lead to services, and of slots in use by family.
    private var addresses = 0
    private var usedV4 = 0
    private var usedV6 = 0
    private var serviceWriter = ServiceEntryWriter()

    /// - Parameters:
    ///   - capacity: the number of names to have room for at first; the table grows by itself.
    ///   - seed: what hashes begin with; one that strangers know lets them choose names that collide.
    package init(capacity: Int = 1024, seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        roots = .allocate(capacity: 5)
        let slots = SlotArray.make(capacity: max(16, capacity * 2))
        roots.initialize(to: Atomic(UInt(bitPattern: slots.memory)))
        (roots + 1).initialize(to: Atomic(UInt(bitPattern: ZoneDirectory.make([]))))
        (roots + 2).initialize(to: Atomic(UInt(bitPattern: AddressIndexV4.make(capacity: 1).memory)))
        (roots + 3).initialize(to: Atomic(UInt(bitPattern: AddressIndexV6.make(capacity: 1).memory)))
        (roots + 4).initialize(to: Atomic(UInt(bitPattern: ServiceNumbers.make(capacity: 16).memory)))
    }

    deinit {
        // Before those with names are gone.
        let numbers = self.numbers
        for number in 0..<numbers.count {
            let memory = UnsafeMutableRawPointer(bitPattern: numbers[number].pointee.load(ordering: .relaxed))
            if let memory, Entry(memory).contents & Entry.Contents.unnamed != 0 { memory.deallocate() }
        }
        let slots = self.slots
        for index in 0...slots.mask {
            let value = slots[index].pointee.load(ordering: .relaxed)
            if value > Self.tombstone { UnsafeMutableRawPointer(bitPattern: value & Self.addressMask)?.deallocate() }
        }
        for root in 0..<5 {
            UnsafeMutableRawPointer(bitPattern: roots[root].load(ordering: .relaxed))?.deallocate()
        }
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
        return AnswerReader(table: self, cell: cell, epoch: epoch, composer: .make()) { [readGuard] in
            readGuard.removeReader(id)
        }
    }

    /// Runs a batch of changes, one at a time with other batches; readers see each single change whole, at once.
    package func update(_ body: (Update) -> Void) {
        writer.withLock { _ in
            body(Update(table: self))
            readGuard.collect()
        }
    }

    /// The number of names that the table answers.
    package var count: Int { writer.withLock { _ in used + namesBelow + addresses } }

    /// The changes that a batch is made of; not to be kept beyond `update`, whose lock they rely on.
    package struct Update {
        fileprivate let table: AnswerTable

        /// Replaces all answers of `name`; an empty list leaves a name that exists without data.
        ///
        /// - Parameter zone: the index of the name's zone among those given to `setZones`.
        package func set(_ name: DomainName, zone: Int, answers: [PreparedAnswer]) {
            table.exchange(name) { words, hash in
                Entry.make(words: words, length: name.wire.count, hash: hash, zone: zone, answers: answers)
            }
        }

        /// Removes a name: from now on it does not exist.
        package func remove(_ name: DomainName) {
            table.exchange(name) { _, _ in nil }
        }

        /// Replaces the answers of a service and of all names below it, at once.
        ///
        /// - Parameters:
        ///   - zone: the index of the service's zone.
        ///   - number: what addresses refer to the service by, below `numberLimit`; nil where none do. The former
        ///     service of the number must have been removed.
        package func set(_ service: ServiceRecords, zone: Int, number: Int?) {
            table.set(service, zone: zone, number: number)
        }

        /// Removes a service and all names below it.
        package func removeService(_ owner: DomainName, number: Int?) {
            let former = number.flatMap { table.setNumber($0, nil) }
            let entry = table.exchange(owner, retiring: false) { _, _ in nil }
            if let former, former != entry { table.retire(former) }
            if let entry { table.retire(entry) }
        }

        /// Numbers of services, and indices of zones of addresses, must be below these.
        package static var numberLimit: Int { AddressReference.numberLimit }
        package static var zoneLimit: Int { AddressReference.zoneLimit }

        /// Says what the name of an address leads to.
        ///
        /// - Parameter zone: the index of the zone that the address's name is in, below `zoneLimit`.
        package func set(v4 address: UInt32, _ target: AddressTarget, zone: Int) {
            table.set(v4: address, target.reference(zone).bits)
        }

        /// The same of an IPv6 address.
        package func set(v6 address: UInt128, _ target: AddressTarget, zone: Int) {
            table.set(v6: address, target.reference(zone).bits)
        }

        /// The name of an address does not exist any more, unless it has been set as a name.
        package func remove(v4 address: UInt32) { table.set(v4: address, 0) }

        /// The same of an IPv6 address.
        package func remove(v6 address: UInt128) { table.set(v6: address, 0) }

        /// Replaces the directory of zones; entries keep naming their zone by its index here.
        package func setZones(_ zones: [ServedZone]) {
            let old = table.roots[1].exchange(
                UInt(bitPattern: ZoneDirectory.make(zones)), ordering: .acquiringAndReleasing)
            if let memory = UnsafeMutableRawPointer(bitPattern: old) { table.readGuard.retire(memory) }
        }
    }

    // MARK: Entries

    /// Puts an entry, or nothing, in the place of a name's former one, which is returned.
    ///
    /// - Parameter isRetiring: whether the former one is given to the readers' care here.
    @discardableResult
    private func exchange(
        _ name: DomainName, retiring isRetiring: Bool = true,
        with make: (UnsafePointer<UInt64>, UInt64) -> UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        if (used + removed + 1) * 2 > slots.mask + 1 { grow() }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return nil }
            let hash = NameKey.make(name, seed: seed, into: key)
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
                    if isRetiring { retire(memory) }
                    return memory
                }
                index = (index + 1) & slots.mask
            }
            guard let entry = make(key, hash) else { return nil }
            if place != nil { removed -= 1 }
            used += 1
            slots[place ?? index].pointee.store(Self.tagged(entry, hash), ordering: .releasing)
            return nil
        }
    }

    /// Leaves an entry that no new reader can reach to those who may still read it.
    private func retire(_ memory: UnsafeMutableRawPointer) {
        namesBelow -= Self.namesBelow(memory)
        readGuard.retire(memory)
    }

    private static func namesBelow(_ memory: UnsafeRawPointer) -> Int {
        let entry = Entry(memory)
        return entry.contents & Entry.Contents.namesBelow == 0 ? 0 : ServiceBlock(entry).nameCount
    }

    private static func tagged(_ entry: UnsafeMutableRawPointer, _ hash: UInt64) -> UInt {
        UInt(bitPattern: entry) | UInt(truncatingIfNeeded: hash & 0xffff_0000_0000_0000)
    }

    /// Moves to a slot array at most half full; readers go on with the old one until they begin anew.
    private func grow() {
        let old = slots
        let new = SlotArray.make(capacity: max(16, (used + 1) * 2 + used / 4))
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

    // MARK: Services

    private var numbers: ServiceNumbers {
        // As with the slots.
        ServiceNumbers(UnsafeMutableRawPointer(bitPattern: roots[4].load(ordering: .acquiring)).unsafelyUnwrapped)
    }

    private func set(_ service: ServiceRecords, zone: Int, number: Int?) {
        var made: UnsafeMutableRawPointer?
        let isNamed = service.visibility != .hidden
        let entry = exchange(service.owner, retiring: false) { words, hash in
            made = serviceWriter.make(service, words: words, hash: hash, zone: zone, seed: seed)
            return isNamed ? made : nil
        }
        guard let made else { return }
        namesBelow += Self.namesBelow(made)
        let former = number.flatMap { setNumber($0, made) }
        if !isNamed, number == nil { made.deallocate() }
        if let former, former != entry { retire(former) }
        if let entry { retire(entry) }
    }

    /// Sets the service that a number stands for, and returns the former one.
    private func setNumber(_ number: Int, _ entry: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard number >= 0, number < AddressReference.numberLimit else { return nil }
        if number >= numbers.count {
            guard entry != nil else { return nil }
            let old = numbers
            let new = ServiceNumbers.make(capacity: max(number + 1, old.count * 2))
            for index in 0..<old.count {
                new[index].pointee.store(old[index].pointee.load(ordering: .relaxed), ordering: .relaxed)
            }
            roots[4].store(UInt(bitPattern: new.memory), ordering: .releasing)
            readGuard.retire(old.memory)
        }
        return UnsafeMutableRawPointer(
            bitPattern: numbers[number].pointee.exchange(UInt(bitPattern: entry), ordering: .acquiringAndReleasing))
    }

    // MARK: Addresses

    private func set(v4 address: UInt32, _ reference: UInt32) {
        var index = AddressIndexV4(memory: root(2))
        if (usedV4 + 1) * 10 > (index.mask + 1) * 7 {
            let old = index
            let live = (0...old.mask).count { UInt32(truncatingIfNeeded: old[$0].pointee.load(ordering: .relaxed)) > 1 }
            index = .make(capacity: live * 5 / 4 + 16)
            for slot in 0...old.mask {
                let value = old[slot].pointee.load(ordering: .relaxed)
                guard UInt32(truncatingIfNeeded: value) > AddressIndexV4.removed else { continue }
                index.slot(of: UInt32(truncatingIfNeeded: value >> 32), seed: seed).pointee
                    .store(value, ordering: .relaxed)
            }
            usedV4 = live
            roots[2].store(UInt(bitPattern: index.memory), ordering: .releasing)
            readGuard.retire(old.memory)
        }
        let slot = index.slot(of: address, seed: seed)
        let former = slot.pointee.load(ordering: .relaxed)
        if former == 0 {
            guard reference != 0 else { return }
            usedV4 += 1
        }
        slot.pointee.store(AddressIndexV4.word(address, reference), ordering: .releasing)
        count(former: UInt32(truncatingIfNeeded: former), reference)
    }

    private func set(v6 address: UInt128, _ reference: UInt32) {
        var index = AddressIndexV6(memory: root(3))
        if (usedV6 + 1) * 10 > (index.mask + 1) * 7 {
            let old = index
            let live = (0...old.mask).count { old.reference($0).pointee.load(ordering: .relaxed) > 1 }
            index = .make(capacity: live * 5 / 4 + 16)
            for slot in 0...old.mask {
                let value = old.reference(slot).pointee.load(ordering: .relaxed)
                guard value > UInt64(AddressIndexV4.removed) else { continue }
                let place = index.index(of: old.address(slot), seed: seed)
                index.setAddress(place, old.address(slot))
                index.reference(place).pointee.store(value, ordering: .relaxed)
            }
            usedV6 = live
            roots[3].store(UInt(bitPattern: index.memory), ordering: .releasing)
            readGuard.retire(old.memory)
        }
        let place = index.index(of: address, seed: seed)
        let former = index.reference(place).pointee.load(ordering: .relaxed)
        if former == 0 {
            guard reference != 0 else { return }
            usedV6 += 1
            index.setAddress(place, address)
        }
        index.reference(place).pointee.store(
            UInt64(reference == 0 ? AddressIndexV4.removed : reference), ordering: .releasing)
        count(former: UInt32(truncatingIfNeeded: former), reference)
    }

    private func count(former: UInt32, _ reference: UInt32) {
        // Those with an entry count among the entries.
        func isCounted(_ bits: UInt32) -> Bool {
            switch AddressReference(bits: bits).kind {
            case .service, .endpoint: true
            case .entry, nil: false
            }
        }
        addresses += (isCounted(reference) ? 1 : 0) - (isCounted(former) ? 1 : 0)
    }

    private func root(_ index: Int) -> UnsafeMutableRawPointer {
        // As with the slots.
        UnsafeMutableRawPointer(bitPattern: roots[index].load(ordering: .acquiring)).unsafelyUnwrapped
    }
}

/// What the name of an address leads to.
package enum AddressTarget: Hashable, Sendable {
    /// The service with this number.
    case service(Int)
    /// The first endpoint with the address of the service with this number.
    case endpoint(Int)
    /// What has been set as the answers of the name itself; to be told after them.
    case name

    func reference(_ zone: Int) -> AddressReference {
        switch self {
        case .service(let number): AddressReference(.service, zone: zone, number: number)
        case .endpoint(let number): AddressReference(.endpoint, zone: zone, number: number)
        case .name: AddressReference(.entry, zone: zone, number: 0)
        }
    }
}

/// The entries of services by their numbers. Memory: how many there may be (8), then pointers.
struct ServiceNumbers {
    let memory: UnsafeMutableRawPointer

    init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }

    static func make(capacity: Int) -> ServiceNumbers {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 + 8 * capacity, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 8 + 8 * capacity)
        memory.storeBytes(of: capacity, as: Int.self)
        return ServiceNumbers(memory)
    }

    var count: Int { memory.load(as: Int.self) }

    subscript(number: Int) -> UnsafeMutablePointer<Atomic<UInt>> {
        (memory + 8).assumingMemoryBound(to: Atomic<UInt>.self) + number
    }
}
