/// Reads records out of messages, from whoever they are: bounds are checked, and a broken record yields nil.
package enum RecordReader {
    /// A record as it stands in a message, its data not yet read.
    struct Raw {
        var owner: DomainName
        var type: RecordType
        var recordClass: RecordClass
        var ttl: UInt32
        var data: Range<Int>
    }

    /// What the last pointer at the end of an owner name led to: the owners of an RRset all lead to one place, and are
    /// one name in memory then.
    struct LastTarget {
        fileprivate var offset = 0
        fileprivate var name = DomainName.root
    }

    /// No writer needs more pointers in a name than a name has labels (RFC 1035 §2.3.4).
    private static let maximumPointers = 127

    /// The `count` records that start at `offset` of a message; nil where they do not end inside it.
    package static func records(in message: [UInt8], at offset: inout Int, count: Int) -> [Record]? {
        var records: [Record] = []
        var last = LastTarget()
        for _ in 0..<count {
            guard let raw = next(in: message, at: &offset, last: &last), let data = data(of: raw, in: message) else {
                return nil
            }
            records.append(Record(owner: raw.owner, ttl: raw.ttl, data: data))
        }
        return records
    }

    /// The record at `offset`, which moves behind it.
    ///
    /// - Parameter last: of the record before it in the same message.
    static func next(in message: [UInt8], at offset: inout Int, last: inout LastTarget) -> Raw? {
        guard let owner = name(in: message, at: &offset, last: &last), offset + 10 <= message.count else { return nil }
        let start = offset
        func number(_ index: Int) -> UInt16 { UInt16(message[start + index]) << 8 | UInt16(message[start + index + 1]) }
        let end = start + 10 + Int(number(8))
        guard end <= message.count else { return nil }
        offset = end
        return Raw(
            owner: owner, type: RecordType(rawValue: number(0)), recordClass: RecordClass(rawValue: number(2)),
            ttl: UInt32(number(4)) << 16 | UInt32(number(6)), data: (start + 10)..<end)
    }

    /// Where the names stand in the data of types that may hold compressed ones (RFC 1035 §3.3, RFC 3597 §4).
    private struct Layout {
        /// Bytes in front of the names.
        var fixed = 0
        /// Texts of a length byte and as many bytes, after those.
        var texts = 0
        var names: Int
        /// Bytes behind the names; nil for any number.
        var rest: Int? = 0

        static func of(_ type: RecordType) -> Layout? {
            switch type.rawValue {
            // NS, MD, MF, CNAME, MB, MG, MR, PTR, NSAP-PTR, DNAME
            case 2, 3, 4, 5, 7, 8, 9, 12, 23, 39: Layout(names: 1)
            // MINFO, RP
            case 14, 17: Layout(names: 2)
            // MX, AFSDB, RT, KX
            case 15, 18, 21, 36: Layout(fixed: 2, names: 1)
            // SOA
            case 6: Layout(names: 2, rest: 20)
            // SIG
            case 24: Layout(fixed: 18, names: 1, rest: nil)
            // PX
            case 26: Layout(fixed: 2, names: 2)
            // NXT
            case 30: Layout(names: 1, rest: nil)
            // SRV
            case 33: Layout(fixed: 6, names: 1)
            // NAPTR
            case 35: Layout(fixed: 4, texts: 3, names: 1)
            default: nil
            }
        }
    }

    /// The data of a record with its names spelled out; nil where it is none of its type.
    static func data(of raw: Raw, in message: [UInt8]) -> RecordData? {
        guard let layout = Layout.of(raw.type) else {
            // Others look at addresses without asking for their length.
            if raw.type == .a, raw.data.count != 4 { return nil }
            if raw.type == .aaaa, raw.data.count != 16 { return nil }
            return RecordData(type: raw.type, bytes: Array(message[raw.data]))
        }
        var index = raw.data.lowerBound + layout.fixed
        for _ in 0..<layout.texts {
            guard index < raw.data.upperBound else { return nil }
            index += 1 + Int(message[index])
        }
        guard index <= raw.data.upperBound else { return nil }
        var bytes = Array(message[raw.data.lowerBound..<index])
        for _ in 0..<layout.names {
            guard let name = name(in: message, at: &index), index <= raw.data.upperBound else { return nil }
            bytes += name.wire
        }
        guard layout.rest.map({ raw.data.upperBound - index == $0 }) ?? true else { return nil }
        bytes += message[index..<raw.data.upperBound]
        return bytes.count <= 65535 ? RecordData(type: raw.type, bytes: bytes) : nil
    }

    /// The name at `offset`, which moves behind it; each pointer must point further back than the last.
    package static func name(in message: [UInt8], at offset: inout Int) -> DomainName? {
        var last = LastTarget()
        return name(in: message, at: &offset, last: &last)
    }

    private static func name(in message: [UInt8], at offset: inout Int, last: inout LastTarget) -> DomainName? {
        var wire: [UInt8] = []
        var index = offset
        // Where the first pointer led to, and how much of the name stands before it.
        var (first, head) = (0, 0)
        var floor = offset
        var next: Int?
        var pointers = 0
        while index < message.count {
            let length = Int(message[index])
            if length >= 0xc0 {
                guard index + 1 < message.count else { return nil }
                let target = (length & 0x3f) << 8 | Int(message[index + 1])
                pointers += 1
                guard target < floor, target >= 12, pointers <= maximumPointers else { return nil }
                if next == nil {
                    if target == last.offset {
                        offset = index + 2
                        if wire.isEmpty { return last.name }
                        guard wire.count + last.name.wire.count <= 255 else { return nil }
                        return DomainName(uncheckedWire: wire + last.name.wire)
                    }
                    next = index + 2
                    (first, head) = (target, wire.count)
                }
                (index, floor) = (target, target)
            } else if length == 0 {
                wire.append(0)
                offset = next ?? index + 1
                let name = DomainName(uncheckedWire: wire)
                if first > 0 {
                    last = LastTarget(
                        offset: first, name: head == 0 ? name : DomainName(uncheckedWire: Array(wire[head...])))
                }
                return name
            } else {
                guard length <= 63, index + 1 + length <= message.count, wire.count + length < 254 else { return nil }
                if wire.isEmpty { wire.reserveCapacity(32) }
                wire += message[index...(index + length)]
                index += 1 + length
            }
        }
        return nil
    }
}
