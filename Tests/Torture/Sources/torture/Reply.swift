import BenchmarkSupport

/// A record of a reply, as text that can be compared: names in lower case, data as people write it.
struct ReplyRecord: Hashable {
    let owner: String
    let type: RecordType
    let recordClass: UInt16
    let ttl: UInt32
    let data: String
}

/// A reply, read whole: every section to the last octet.
struct Reply {
    let identifier: UInt16
    let flags: UInt16
    /// The octets of the question section.
    let question: ArraySlice<UInt8>
    let answer: [ReplyRecord]
    let authority: [ReplyRecord]
    let additional: [ReplyRecord]

    var responseCode: UInt16 { flags & 0xF }
    var isAuthoritative: Bool { flags & 0x400 != 0 }
    var isTruncated: Bool { flags & 0x200 != 0 }
    var isResponse: Bool { flags & 0x8000 != 0 }

    /// nil where the packet is no message, or has octets behind its end.
    init?(_ packet: [UInt8]) {
        var reader = MessageReader(packet: packet)
        guard let identifier = reader.readUInt16(), let flags = reader.readUInt16(),
            let questions = reader.readUInt16(), let answers = reader.readUInt16(),
            let authorities = reader.readUInt16(), let additionals = reader.readUInt16(), questions <= 1
        else { return nil }
        let start = reader.offset
        for _ in 0..<questions { guard reader.readName() != nil, reader.skip(4) else { return nil } }
        self.identifier = identifier
        self.flags = flags
        question = packet[start..<reader.offset]
        guard let answer = reader.readRecords(answers), let authority = reader.readRecords(authorities),
            let additional = reader.readRecords(additionals), reader.offset == packet.count
        else { return nil }
        (self.answer, self.authority, self.additional) = (answer, authority, additional)
    }

    /// What the reply is in a line of a report.
    var summary: String {
        let sections = [("answer", answer), ("authority", authority), ("additional", additional)]
            .filter { !$0.1.isEmpty }
            .map { "\($0.0) " + $0.1.map { "\($0.owner) \($0.ttl) \($0.type) \($0.data)" }.joined(separator: ", ") }
        return (["rcode \(responseCode)\(isAuthoritative ? " aa" : "")"] + sections).joined(separator: "; ")
    }
}

/// Reads a message from its start, never past its end (RFC 1035 §4.1).
private struct MessageReader {
    let packet: [UInt8]
    var offset = 0

    mutating func read(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= packet.count - offset else { return nil }
        defer { offset += count }
        return packet[offset..<offset + count]
    }

    mutating func skip(_ count: Int) -> Bool { read(count) != nil }

    mutating func readUInt16() -> UInt16? {
        read(2).map { UInt16($0[$0.startIndex]) << 8 | UInt16($0[$0.startIndex + 1]) }
    }

    mutating func readUInt32() -> UInt32? {
        guard let high = readUInt16(), let low = readUInt16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// A name, its compression pointers followed; in lower case with a dot at the end.
    mutating func readName() -> String? {
        guard let (name, end) = name(at: offset) else { return nil }
        offset = end
        return name
    }

    private func name(at start: Int) -> (name: String, end: Int)? {
        var (place, end, text) = (start, -1, "")
        for _ in 0..<128 {
            guard place < packet.count else { return nil }
            let length = Int(packet[place])
            if length == 0 { return (text.isEmpty ? "." : text, end < 0 ? place + 1 : end) }
            if length >= 0xC0 {
                guard place + 1 < packet.count else { return nil }
                if end < 0 { end = place + 2 }
                let target = (length & 0x3F) << 8 | Int(packet[place + 1])
                // Pointers lead back only: no loops.
                guard target < place else { return nil }
                place = target
                continue
            }
            guard length < 64, place + 1 + length <= packet.count else { return nil }
            text += String(decoding: packet[place + 1..<place + 1 + length], as: UTF8.self).lowercased() + "."
            place += 1 + length
        }
        return nil
    }

    mutating func readRecords(_ count: UInt16) -> [ReplyRecord]? {
        var records: [ReplyRecord] = []
        for _ in 0..<count {
            guard let record = readRecord() else { return nil }
            records.append(record)
        }
        return records
    }

    private mutating func readRecord() -> ReplyRecord? {
        guard let owner = readName(), let type = readUInt16(), let recordClass = readUInt16(),
            let ttl = readUInt32(), let size = readUInt16(), Int(size) <= packet.count - offset
        else { return nil }
        let end = offset + Int(size)
        guard let data = readData(RecordType(rawValue: type), size: Int(size)), offset == end else { return nil }
        return ReplyRecord(
            owner: owner, type: RecordType(rawValue: type), recordClass: recordClass, ttl: ttl, data: data)
    }

    private mutating func readData(_ type: RecordType, size: Int) -> String? {
        switch type {
        case .a:
            guard size == 4, let octets = read(4) else { return nil }
            return octets.map(String.init).joined(separator: ".")
        case .ptr, .cname: return readName()
        case .srv:
            guard let priority = readUInt16(), let weight = readUInt16(), let port = readUInt16(),
                let target = readName()
            else { return nil }
            return "\(priority) \(weight) \(port) \(target)"
        case .txt:
            guard let octets = read(size) else { return nil }
            return String(decoding: octets.dropFirst(), as: UTF8.self)
        case .soa:
            guard let server = readName(), let mailbox = readName(), skip(20) else { return nil }
            return "\(server) \(mailbox)"
        default:
            guard let octets = read(size) else { return nil }
            return octets.map { String($0, radix: 16) }.joined(separator: " ")
        }
    }
}
