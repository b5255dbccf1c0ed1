/// Where the parts of a query lie in its bytes, after every length in it has been checked.
@frozen
@usableFromInline
package struct Query: Sendable {
    /// The wire length of the name asked for, root byte included: 1 to 255 bytes from offset 12.
    @usableFromInline package var nameLength = 1
    @usableFromInline package var type = RecordType(rawValue: 0)
    @usableFromInline package var recordClass = RecordClass(rawValue: 0)
    /// Whether the query carries an OPT record; the fields below mean nothing without it (RFC 6891 §6.1).
    @usableFromInline package var hasEDNS = false
    @usableFromInline package var ednsVersion: UInt8 = 0
    /// The DNSSEC OK bit (RFC 3225 §3).
    @usableFromInline package var isDNSSECOK = false
    /// The largest UDP payload the asker takes, in bytes, as it said.
    @usableFromInline package var udpPayload: UInt16 = 0
    /// The offset of the EDNS options, and their length in bytes; every option in it ends inside.
    @usableFromInline package var optionsOffset = 0
    @usableFromInline package var optionsLength = 0

    @inlinable
    package init() {}

    /// The offset of the first byte after the question.
    @inlinable
    package var questionEnd: Int { 12 &+ nameLength &+ 4 }
}

/// Reads queries from untrusted bytes: no byte beyond the given ones is looked at, and no arithmetic traps.
@usableFromInline
package enum QueryReader {
    /// What to do with a packet.
    @frozen
    @usableFromInline
    package enum Verdict: UInt8, Sendable {
        /// A well-formed query of one question: `query` is filled in.
        case answer
        /// Too short for a header, or itself a response: answering could start a loop.
        case silence
        /// FORMERR with a bare header.
        case formatError
        /// NOTIMP with a bare header.
        case notImplemented
    }

    /// Checks a packet and notes its parts in `query` (RFC 1035 §4.1, RFC 6891 §6.1).
    ///
    /// Bytes after the last record are ignored, as CoreDNS does.
    @inlinable
    package static func read(_ packet: UnsafeRawBufferPointer, into query: inout Query) -> Verdict {
        let count = packet.count
        guard count >= 12, let base = packet.baseAddress else { return .silence }
        let flags = base.load(fromByteOffset: 2, as: UInt8.self)
        if flags & 0x80 != 0 { return .silence }
        if flags & 0x78 != 0 { return .notImplemented }
        // QDCOUNT 1, ANCOUNT 0, NSCOUNT 0: what all but a few queries have.
        let counts = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        guard counts >> 48 == 1 else { return .formatError }

        var index = 12
        while true {
            guard index < count else { return .formatError }
            let length = Int(base.load(fromByteOffset: index, as: UInt8.self))
            index &+= 1
            if length == 0 { break }
            // Larger values are compression pointers, for which a lone question has no use, or reserved.
            guard length <= 63 else { return .formatError }
            index &+= length
            guard index <= 12 &+ 254 else { return .formatError }
        }
        guard index &+ 4 <= count else { return .formatError }
        query.nameLength = index &- 12
        query.type = RecordType(
            rawValue: UInt16(bigEndian: base.loadUnaligned(fromByteOffset: index, as: UInt16.self)))
        query.recordClass = RecordClass(
            rawValue: UInt16(bigEndian: base.loadUnaligned(fromByteOffset: index &+ 2, as: UInt16.self)))
        query.hasEDNS = false
        query.optionsLength = 0
        index &+= 4
        if counts & 0xffff_ffff_ffff == 0 { return .answer }
        if counts & 0xffff_ffff_ffff == 1, readPlainOPT(base, count, index, &query) { return .answer }
        return readRecords(packet, from: index, counts: counts, into: &query) ? .answer : .formatError
    }

    /// The common additional section: one OPT record without options, and nothing else.
    @inlinable
    static func readPlainOPT(_ base: UnsafeRawPointer, _ count: Int, _ index: Int, _ query: inout Query) -> Bool {
        guard index &+ 11 <= count,
            base.load(fromByteOffset: index, as: UInt8.self) == 0,
            base.loadUnaligned(fromByteOffset: index &+ 1, as: UInt16.self) == UInt16(41).bigEndian,
            base.loadUnaligned(fromByteOffset: index &+ 9, as: UInt16.self) == 0
        else { return false }
        takeOPT(base, index &+ 1, &query)
        return true
    }

    /// Notes the fixed fields of the OPT record whose type stands at `index`; ten bytes are known to be there.
    @inlinable
    static func takeOPT(_ base: UnsafeRawPointer, _ index: Int, _ query: inout Query) {
        query.hasEDNS = true
        query.udpPayload = UInt16(bigEndian: base.loadUnaligned(fromByteOffset: index &+ 2, as: UInt16.self))
        query.ednsVersion = base.load(fromByteOffset: index &+ 5, as: UInt8.self)
        query.isDNSSECOK = base.load(fromByteOffset: index &+ 6, as: UInt8.self) & 0x80 != 0
        query.optionsOffset = index &+ 10
        query.optionsLength = 0
    }

    /// The general case: whatever records a query may bring, each checked to end inside the packet.
    @usableFromInline
    static func readRecords(
        _ packet: UnsafeRawBufferPointer, from start: Int, counts: UInt64, into query: inout Query
    ) -> Bool {
        let answers = Int(counts >> 32 & 0xffff)
        let authorities = Int(counts >> 16 & 0xffff)
        let additionals = Int(counts & 0xffff)
        guard answers <= 1, authorities <= 1, additionals <= 2, let base = packet.baseAddress else { return false }
        var index = start
        for number in 0..<(answers + authorities + additionals) {
            let owner = index
            guard skipName(packet, &index), index &+ 10 <= packet.count else { return false }
            let type = UInt16(bigEndian: base.loadUnaligned(fromByteOffset: index, as: UInt16.self))
            let length = Int(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: index &+ 8, as: UInt16.self)))
            guard index &+ 10 &+ length <= packet.count else { return false }
            if type == RecordType.opt.rawValue {
                // One OPT record at most, in the additional section and owned by the root (RFC 6891 §6.1.1, §6.1.2).
                guard number >= answers + authorities, !query.hasEDNS, index == owner &+ 1 else { return false }
                takeOPT(base, index, &query)
                query.optionsLength = length
                guard optionsAreSound(packet, offset: query.optionsOffset, length: length) else { return false }
            }
            index &+= 10 &+ length
        }
        return true
    }

    /// Steps over a name; a compression pointer ends it and must point backwards (RFC 1035 §4.1.4).
    private static func skipName(_ packet: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
        let start = index
        while index < packet.count {
            let length = Int(packet[index])
            if length == 0 {
                index &+= 1
                return index &- start <= 255
            }
            if length >= 0xc0 {
                guard index &+ 1 < packet.count else { return false }
                let target = (length & 0x3f) << 8 | Int(packet[index &+ 1])
                index &+= 2
                return target < start
            }
            guard length <= 63 else { return false }
            index &+= 1 &+ length
        }
        return false
    }

    private static func optionsAreSound(_ packet: UnsafeRawBufferPointer, offset: Int, length: Int) -> Bool {
        var index = offset
        let end = offset &+ length
        while index < end {
            guard index &+ 4 <= end else { return false }
            index &+= 4 &+ (Int(packet[index &+ 2]) << 8 | Int(packet[index &+ 3]))
        }
        return index == end
    }
}
