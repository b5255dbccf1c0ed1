import AnswerTable
import DNS
import Pipeline
import Registry

/// A reply under way, in the buffer of its query.
struct Reply {
    /// The caller's memory, which the reply does not outlive; as long as the responder's capacity and its slack.
    let buffer: UnsafeMutableRawPointer
    let query: Query
    /// The most bytes the reply may have.
    var limit: Int
    private var length: Int
    private var isTruncated = false
    private var isRecursionAvailable = false
    private var isAuthenticData = false
    private var answers: UInt16 = 0
    private var authorities: UInt16 = 0
    private var additionals: UInt16 = 0
    /// The options of the OPT record: as much memory as the largest reply has.
    private let options: UnsafeMutableRawPointer
    private var optionsLength = 0

    /// The fixed part of an OPT record, in bytes.
    static let optLength = 11

    /// - Parameter options: room for `limit` bytes.
    @inline(__always)
    init(buffer: UnsafeMutableRawPointer, query: Query, limit: Int, options: UnsafeMutableRawPointer) {
        self.buffer = buffer
        self.query = query
        self.limit = limit
        self.options = options
        length = query.questionEnd
    }

    /// Where the records must end, so that the OPT record still fits.
    private var recordLimit: Int {
        query.hasEDNS ? limit &- Self.optLength &- optionsLength : limit
    }

    /// Sets the options to be sent; those that would leave no room are left out.
    mutating func take(options new: [EDNSOption]) {
        guard query.hasEDNS else { return }
        for option in new { add(option.wire) }
    }

    /// Adds the reason for the answer (RFC 8914), its text cut off where it does not fit.
    mutating func take(extendedError error: ExtendedError) {
        guard query.hasEDNS else { return }
        let code = error.code.rawValue
        let room = limit - query.questionEnd - Self.optLength - optionsLength - 6
        var text = error.text.utf8.prefix(max(0, room))
        // Not in the middle of a character.
        if text.count < error.text.utf8.count {
            while let last = text.last, last & 0xc0 == 0x80 { text.removeLast() }
            if let last = text.last, last >= 0xc0 { text.removeLast() }
        }
        add(EDNSOption(.extendedError, [UInt8(code >> 8), UInt8(code & 255)] + text).wire)
    }

    private mutating func add(_ option: [UInt8]) {
        guard query.questionEnd + Self.optLength + optionsLength + option.count <= limit else { return }
        option.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (options + optionsLength).copyMemory(from: base, byteCount: bytes.count)
        }
        optionsLength += option.count
    }

    /// Has the COOKIE option sent that answers the only option of the query; false where that is another one.
    mutating func takeLoneCookie(
        _ made: ReplyOptions, in packet: UnsafeRawBufferPointer, client: () -> IPAddress
    ) -> Bool? {
        guard query.questionEnd &+ Self.optLength &+ ReplyOptions.cookieLength <= limit,
            let isProven = made.writeLoneCookie(for: query, in: packet, to: options, client: client)
        else { return nil }
        optionsLength = ReplyOptions.cookieLength
        return isProven
    }

    // MARK: Records

    /// Writes an answer that a stage has kept, and finishes the reply; nil, with the reply as it was, for none.
    ///
    /// - Parameter take: writes records to the memory and the room, in bytes, that it is given.
    mutating func write(kept take: (UnsafeMutableRawPointer, Int) -> KeptAnswer?) -> (length: Int, kept: KeptAnswer)? {
        guard recordLimit > length, let kept = take(buffer + length, recordLimit &- length) else { return nil }
        length &+= kept.length
        answers = kept.answers
        authorities = kept.authorities
        additionals = kept.additionals
        isRecursionAvailable = kept.isRecursionAvailable
        isAuthenticData = kept.isAuthenticData && understandsAuthenticData
        return (finish(kept.code, isAuthoritative: kept.isAuthoritative), kept)
    }

    /// AD is only for who understands it (RFC 6840 §5.8).
    private var understandsAuthenticData: Bool {
        buffer.load(fromByteOffset: 3, as: UInt8.self) & 0x20 != 0 || query.hasEDNS && query.isDNSSECOK
    }

    /// Writes a ready-made answer.
    ///
    /// - Parameters:
    ///   - name: the lower-cased name, to tell whether the query spells its zone in another way.
    ///   - rotation: the generator that picks where addresses begin; nil for their own order.
    @inline(__always)
    mutating func write(
        _ body: Body, zone: UnsafePointer<ZoneSlot>, name: UnsafeRawPointer,
        rotation: UnsafeMutablePointer<UInt64>?
    ) {
        let size = body.length
        let flags = body.flags
        guard length &+ size <= recordLimit else {
            let start = length
            writePart(body, rotation: rotation)
            if query.type == .srv { respellZone(from: start, zone: zone, name: name) }
            return
        }
        let target = buffer + length
        if let rotation, flags.contains(.rotates) {
            copyRotated(body, to: target, count: Int(body.answers), rotation: rotation)
        } else {
            target.copyMemory(from: body.bytes, byteCount: size)
        }
        answers = body.answers
        additionals = body.additionals
        if flags.contains(.cut) { isTruncated = true }
        if query.type == .srv { respellZone(from: length, zone: zone, name: name) }
        length &+= size
    }

    /// The next number of a generator that is never 0.
    @inline(__always)
    static func random(_ generator: UnsafeMutablePointer<UInt64>) -> UInt64 {
        // xorshift: cheap, and good enough to spread clients over addresses.
        var state = generator.pointee
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        generator.pointee = state
        return state
    }

    /// Copies records of one length, beginning at a random one.
    @inline(__always)
    private func copyRotated(
        _ body: Body, to target: UnsafeMutableRawPointer, count: Int, rotation: UnsafeMutablePointer<UInt64>
    ) {
        let state = Self.random(rotation)
        let total = Int(body.answers)
        let unit = body.length / max(1, total)
        let first = Int(truncatingIfNeeded: (state >> 32 &* UInt64(truncatingIfNeeded: total)) >> 32)
        let tail = min(count, total &- first)
        target.copyMemory(from: body.bytes + first &* unit, byteCount: tail &* unit)
        (target + tail &* unit).copyMemory(from: body.bytes, byteCount: (count &- tail) &* unit)
    }

    /// As many records as fit: TC only where an answer falls out, additional ones may go silently (RFC 2181 §9).
    private mutating func writePart(_ body: Body, rotation: UnsafeMutablePointer<UInt64>?) {
        isTruncated = true
        let room = max(0, recordLimit &- length)
        if let rotation, body.flags.contains(.rotates) {
            let unit = body.length / max(1, Int(body.answers))
            let count = min(Int(body.answers), room / max(1, unit))
            copyRotated(body, to: buffer + length, count: count, rotation: rotation)
            answers = UInt16(truncatingIfNeeded: count)
            length &+= count &* unit
            return
        }
        let records = UnsafeRawBufferPointer(start: body.bytes, count: body.length)
        var end = 0
        var taken: UInt16 = 0
        while taken < body.answers &+ body.additionals, let next = Self.recordEnd(records, from: end), next <= room {
            end = next
            taken &+= 1
        }
        (buffer + length).copyMemory(from: body.bytes, byteCount: end)
        answers = min(taken, body.answers)
        additionals = taken &- answers
        isTruncated = taken < body.answers || body.flags.contains(.cut)
        length &+= end
    }

    /// The end of the record at `start`; nil where none ends inside the bytes.
    static func recordEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            let length = Int(bytes[index])
            if length == 0 {
                index &+= 1
                break
            }
            if length >= 0xc0 {
                index &+= 2
                break
            }
            index &+= 1 &+ length
        }
        guard index &+ 10 <= bytes.count else { return nil }
        let end = index &+ 10 &+ (Int(bytes[index &+ 8]) << 8 | Int(bytes[index &+ 9]))
        return end <= bytes.count ? end : nil
    }

    /// Targets of SRV records end in the zone's name as the query spells it; they hold no compression (RFC 2782).
    private func respellZone(from start: Int, zone: UnsafePointer<ZoneSlot>, name: UnsafeRawPointer) {
        let apexLength = zone.pointee.apexLength
        let offset = query.nameLength &- apexLength
        guard offset >= 0 else { return }
        let asked = buffer + (12 &+ offset)
        var differs = false
        for index in 0..<apexLength
        where asked.load(fromByteOffset: index, as: UInt8.self)
            != name.load(fromByteOffset: offset &+ index, as: UInt8.self)
        {
            differs = true
        }
        guard differs else { return }
        // Answers own the name asked for, by a pointer of two bytes; type to length take ten more.
        var record = start
        for _ in 0..<answers {
            let high = Int(buffer.load(fromByteOffset: record &+ 10, as: UInt8.self))
            let length = high << 8 | Int(buffer.load(fromByteOffset: record &+ 11, as: UInt8.self))
            let end = record &+ 12 &+ length
            let tail = buffer + (end &- apexLength)
            if length >= 6 &+ apexLength, Self.isSameName(tail, name + offset, apexLength) {
                tail.copyMemory(from: asked, byteCount: apexLength)
            }
            record = end
        }
    }

    private static func isSameName(_ lhs: UnsafeRawPointer, _ rhs: UnsafeRawPointer, _ count: Int) -> Bool {
        (0..<count).allSatisfy {
            lhs.load(fromByteOffset: $0, as: UInt8.self) == rhs.load(fromByteOffset: $0, as: UInt8.self)
        }
    }

    /// Writes the zone's SOA record to the authority section (RFC 2308 §3).
    @inline(__always)
    mutating func writeDenial(_ zone: UnsafePointer<ZoneSlot>) {
        let slot = zone.pointee
        guard length &+ slot.denialLength <= recordLimit else {
            isTruncated = true
            return
        }
        let target = buffer + length
        target.copyMemory(from: slot.denial, byteCount: slot.denialLength)
        let pointer = UInt16(truncatingIfNeeded: 0xc000 | (12 &+ query.nameLength &- slot.apexLength)).bigEndian
        if slot.pointer0 >= 0 { target.storeBytes(of: pointer, toByteOffset: slot.pointer0, as: UInt16.self) }
        if slot.pointer1 >= 0 { target.storeBytes(of: pointer, toByteOffset: slot.pointer1, as: UInt16.self) }
        if slot.pointer2 >= 0 { target.storeBytes(of: pointer, toByteOffset: slot.pointer2, as: UInt16.self) }
        authorities = 1
        length &+= slot.denialLength
    }

    /// The answer to a query for all types: one HINFO record (RFC 8482 §4.2).
    mutating func writeMinimalAny(ttl: UInt32) {
        let data = RecordData.minimalAny.bytes
        guard length + 12 + data.count <= recordLimit else {
            isTruncated = true
            return
        }
        let record =
            [0xc0, 12, 0, UInt8(truncatingIfNeeded: RecordType.hinfo.rawValue), 0, 1]
            + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: ttl >> $0) }
            + [0, UInt8(truncatingIfNeeded: data.count)] + data
        (buffer + length).copyMemory(from: record, byteCount: record.count)
        answers = 1
        length += record.count
    }

    /// Writes what the stages say, in the order of sections, as far as it fits, and finishes the reply.
    ///
    /// - Parameters:
    ///   - name: the name in the question.
    ///   - isStream: whether what bounds datagrams does not count.
    ///   - own: the options that go back whatever the answer is; one that a stage sets comes in place of its own.
    mutating func write(_ response: Response, name: DomainName, isStream: Bool, options own: [EDNSOption]) -> Int {
        if !isStream, let most = response.udpLimit { limit = min(limit, max(512, most)) }
        take(options: own.filter { option in !response.options.contains { $0.code == option.code } })
        take(options: response.options)
        if let error = response.extendedError { take(extendedError: error) }
        let question = Array(UnsafeRawBufferPointer(start: buffer, count: query.questionEnd))
        var writer = MessageWriter(question: question, name: name, limit: recordLimit)
        writer.recordClass = query.recordClass
        var isCut = false
        for record in response.answers {
            guard writer.append(record) else {
                isCut = true
                break
            }
            answers &+= 1
        }
        for record in response.authorities where !isCut {
            if writer.append(record) { authorities &+= 1 } else { isCut = true }
        }
        for record in response.additionals where !isCut {
            guard writer.append(record) else {
                // Without its glue a referral leads nowhere, so its loss is told (RFC 9471).
                isCut = response.answers.isEmpty && !response.isAuthoritative
                break
            }
            additionals &+= 1
        }
        isTruncated = isCut || response.isTruncated
        isRecursionAvailable = response.isRecursionAvailable
        isAuthenticData = response.isAuthenticData && understandsAuthenticData
        length = writer.bytes.count
        writer.bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            buffer.copyMemory(from: base, byteCount: bytes.count)
        }
        if let isDesired = response.isRecursionDesired {
            // The header copies RD from the query, which stands in the same place.
            let flags = buffer.load(fromByteOffset: 2, as: UInt8.self)
            buffer.storeBytes(of: flags & 0xfe | (isDesired ? 1 : 0), toByteOffset: 2, as: UInt8.self)
        }
        return finish(response.code, isAuthoritative: response.isAuthoritative)
    }

    // MARK: Header and OPT

    /// Completes the header and appends the OPT record where the query had one; returns the length in bytes.
    @inline(__always)
    mutating func finish(_ code: ResponseCode, isAuthoritative: Bool = false) -> Int {
        let first = buffer.load(fromByteOffset: 2, as: UInt8.self)
        let second = buffer.load(fromByteOffset: 3, as: UInt8.self)
        buffer.storeBytes(
            of: 0x80 | first & 1 | (isAuthoritative ? 4 : 0) | (isTruncated ? 2 : 0), toByteOffset: 2, as: UInt8.self)
        buffer.storeBytes(
            of: second & 0x10 | (isRecursionAvailable ? 0x80 : 0) | (isAuthenticData ? 0x20 : 0)
                | UInt8(truncatingIfNeeded: code.rawValue & 15), toByteOffset: 3, as: UInt8.self)
        if query.hasEDNS {
            writeOPT(code)
            additionals &+= 1
        }
        let counts =
            1 << 48 | UInt64(answers) << 32 | UInt64(authorities) << 16 | UInt64(additionals)
        buffer.storeBytes(of: counts.bigEndian, toByteOffset: 4, as: UInt64.self)
        return length
    }

    @inline(__always)
    private mutating func writeOPT(_ code: ResponseCode) {
        let opt = buffer + length
        opt.storeBytes(of: 0, as: UInt8.self)
        opt.storeBytes(of: RecordType.opt.rawValue.bigEndian, toByteOffset: 1, as: UInt16.self)
        opt.storeBytes(of: UInt16(Responder.udpPayload).bigEndian, toByteOffset: 3, as: UInt16.self)
        opt.storeBytes(of: UInt8(truncatingIfNeeded: code.rawValue >> 4), toByteOffset: 5, as: UInt8.self)
        opt.storeBytes(of: 0, toByteOffset: 6, as: UInt8.self)
        opt.storeBytes(of: query.isDNSSECOK ? 0x80 : 0, toByteOffset: 7, as: UInt8.self)
        opt.storeBytes(of: 0, toByteOffset: 8, as: UInt8.self)
        opt.storeBytes(of: UInt16(truncatingIfNeeded: optionsLength).bigEndian, toByteOffset: 9, as: UInt16.self)
        length &+= Self.optLength
        guard optionsLength > 0 else { return }
        (buffer + length).copyMemory(from: options, byteCount: optionsLength)
        length &+= optionsLength
    }
}
