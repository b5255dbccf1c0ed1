import DNS

/// The body of an answer whose compression is known without a search: all owners stand in the question, and no name
/// in the data shares a label with what stands before it.
///
/// Nearly all names of a cluster are like that, and a whole cluster is written at its first list. The bytes are those
/// that `MessageWriter` writes.
struct PlainBody {
    private(set) var bytes: [UInt8] = []

    /// nil where `MessageWriter` has to see to it.
    init?(to name: DomainName, answers: [Record], additionals: [Record]) {
        guard !name.isRoot else { return nil }
        var size = 0
        for record in answers {
            switch record.type {
            case .a, .aaaa, .srv: break
            case .ptr:
                // Several may share labels with each other.
                guard answers.count == 1, !Self.sharesLastLabel(name.wire, record.data.bytes) else { return nil }
            default: return nil
            }
            size += 12 + record.data.bytes.count
        }
        for record in additionals {
            guard record.type == .a || record.type == .aaaa else { return nil }
            size += 12 + record.data.bytes.count
        }
        guard 12 + name.wire.count + 4 + size <= 65535 else { return nil }
        bytes.reserveCapacity(size)
        for record in answers { guard append(record, name) else { return nil } }
        for record in additionals { guard append(record, name) else { return nil } }
    }

    private mutating func append(_ record: Record, _ question: DomainName) -> Bool {
        guard let place = Self.place(of: record.owner.wire, in: question.wire) else { return false }
        let pointer = 0xc000 | UInt16(12 + place)
        let (type, ttl, length) = (record.type.rawValue, record.ttl, UInt16(record.data.bytes.count))
        write16(pointer)
        write16(type)
        write16(RecordClass.internet.rawValue)
        write16(UInt16(truncatingIfNeeded: ttl >> 16))
        write16(UInt16(truncatingIfNeeded: ttl))
        write16(length)
        bytes.append(contentsOf: record.data.bytes)
        return true
    }

    private mutating func write16(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(number & 255))
    }

    /// Where a name stands as the end of another one, not as the root alone; nil where it does not.
    private static func place(of suffix: [UInt8], in name: [UInt8]) -> Int? {
        guard suffix.count > 1 else { return nil }
        var place = 0
        while place < name.count, name[place] != 0 {
            let left = name.count - place
            if left < suffix.count { return nil }
            if left == suffix.count {
                let isSame = name[place...].elementsEqual(suffix) {
                    $0 == $1 || DomainName.lowercased($0) == DomainName.lowercased($1)
                }
                return isSame ? place : nil
            }
            place += 1 + Int(name[place])
        }
        return nil
    }

    /// Whether two names may end alike; what is no name shares nothing.
    private static func sharesLastLabel(_ name: [UInt8], _ other: [UInt8]) -> Bool {
        guard let own = lastLabel(of: name), let its = lastLabel(of: other) else { return false }
        return own.elementsEqual(its) { DomainName.lowercased($0) == DomainName.lowercased($1) }
    }

    private static func lastLabel(of name: [UInt8]) -> ArraySlice<UInt8>? {
        var (last, place) = (0, 0)
        while place < name.count, name[place] != 0 {
            last = place
            place += 1 + Int(name[place])
        }
        return place < name.count && place > 0 ? name[last..<place] : nil
    }
}
