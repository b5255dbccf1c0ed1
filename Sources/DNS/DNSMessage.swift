/// A whole message as values (RFC 1035 §4, RFC 6891): what comes back from servers that we ask.
///
/// Records of classes other than IN are not kept, and neither is the OPT record, which `edns` stands for.
package struct DNSMessage: Hashable, Sendable {
    package struct Question: Hashable, Sendable {
        package var name: DomainName
        package var type: RecordType
        package var recordClass: RecordClass

        package init(_ name: DomainName, _ type: RecordType, _ recordClass: RecordClass = .internet) {
            self.name = name
            self.type = type
            self.recordClass = recordClass
        }
    }

    package var id: UInt16 = 0
    /// QR.
    package var isResponse = false
    package var opcode = Opcode.query
    /// AA.
    package var isAuthoritative = false
    /// TC.
    package var isTruncated = false
    /// RD.
    package var isRecursionDesired = false
    /// RA.
    package var isRecursionAvailable = false
    /// AD (RFC 4035 §3.2.3).
    package var isAuthenticData = false
    /// CD (RFC 4035 §3.2.2).
    package var isCheckingDisabled = false
    /// With the upper bits from the OPT record (RFC 6891 §6.1.3).
    package var code = ResponseCode.noError
    /// nil where the message has none, as some errors do not.
    package var question: Question?
    package var answers: [Record] = []
    package var authorities: [Record] = []
    package var additionals: [Record] = []
    /// nil where the message has no OPT record.
    package var edns: EDNS?

    package init(id: UInt16 = 0, question: Question? = nil) {
        self.id = id
        self.question = question
    }

    /// The most records read: as many as the largest message holds addresses of one name.
    package static let maximumRecords = 4096

    // MARK: Reading

    /// Reads a message from anybody; nil where it is none.
    ///
    /// Bytes behind the last record are ignored, and so is, in a message with TC set, a record that is not whole and
    /// all behind it. The cost is bounded by the message's length: a name follows at most 127 pointers, each of which
    /// leads further back.
    package static func read(_ bytes: [UInt8]) -> DNSMessage? {
        guard bytes.count >= 12 else { return nil }
        func number(_ index: Int) -> UInt16 { UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]) }
        var message = DNSMessage(id: number(0))
        message.takeFlags(number(2))
        let counts = stride(from: 6, through: 10, by: 2).map { Int(number($0)) }
        guard number(4) <= 1, counts.reduce(0, +) <= maximumRecords else { return nil }
        var offset = 12
        if number(4) == 1 {
            guard let name = RecordReader.name(in: bytes, at: &offset), offset + 4 <= bytes.count else { return nil }
            message.question = Question(
                name, RecordType(rawValue: number(offset)), RecordClass(rawValue: number(offset + 2)))
            offset += 4
        }
        var last = RecordReader.LastTarget()
        for (section, count) in counts.enumerated() {
            for _ in 0..<count {
                guard let raw = RecordReader.next(in: bytes, at: &offset, last: &last) else {
                    return message.isTruncated ? message : nil
                }
                guard message.take(raw, section: section, of: bytes) else { return nil }
            }
        }
        return message
    }

    private mutating func takeFlags(_ flags: UInt16) {
        isResponse = flags & 0x8000 != 0
        opcode = Opcode(rawValue: UInt8(flags >> 11 & 15))
        isAuthoritative = flags & 0x0400 != 0
        isTruncated = flags & 0x0200 != 0
        isRecursionDesired = flags & 0x0100 != 0
        isRecursionAvailable = flags & 0x0080 != 0
        isAuthenticData = flags & 0x0020 != 0
        isCheckingDisabled = flags & 0x0010 != 0
        code = ResponseCode(rawValue: flags & 15)
    }

    /// Adds a record to its section; false where it may not be in a message like this.
    private mutating func take(_ raw: RecordReader.Raw, section: Int, of bytes: [UInt8]) -> Bool {
        if raw.type == .opt {
            guard section == 2, edns == nil, raw.owner.isRoot, let options = Self.options(bytes[raw.data]) else {
                return false
            }
            edns = EDNS(
                udpPayload: raw.recordClass.rawValue, isDNSSECOK: raw.ttl & 0x8000 != 0, options: options)
            code = ResponseCode(rawValue: UInt16(raw.ttl >> 24) << 4 | code.rawValue & 15)
            return true
        }
        guard raw.recordClass == .internet else { return true }
        guard let data = RecordReader.data(of: raw, in: bytes) else { return false }
        // A TTL with its first bit set counts as zero (RFC 2181 §8).
        let record = Record(owner: raw.owner, ttl: raw.ttl > UInt32(Int32.max) ? 0 : raw.ttl, data: data)
        switch section {
        case 0: answers.append(record)
        case 1: authorities.append(record)
        default: additionals.append(record)
        }
        return true
    }

    private static func options(_ data: ArraySlice<UInt8>) -> [EDNSOption]? {
        var options: [EDNSOption] = []
        var rest = data
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let head = rest.prefix(4).map(UInt16.init)
            let length = Int(head[2] << 8 | head[3])
            rest = rest.dropFirst(4)
            guard rest.count >= length else { return nil }
            options.append(EDNSOption(OptionCode(rawValue: head[0] << 8 | head[1]), Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return options
    }

    // MARK: Writing

    /// The flags of a query, beside those that are always clear in one.
    package struct QueryFlags: Hashable, Sendable {
        /// RD.
        package var isRecursionDesired: Bool
        /// AD: AD is wanted in the answer (RFC 6840 §5.7).
        package var isAuthenticDataWanted: Bool
        /// CD.
        package var isCheckingDisabled: Bool

        package init(
            isRecursionDesired: Bool = true, isAuthenticDataWanted: Bool = false, isCheckingDisabled: Bool = false
        ) {
            self.isRecursionDesired = isRecursionDesired
            self.isAuthenticDataWanted = isAuthenticDataWanted
            self.isCheckingDisabled = isCheckingDisabled
        }
    }

    /// A query in wire form, for a server that we ask.
    package static func query(
        id: UInt16, name: DomainName, type: RecordType, recordClass: RecordClass = .internet,
        flags: QueryFlags = QueryFlags(), edns: EDNS? = nil
    ) -> [UInt8] {
        var message = DNSMessage(id: id, question: Question(name, type, recordClass))
        message.isRecursionDesired = flags.isRecursionDesired
        message.isAuthenticData = flags.isAuthenticDataWanted
        message.isCheckingDisabled = flags.isCheckingDisabled
        message.edns = edns
        return message.wire()
    }

    /// The message in wire form, names compressed, records of class IN.
    ///
    /// Records that do not fit are left out, from the first one on; TC says so where it was not an additional one. EDNS
    /// options that do not fit are left out together.
    /// - Parameter limit: bytes; the header, the question and the fixed part of the OPT record are written all the same.
    package func wire(limit: Int = 65535) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: 12)
        if let question {
            head += question.name.wire + Self.bytes(question.type.rawValue) + Self.bytes(question.recordClass.rawValue)
        }
        var options = edns.map { $0.options.flatMap(\.wire) } ?? []
        if head.count + 11 + options.count > limit || options.count > 65535 { options = [] }
        let room = limit - (edns == nil ? 0 : 11 + options.count)
        var writer = MessageWriter(question: head, name: question?.name ?? .root, limit: room)
        var counts: [UInt16] = [0, 0, 0]
        var isCut = false
        sections: for (section, records) in [answers, authorities, additionals].enumerated() {
            for record in records {
                guard writer.append(record) else {
                    isCut = section < 2
                    break sections
                }
                counts[section] += 1
            }
        }
        var message = writer.bytes
        if let edns {
            message += [0] + Self.bytes(RecordType.opt.rawValue) + Self.bytes(edns.udpPayload)
            message += [UInt8(truncatingIfNeeded: code.rawValue >> 4), 0, edns.isDNSSECOK ? 0x80 : 0, 0]
            message += Self.bytes(UInt16(options.count)) + options
            counts[2] += 1
        }
        let numbers = [id, flags | (isCut ? 0x0200 : 0), question == nil ? 0 : 1] + counts
        message.replaceSubrange(0..<12, with: numbers.flatMap(Self.bytes))
        return message
    }

    private var flags: UInt16 {
        func bit(_ isSet: Bool, _ place: UInt16) -> UInt16 { isSet ? 1 << place : 0 }
        return bit(isResponse, 15) | UInt16(opcode.rawValue & 15) << 11 | bit(isAuthoritative, 10)
            | bit(isTruncated, 9) | bit(isRecursionDesired, 8) | bit(isRecursionAvailable, 7)
            | bit(isAuthenticData, 5) | bit(isCheckingDisabled, 4) | code.rawValue & 15
    }

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
}
