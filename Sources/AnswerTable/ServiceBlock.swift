import DNS

/// What the entry of a service holds of the names below its own, from which their answers are composed.
///
/// Stands behind the entry's name. Layout, in bytes, host order, offsets counting from the entry: TTL (4), number of
/// IPv4 endpoints (4), of IPv6 endpoints (4), number of slots of the index less one, or 0 for no index (4), offsets of
/// the labels' places (4; 0 where all endpoints go by their addresses), of the numbers of port sets (4; 0 where all
/// have the first), of the port sets (4) and of the index (4), number of names below (4), unused (4); then 16 bytes
/// for each IPv6 address, 4 for each IPv4 one, both ascending.
///
/// A place of a label is the offset of its child, 0 for the dashed form of an IPv4 address. The index is an
/// open-addressing hash table of offsets of children. A child is: kind (1), length of its labels (1), the labels in
/// wire form, and what its kind needs.
@frozen
@usableFromInline
struct ServiceBlock {
    /// The memory of the entry, valid for as long as its reader is inside (`AnswerReader.enter`).
    @usableFromInline let entry: UnsafeRawPointer
    @usableFromInline let base: UnsafeRawPointer

    @inlinable
    init(_ entry: Entry) {
        self.entry = entry.memory
        base = entry.memory + entry.blockOffset
    }

    static let headerLength = 40
    /// The number of ports (1), whether IPv6 addresses go first of additional records (1), weight (2), ports (2 each).
    static let portSetLength = 4 + 2 * ServiceRecords.maximumPorts

    /// What stands behind a child's labels.
    enum Kind {
        static let empty: UInt8 = 0
        /// The index of the endpoint (4).
        static let endpoint: UInt8 = 1
        /// The offset of an entry of its own (4).
        static let entry: UInt8 = 2
        /// Nothing of use (4): the service's own answers.
        static let alike: UInt8 = 3
        /// A port set.
        static let services: UInt8 = 4
    }

    func number(at offset: Int) -> Int { Int(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }

    var ttl: UInt32 { base.loadUnaligned(as: UInt32.self) }
    var v4Count: Int { number(at: 4) }
    var v6Count: Int { number(at: 8) }
    var nameCount: Int { number(at: 32) }

    func v6(_ index: Int) -> UInt128 {
        base.loadUnaligned(fromByteOffset: Self.headerLength + 16 * index, as: UInt128.self)
    }

    func v4(_ index: Int) -> UInt32 {
        base.loadUnaligned(fromByteOffset: Self.headerLength + 16 * v6Count + 4 * index, as: UInt32.self)
    }

    /// The first endpoint with an IPv4 address, by its index among all.
    func endpoint(v4 address: UInt32) -> Int? {
        let addresses = base + (Self.headerLength + 16 * v6Count)
        var (low, high) = (0, v4Count)
        while low < high {
            let middle = (low &+ high) >> 1
            let value = addresses.loadUnaligned(fromByteOffset: middle << 2, as: UInt32.self)
            if value < address { low = middle &+ 1 } else { high = middle }
        }
        return low < v4Count && v4(low) == address ? low : nil
    }

    /// The first endpoint with an IPv6 address, by its index among all.
    func endpoint(v6 address: UInt128) -> Int? {
        var (low, high) = (0, v6Count)
        while low < high {
            let middle = (low &+ high) >> 1
            if v6(middle) < address { low = middle &+ 1 } else { high = middle }
        }
        return low < v6Count && v6(low) == address ? v4Count &+ low : nil
    }

    /// The offset of the child that an endpoint goes by; 0 where it goes by its IPv4 address.
    func label(ofEndpoint index: Int) -> Int {
        let places = number(at: 16)
        return places == 0 ? 0 : Int(entry.loadUnaligned(fromByteOffset: places &+ index &* 4, as: UInt32.self))
    }

    /// The number of an endpoint's port set.
    func portSet(ofEndpoint index: Int) -> UInt8 {
        let numbers = number(at: 20)
        return numbers == 0 ? 0 : entry.load(fromByteOffset: numbers &+ index, as: UInt8.self)
    }

    func portSet(_ index: Int) -> UnsafeRawPointer { entry + (number(at: 24) &+ index &* Self.portSetLength) }

    /// The child with these labels, by its offset; 0 where there is none.
    ///
    /// - Parameter labels: lower-cased wire form; up to 7 bytes behind it are read.
    func child(_ labels: UnsafeRawPointer, length: Int, seed: UInt64) -> Int {
        let mask = number(at: 12)
        guard mask > 0 else { return 0 }
        let slots = entry + number(at: 28)
        var slot = Int(truncatingIfNeeded: NameKey.digest(labels, length: length, seed: seed)) & mask
        // At least half of the slots are empty, so the walk ends.
        while true {
            let offset = Int(slots.loadUnaligned(fromByteOffset: slot << 2, as: UInt32.self))
            if offset == 0 { return 0 }
            let child = entry + offset
            if Int(child.load(fromByteOffset: 1, as: UInt8.self)) == length,
                ZoneDirectory.equals(labels, (child + 2).assumingMemoryBound(to: UInt8.self), length)
            {
                return offset
            }
            slot = (slot &+ 1) & mask
        }
    }

    /// The IPv4 endpoint that goes by its address, with this label; nil for labels of another form.
    func endpoint(dashed label: UnsafeRawPointer) -> Int? {
        guard let address = DashedAddress.read(label), let first = endpoint(v4: address) else { return nil }
        var index = first
        let count = v4Count
        while index < count, v4(index) == address {
            if self.label(ofEndpoint: index) == 0 {
                return portSet(ofEndpoint: index) == EndpointRecords.unnamed ? nil : index
            }
            index &+= 1
        }
        return nil
    }

}

/// Labels such as `10-0-0-1`.
enum DashedAddress {
    /// Reads a label behind its length; nil unless it is four numbers without leading zeros.
    static func read(_ label: UnsafeRawPointer) -> UInt32? {
        let length = Int(label.load(as: UInt8.self))
        guard length >= 7, length <= 15 else { return nil }
        var value: UInt32 = 0
        var index = 1
        for part in 0..<4 {
            guard let octet = Decimal.read(label, &index, end: length &+ 1) else { return nil }
            value = value << 8 | octet
            if part < 3 {
                guard index <= length, label.load(fromByteOffset: index, as: UInt8.self) == 0x2d else { return nil }
                index &+= 1
            }
        }
        return index == length &+ 1 ? value : nil
    }

    /// Writes the label behind its length, at most 16 bytes; returns the bytes written.
    static func write(_ address: UInt32, to target: UnsafeMutableRawPointer) -> Int {
        var index = 1
        for shift in [24, 16, 8, 0] as [UInt32] {
            let octet = address >> shift & 255
            if octet >= 100 { put(0x30 &+ octet / 100, target, &index) }
            if octet >= 10 { put(0x30 &+ octet / 10 % 10, target, &index) }
            put(0x30 &+ octet % 10, target, &index)
            if shift > 0 { put(0x2d, target, &index) }
        }
        target.storeBytes(of: UInt8(truncatingIfNeeded: index &- 1), as: UInt8.self)
        return index
    }

    private static func put(_ byte: UInt32, _ target: UnsafeMutableRawPointer, _ index: inout Int) {
        target.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: index, as: UInt8.self)
        index &+= 1
    }
}

/// Decimal numbers of names.
enum Decimal {
    /// Reads 0 to 255 without leading zeros, and moves `index` behind it; nil for anything else.
    static func read(_ bytes: UnsafeRawPointer, _ index: inout Int, end: Int) -> UInt32? {
        var value: UInt32 = 0
        let start = index
        while index < end, index &- start < 3 {
            let digit = UInt32(bytes.load(fromByteOffset: index, as: UInt8.self)) &- 0x30
            guard digit <= 9 else { break }
            value = value &* 10 &+ digit
            index &+= 1
        }
        let length = index &- start
        guard length > 0, value <= 255 else { return nil }
        return length == (value >= 100 ? 3 : value >= 10 ? 2 : 1) ? value : nil
    }
}
