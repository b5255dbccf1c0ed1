import DNS
import Synchronization

/// A zone as the table knows it.
package struct ServedZone: Sendable {
    package enum Content: Sendable, Equatable {
        /// Names are in the table; what is not there does not exist.
        case table
        /// As `table`, but a name that is not there may still be computed by the pipeline.
        case tableThenPipeline
        /// Names are not in the table: the pipeline knows the zone.
        case pipeline
        /// The source of names has not said anything yet: nothing may be denied.
        case notReady
    }

    package var apex: DomainName
    package var content: Content
    /// The SOA record of denials.
    package var denialSOA: Record
    /// Seconds, for records made on the spot.
    package var ttl: UInt32

    package init(apex: DomainName, content: Content, denialSOA: Record, ttl: UInt32) {
        self.apex = apex
        self.content = content
        self.denialSOA = denialSOA
        self.ttl = ttl
    }
}

/// One zone in the directory: plain memory, read without locks.
@frozen
@usableFromInline
package struct ZoneSlot {
    /// The apex, lower-cased.
    @usableFromInline let apex: UnsafePointer<UInt8>
    @usableFromInline package let apexLength: Int
    /// A `ServedZone.Content`, as one byte.
    @usableFromInline package let isNotReady: Bool
    @usableFromInline package let asksPipelineOnMiss: Bool
    /// The SOA record of denials, behind the question; its pointers into the name are patched in.
    @usableFromInline package let denial: UnsafePointer<UInt8>
    @usableFromInline package let denialLength: Int
    /// Offsets in `denial` of pointers to the apex within the question; −1 where there are fewer than three.
    @usableFromInline package let pointer0: Int
    @usableFromInline package let pointer1: Int
    @usableFromInline package let pointer2: Int
    /// Seconds.
    @usableFromInline package let ttl: UInt32
}

/// All zones that are served, in one piece of memory that is replaced as a whole.
@frozen
@usableFromInline
package struct ZoneDirectory {
    @usableFromInline let memory: UnsafeRawPointer

    @inlinable
    init(_ memory: UnsafeRawPointer) { self.memory = memory }

    /// The number of zones.
    @inlinable
    package var count: Int { memory.load(as: Int.self) }

    /// Whether a zone lies below one whose names are in the table, so that an entry found may belong to a zone
    /// further up. A zone that only the pipeline knows, such as the root, may lie above without a cost.
    @inlinable
    package var isNested: Bool { memory.load(fromByteOffset: 8, as: Int.self) != 0 }

    /// Another number for every directory there has been in this process.
    @inlinable
    package var serial: Int { memory.load(fromByteOffset: 16, as: Int.self) }

    /// The apex of the zone at `index`.
    package func apex(_ index: Int) -> DomainName? {
        let slot = self[index].pointee
        return DomainName(wire: UnsafeBufferPointer(start: slot.apex, count: slot.apexLength))
    }

    @inlinable
    package subscript(index: Int) -> UnsafePointer<ZoneSlot> {
        (memory + 32).assumingMemoryBound(to: ZoneSlot.self) + index
    }

    /// The index of the zone with the longest apex that the name is in; −1 where none is.
    ///
    /// - Parameter name: a lower-cased wire form of `length` bytes, checked to be a legal name.
    @inlinable
    package func longestMatch(_ name: UnsafeRawPointer, length: Int) -> Int {
        var best = -1
        var bestLength = 0
        var index = 0
        let count = self.count
        while index < count {
            let zone = self[index]
            let apexLength = zone.pointee.apexLength
            if apexLength > bestLength, apexLength <= length {
                let start = length &- apexLength
                if Self.equals(name + start, zone.pointee.apex, apexLength), Self.isLabelStart(name, start) {
                    best = index
                    bestLength = apexLength
                }
            }
            index &+= 1
        }
        return best
    }

    @inlinable
    static func equals(_ lhs: UnsafeRawPointer, _ rhs: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var index = 0
        while index < count {
            if lhs.load(fromByteOffset: index, as: UInt8.self) != rhs[index] { return false }
            index &+= 1
        }
        return true
    }

    @inlinable
    static func isLabelStart(_ name: UnsafeRawPointer, _ start: Int) -> Bool {
        var index = 0
        while index < start { index &+= 1 &+ Int(name.load(fromByteOffset: index, as: UInt8.self)) }
        return index == start
    }

    private static let serials = Atomic(0)

    /// Makes the memory of a directory; the caller owns it.
    static func make(_ zones: [ServedZone]) -> UnsafeMutableRawPointer {
        let denials = zones.map { DenialTemplate(apex: $0.apex, soa: $0.denialSOA) }
        let slotsLength = zones.count * MemoryLayout<ZoneSlot>.stride
        let bytesLength = zip(zones, denials).reduce(0) { $0 + $1.0.apex.wire.count + $1.1.bytes.count }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 32 + slotsLength + bytesLength, alignment: 16)
        // What the table has of a zone that shares its names with the pipeline is right in any case.
        let isNested = zones.contains { inner in
            inner.content != .tableThenPipeline
                && zones.contains {
                    $0.content != .pipeline && $0.apex != inner.apex && inner.apex.isWithin($0.apex)
                }
        }
        memory.storeBytes(of: zones.count, as: Int.self)
        memory.storeBytes(of: isNested ? 1 : 0, toByteOffset: 8, as: Int.self)
        memory.storeBytes(
            of: serials.wrappingAdd(1, ordering: .relaxed).newValue, toByteOffset: 16, as: Int.self)
        let slots = (memory + 32).bindMemory(to: ZoneSlot.self, capacity: zones.count)
        var free = (memory + 32 + slotsLength).assumingMemoryBound(to: UInt8.self)
        func place(_ bytes: [UInt8]) -> UnsafePointer<UInt8> {
            free.update(from: bytes, count: bytes.count)
            defer { free += bytes.count }
            return UnsafePointer(free)
        }
        for (index, zone) in zones.enumerated() {
            let denial = denials[index]
            (slots + index).initialize(
                to: ZoneSlot(
                    apex: place(zone.apex.lowercased.wire), apexLength: zone.apex.wire.count,
                    isNotReady: zone.content == .notReady,
                    asksPipelineOnMiss: zone.content == .pipeline || zone.content == .tableThenPipeline,
                    denial: place(denial.bytes), denialLength: denial.bytes.count,
                    pointer0: denial.pointers[0], pointer1: denial.pointers[1], pointer2: denial.pointers[2],
                    ttl: zone.ttl))
        }
        return memory
    }
}

/// The authority section of a denial, for any name of a zone: an SOA record whose names point into the question.
struct DenialTemplate {
    private(set) var bytes: [UInt8] = []
    /// Where pointers to the apex go; −1 for those not needed.
    private(set) var pointers = [-1, -1, -1]

    init(apex: DomainName, soa: Record) {
        append(apex, apex: apex, number: 0)
        bytes += [0, 6, 0, 1] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: soa.ttl >> $0) }
        let lengthOffset = bytes.count
        bytes += [0, 0]
        if let authority = StartOfAuthority(soa.data) {
            append(authority.primary, apex: apex, number: 1)
            append(authority.mailbox, apex: apex, number: 2)
            bytes += soa.data.bytes.suffix(20)
        }
        let length = bytes.count - lengthOffset - 2
        bytes[lengthOffset] = UInt8(length >> 8)
        bytes[lengthOffset + 1] = UInt8(length & 255)
    }

    private mutating func append(_ name: DomainName, apex: DomainName, number: Int) {
        guard name.isWithin(apex) else {
            bytes += name.wire
            return
        }
        bytes += name.wire.dropLast(apex.wire.count)
        pointers[number] = bytes.count
        bytes += [0xc0, 0]
    }
}
