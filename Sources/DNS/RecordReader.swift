/// Reads the records of a message that is our own: bodies of prepared answers, back into values.
///
/// Bounds are checked all the same: a broken body yields nil, never a read outside of it.
package enum RecordReader {
    /// The `count` records that start at `offset` of a message; nil where they do not end inside it.
    package static func records(in message: [UInt8], at offset: inout Int, count: Int) -> [Record]? {
        var records: [Record] = []
        for _ in 0..<count {
            guard let owner = name(in: message, at: &offset), offset + 10 <= message.count else { return nil }
            func number(_ index: Int) -> Int { Int(message[index]) << 8 | Int(message[index + 1]) }
            let type = RecordType(rawValue: UInt16(number(offset)))
            let ttl = UInt32(number(offset + 4)) << 16 | UInt32(number(offset + 6))
            let length = number(offset + 8)
            offset += 10
            let end = offset + length
            guard end <= message.count, let data = data(of: type, in: message, from: offset, to: end) else {
                return nil
            }
            offset = end
            records.append(Record(owner: owner, ttl: ttl, data: data))
        }
        return records
    }

    /// The data of a record with its names spelled out.
    private static func data(of type: RecordType, in message: [UInt8], from start: Int, to end: Int) -> RecordData? {
        var index = start
        var bytes: [UInt8] = []
        let fixed: Int
        let names: Int
        switch type {
        case .cname, .ns, .ptr: (fixed, names) = (0, 1)
        case .soa: (fixed, names) = (0, 2)
        case .mx: (fixed, names) = (2, 1)
        default: return RecordData(type: type, bytes: Array(message[start..<end]))
        }
        guard index + fixed <= end else { return nil }
        bytes += message[index..<(index + fixed)]
        index += fixed
        for _ in 0..<names {
            guard let name = name(in: message, at: &index), index <= end else { return nil }
            bytes += name.wire
        }
        return RecordData(type: type, bytes: bytes + message[index..<end])
    }

    /// The name at `offset`, which moves behind it; each pointer must point further back than the last.
    package static func name(in message: [UInt8], at offset: inout Int) -> DomainName? {
        var wire: [UInt8] = []
        var index = offset
        var floor = offset
        var next: Int?
        while index < message.count {
            let length = Int(message[index])
            if length >= 0xc0 {
                guard index + 1 < message.count else { return nil }
                let target = (length & 0x3f) << 8 | Int(message[index + 1])
                guard target < floor else { return nil }
                next = next ?? index + 2
                (index, floor) = (target, target)
            } else if length == 0 {
                wire.append(0)
                offset = next ?? index + 1
                return DomainName(wire: wire)
            } else {
                guard length <= 63, index + 1 + length <= message.count, wire.count + length < 255 else { return nil }
                wire += message[index...(index + length)]
                index += 1 + length
            }
        }
        return nil
    }
}
