import DNS
import Synchronization

// Where addresses lead: open-addressing hash tables, written by one and read by many without locks. What an address
// leads to changes at once. Memory: number of slots less one (8), padding, slots from offset 64.

/// What an address leads to.
struct AddressReference {
    /// Kind (2 bits), zone (6), number (24). 0 stands for none.
    let bits: UInt32

    enum Kind: UInt32 {
        /// The service with this number has the address.
        case service = 1
        /// An endpoint of the service with this number has it.
        case endpoint = 2
        /// The table has an entry of the address's name.
        case entry = 3
    }

    static let zoneLimit = 1 << 6
    static let numberLimit = 1 << 24

    init(bits: UInt32) { self.bits = bits }

    init(_ kind: Kind, zone: Int, number: Int) {
        bits =
            kind.rawValue << 30 | UInt32(truncatingIfNeeded: zone & 63) << 24
            | UInt32(truncatingIfNeeded: number & 0xff_ffff)
    }

    var kind: Kind? { Kind(rawValue: bits >> 30) }
    var zone: Int { Int(bits >> 24 & 63) }
    var number: Int { Int(bits & 0xff_ffff) }
}

/// The IPv4 ones. A slot is the address in its upper half and the reference in its lower one; an address that has
/// been removed keeps its slot until the table grows.
struct AddressIndexV4 {
    typealias Slot = Atomic<UInt64>
    let memory: UnsafeMutableRawPointer

    static func make(capacity: Int) -> AddressIndexV4 {
        AddressIndexV4(memory: AddressIndexMemory.make(capacity: capacity, stride: 8))
    }

    var mask: Int { memory.load(as: Int.self) }

    subscript(index: Int) -> UnsafeMutablePointer<Slot> {
        (memory + 64).assumingMemoryBound(to: Slot.self) + index
    }

    static func home(_ address: UInt32, seed: UInt64) -> Int {
        let product = (UInt64(address) ^ seed).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }

    /// A slot that was never used is 0, so what has been removed is told from it.
    static func word(_ address: UInt32, _ reference: UInt32) -> UInt64 {
        UInt64(address) << 32 | UInt64(reference == 0 ? removed : reference)
    }

    static let removed: UInt32 = 1

    /// The reference of an address; 0 for none.
    func find(_ address: UInt32, seed: UInt64) -> UInt32 {
        let mask = self.mask
        var index = Self.home(address, seed: seed) & mask
        while true {
            let value = self[index].pointee.load(ordering: .acquiring)
            if value == 0 { return 0 }
            if UInt32(truncatingIfNeeded: value >> 32) == address {
                let reference = UInt32(truncatingIfNeeded: value)
                return reference == Self.removed ? 0 : reference
            }
            index = (index &+ 1) & mask
        }
    }

    /// The slot of an address, or the empty one that it would take.
    func slot(of address: UInt32, seed: UInt64) -> UnsafeMutablePointer<Slot> {
        let mask = self.mask
        var index = Self.home(address, seed: seed) & mask
        while true {
            let value = self[index].pointee.load(ordering: .relaxed)
            if value == 0 || UInt32(truncatingIfNeeded: value >> 32) == address { return self[index] }
            index = (index &+ 1) & mask
        }
    }
}

/// The IPv6 ones. A slot is the reference (8) and the address (16), which is there before the reference and stays
/// until the table grows.
struct AddressIndexV6 {
    /// Owned by the table, and freed once no reader can be inside (`ReadGuard`).
    let memory: UnsafeMutableRawPointer
    static let stride = 24

    static func make(capacity: Int) -> AddressIndexV6 {
        AddressIndexV6(memory: AddressIndexMemory.make(capacity: capacity, stride: stride))
    }

    var mask: Int { memory.load(as: Int.self) }

    func reference(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (memory + (64 &+ index &* Self.stride)).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    func address(_ index: Int) -> UInt128 {
        memory.loadUnaligned(fromByteOffset: 72 &+ index &* Self.stride, as: UInt128.self)
    }

    func setAddress(_ index: Int, _ address: UInt128) {
        memory.storeBytes(of: address, toByteOffset: 72 &+ index &* Self.stride, as: UInt128.self)
    }

    static func home(_ address: UInt128, seed: UInt64) -> Int {
        let high = NameKey.mixed(seed, UInt64(truncatingIfNeeded: address >> 64))
        return Int(truncatingIfNeeded: NameKey.mixed(high, UInt64(truncatingIfNeeded: address)))
    }

    /// The index of the slot of an address, or of the empty one that it would take.
    func index(of address: UInt128, seed: UInt64) -> Int {
        let mask = self.mask
        var index = Self.home(address, seed: seed) & mask
        while true {
            if reference(index).pointee.load(ordering: .acquiring) == 0 || self.address(index) == address {
                return index
            }
            index = (index &+ 1) & mask
        }
    }

    /// The reference of an address; 0 for none.
    func find(_ address: UInt128, seed: UInt64) -> UInt32 {
        let value = reference(index(of: address, seed: seed)).pointee.load(ordering: .acquiring)
        return value == UInt64(AddressIndexV4.removed) ? 0 : UInt32(truncatingIfNeeded: value)
    }
}

enum AddressIndexMemory {
    /// Slots for so many addresses, at most seven tenths of them used.
    static func make(capacity: Int, stride: Int) -> UnsafeMutableRawPointer {
        var size = 16
        while size * 7 < capacity * 10 { size *= 2 }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64 + size * stride, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 64 + size * stride)
        memory.storeBytes(of: size - 1, as: Int.self)
        return memory
    }
}
