import Corefile
import DNS
import Pipeline

/// A kept answer as it stands behind a question on the wire: one piece of memory, given by copying it.
///
/// Layout: `Header`, the lower-cased name padded to a multiple of eight, the offsets of all times to live within the
/// records (2 bytes each), the records.
///
/// `@unchecked Sendable`: everything but the mark for eviction stays as it was made, and that is touched under the
/// shard's lock.
struct WireAnswer: @unchecked Sendable {
    private struct Header {
        var key: KeptKey
        var stored: Int64
        /// Seconds from `stored` on.
        var ttl: UInt32
        var length: UInt32
        var nameLength: UInt16
        var answers: UInt16
        var authorities: UInt16
        var additionals: UInt16
        var ttlCount: UInt16
        /// Addresses of one length that may come in any order: where they begin, the length of one, and how many.
        var rotatesFrom: UInt16
        var rotatedLength: UInt16
        var rotatedCount: UInt16
        var code: UInt8
        var kind: ReadyPassage.Kinds
        var isAuthoritative: Bool
        var isRecursionAvailable: Bool
        var isAuthenticData: Bool
        /// Whether `loadbalance` would change nothing but the order of the addresses told of above.
        var isOrdered: Bool
        var isRecent: Bool
    }

    /// What a question is known by.
    struct KeptKey: Equatable {
        var hash: UInt64
        var type: RecordType
        var bits: CacheKey.Bits
    }

    /// The most bytes of records: what is larger is given by the stage.
    private static let lengthLimit = 4096

    private let memory: UnsafeMutableRawPointer

    private var header: UnsafeMutablePointer<Header> { memory.assumingMemoryBound(to: Header.self) }
    private static let headerLength = (MemoryLayout<Header>.size + 7) / 8 * 8

    var hash: UInt64 { header.pointee.key.hash }

    /// The memory it takes, in bytes.
    let bytes: Int

    /// Makes the wire form of a reply; nil for one that only the stage gives: failures, other classes, what is large.
    ///
    /// The caller owns the memory and gives it back by `deallocate`.
    init?(_ reply: Response, key: CacheKey, hash: UInt64, verdict: CacheVerdict, stored: Int64, isAuthenticData: Bool) {
        guard verdict.kind != .failure, key.recordClass == .internet, key.type != .any, reply.extendedError == nil,
            reply.options.isEmpty, reply.code.rawValue < 16
        else { return nil }
        var writer = MessageWriter(for: key.name, limit: Self.lengthLimit)
        let start = writer.bytes.count
        var offsets: [UInt16] = []
        var answerEnds: [Int] = []
        for (section, records) in [reply.answers, reply.authorities, reply.additionals].enumerated() {
            for record in records {
                let begin = writer.bytes.count
                guard writer.append(record), let place = Self.ttlOffset(in: writer.bytes, of: begin) else { return nil }
                offsets.append(UInt16(truncatingIfNeeded: place - start))
                if section == 0 { answerEnds.append(writer.bytes.count - start) }
            }
        }
        let body = writer.bytes[start...]
        let name = key.name.wire
        let nameLength = (name.count + 7) / 8 * 8
        bytes = Self.headerLength + nameLength + (2 * offsets.count + 7) / 8 * 8 + body.count
        memory = .allocate(byteCount: bytes, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        var header = Header(
            key: KeptKey(hash: hash, type: key.type, bits: key.bits), stored: stored, ttl: verdict.ttl,
            length: UInt32(body.count), nameLength: UInt16(name.count), answers: UInt16(reply.answers.count),
            authorities: UInt16(reply.authorities.count), additionals: UInt16(reply.additionals.count),
            ttlCount: UInt16(offsets.count), rotatesFrom: 0, rotatedLength: 0, rotatedCount: 0,
            code: UInt8(reply.code.rawValue), kind: verdict.kind == .success ? .success : .denial,
            isAuthoritative: reply.isAuthoritative, isRecursionAvailable: reply.isRecursionAvailable,
            isAuthenticData: isAuthenticData,
            isOrdered: Self.isOrdered(reply.authorities) && Self.isOrdered(reply.additionals), isRecent: false)
        if !Self.isOrdered(reply.answers) {
            if let run = Self.rotation(reply.answers, ends: answerEnds, in: body) {
                (header.rotatesFrom, header.rotatedLength, header.rotatedCount) = run
            } else {
                header.isOrdered = false
            }
        }
        self.header.initialize(to: header)
        (memory + Self.headerLength).copyMemory(from: name, byteCount: name.count)
        (memory + Self.headerLength + nameLength).copyMemory(from: offsets, byteCount: 2 * offsets.count)
        Array(body).withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (memory + (self.bytes - bytes.count)).copyMemory(from: base, byteCount: bytes.count)
        }
    }

    /// An answer in an index.
    init(_ memory: UnsafeMutableRawPointer) {
        self.memory = memory
        bytes = 0
    }

    var address: UnsafeMutableRawPointer { memory }

    func deallocate() { memory.deallocate() }

    /// Was hit since the eviction's hand last passed.
    var isRecent: Bool {
        get { header.pointee.isRecent }
        nonmutating set { header.pointee.isRecent = newValue }
    }

    // MARK: Giving

    func matches(_ key: KeptKey, _ question: KeptQuestion) -> Bool {
        guard header.pointee.key == key, Int(header.pointee.nameLength) == question.nameLength else { return false }
        let words = UnsafeRawPointer(memory + Self.headerLength).assumingMemoryBound(to: UInt64.self)
        var index = 0
        while index << 3 < question.nameLength {
            if words[index] != question.words[index] { return false }
            index &+= 1
        }
        return true
    }

    var kind: ReadyPassage.Kinds { header.pointee.kind }

    /// The seconds left; negative where the time is over.
    func remaining(at now: Int64) -> Int64 {
        Int64(header.pointee.ttl) - max(0, now &- header.pointee.stored) / 1_000_000_000
    }

    /// The time to live it was stored with, in seconds.
    var ttl: UInt32 { header.pointee.ttl }

    /// Writes the records; nil where they do not fit, or must be put in order by the stages.
    ///
    /// - Parameters:
    ///   - room: bytes.
    ///   - order: a random number by which addresses are given in another order; nil for their own.
    func write(to target: UnsafeMutableRawPointer, room: Int, ttl: UInt32, order: UInt64?) -> KeptAnswer? {
        let facts = header.pointee
        let length = Int(facts.length)
        guard length <= room, order == nil || facts.isOrdered else { return nil }
        let offsets = UnsafeRawPointer(memory + (Self.headerLength &+ (Int(facts.nameLength) &+ 7) & ~7))
        let body = UnsafeRawPointer(offsets + (2 &* Int(facts.ttlCount) &+ 7) & ~7)
        target.copyMemory(from: body, byteCount: length)
        if let order, facts.rotatedCount > 1 {
            let (count, unit) = (Int(facts.rotatedCount), Int(facts.rotatedLength))
            let first = Int(truncatingIfNeeded: (order >> 32 &* UInt64(truncatingIfNeeded: count)) >> 32)
            let (source, place) = (body + Int(facts.rotatesFrom), target + Int(facts.rotatesFrom))
            place.copyMemory(from: source + first &* unit, byteCount: (count &- first) &* unit)
            (place + (count &- first) &* unit).copyMemory(from: source, byteCount: first &* unit)
        }
        for index in 0..<Int(facts.ttlCount) {
            let offset = Int(offsets.load(fromByteOffset: 2 &* index, as: UInt16.self))
            target.storeBytes(of: ttl.bigEndian, toByteOffset: offset, as: UInt32.self)
        }
        return KeptAnswer(
            code: ResponseCode(rawValue: UInt16(facts.code)), kind: facts.kind, isAuthoritative: facts.isAuthoritative,
            isRecursionAvailable: facts.isRecursionAvailable, isAuthenticData: facts.isAuthenticData,
            answers: facts.answers, authorities: facts.authorities, additionals: facts.additionals, length: length)
    }

    // MARK: Making

    /// Where the time to live stands of the record that begins at `start`.
    private static func ttlOffset(in bytes: [UInt8], of start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            let length = Int(bytes[index])
            if length >= 0xc0 { return index + 6 }
            if length == 0 { return index + 5 }
            index += 1 + length
        }
        return nil
    }

    /// What `loadbalance` puts aside: aliases first, then the rest, addresses, and mail exchangers last.
    private static func rank(_ record: Record) -> Int {
        switch record.type {
        case .cname: 0
        case .a, .aaaa: 2
        case .mx: 3
        default: 1
        }
    }

    /// Whether `loadbalance` leaves a section as it is.
    private static func isOrdered(_ records: [Record]) -> Bool {
        let ranks = records.map(rank)
        return zip(ranks, ranks.dropFirst()).allSatisfy { $0 <= $1 }
            && ranks.count { $0 == 2 } < 2 && ranks.count { $0 == 3 } < 2
    }

    /// The addresses at the end of the answers, where nothing but aliases stands in front of them and all have one
    /// length and one owner, by a pointer.
    private static func rotation(
        _ records: [Record], ends: [Int], in body: ArraySlice<UInt8>
    ) -> (from: UInt16, length: UInt16, count: UInt16)? {
        guard let first = records.firstIndex(where: { rank($0) == 2 }), records[..<first].allSatisfy({ rank($0) == 0 }),
            records[first...].allSatisfy({ $0.type == records[first].type }), ends.count == records.count
        else { return nil }
        let from = first == 0 ? 0 : ends[first - 1]
        let length = ends[first] - from
        let count = records.count - first
        guard ends[records.count - 1] == from + count * length else { return nil }
        let bytes = Array(body)
        guard bytes[from] >= 0xc0,
            (0..<count).allSatisfy({
                bytes[from + $0 * length] == bytes[from] && bytes[from + $0 * length + 1] == bytes[from + 1]
            })
        else { return nil }
        return (UInt16(from), UInt16(length), UInt16(count))
    }
}

/// Kept answers by hash: open addressing, never more than half full.
///
/// Holds no memory of its answers' own: who takes one out of the cache takes it out of here first.
/// `@unchecked Sendable`: whoever uses one holds the lock of the shard it is in.
struct WireIndex: ~Copyable, @unchecked Sendable {
    private struct Slot {
        var hash: UInt64
        /// nil for an empty slot.
        var memory: UnsafeMutableRawPointer?
    }

    private var slots: UnsafeMutablePointer<Slot>?
    /// One less than the number of slots, a power of two.
    private var mask = 0
    private var count = 0

    deinit { slots?.deallocate() }

    /// The answer of a hash.
    func find(_ hash: UInt64) -> WireAnswer? {
        guard let slots else { return nil }
        var index = Int(truncatingIfNeeded: hash) & mask
        while let memory = slots[index].memory {
            if slots[index].hash == hash { return WireAnswer(memory) }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// Puts an answer in; no other one may have its hash.
    mutating func insert(_ answer: WireAnswer) {
        if slots == nil || 2 * (count + 1) > mask + 1 { grow() }
        guard let slots else { return }
        Self.place(Slot(hash: answer.hash, memory: answer.address), slots, mask)
        count += 1
    }

    private static func place(_ slot: Slot, _ slots: UnsafeMutablePointer<Slot>, _ mask: Int) {
        var index = Int(truncatingIfNeeded: slot.hash) & mask
        while slots[index].memory != nil { index = (index &+ 1) & mask }
        slots[index] = slot
    }

    private mutating func grow() {
        let number = slots == nil ? 8 : 2 * (mask + 1)
        let new = UnsafeMutablePointer<Slot>.allocate(capacity: number)
        new.initialize(repeating: Slot(hash: 0, memory: nil), count: number)
        if let slots {
            for index in 0...mask where slots[index].memory != nil { Self.place(slots[index], new, number - 1) }
            slots.deallocate()
        }
        slots = new
        mask = number - 1
    }

    mutating func remove(_ hash: UInt64) {
        guard let slots else { return }
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].memory != nil, slots[index].hash != hash { index = (index &+ 1) & mask }
        guard slots[index].memory != nil else { return }
        count -= 1
        // What stands behind moves up, unless it is where it belongs.
        var hole = index
        var next = (hole &+ 1) & mask
        while slots[next].memory != nil {
            let home = Int(truncatingIfNeeded: slots[next].hash) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next &+ 1) & mask
        }
        slots[hole].memory = nil
    }
}
