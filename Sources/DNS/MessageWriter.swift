/// Writes the sections of a response after a question, with compression (RFC 1035 §4.1.4) and a size limit.
package struct MessageWriter {
    /// What has been written: the question's message first, then the records.
    package private(set) var bytes: [UInt8]
    /// The most bytes the message may grow to.
    package var limit: Int
    /// The class of the records written.
    package var recordClass = RecordClass.internet
    /// Offsets at which suffixes of names stand, keyed by their lower-cased wire form.
    private var offsets: [ArraySlice<UInt8>: Int] = [:]
    /// The suffixes that the record being written has added, to be forgotten if it does not fit.
    private var added: [ArraySlice<UInt8>] = []

    /// Starts after a question: 12 bytes of header, `name`, type and class are taken as they stand in `bytes`.
    ///
    /// - Parameters:
    ///   - question: a header and one question, byte for byte as received.
    ///   - name: the name in that question.
    ///   - limit: the most bytes the message may grow to.
    package init(question: [UInt8], name: DomainName, limit: Int) {
        bytes = question
        self.limit = limit
        note(name.lowercased.wire[...], at: 12)
    }

    /// Starts after a blank header and a question of `name`: for bodies that are to follow any such question.
    package init(for name: DomainName, limit: Int = 65535) {
        self.init(question: [UInt8](repeating: 0, count: 12) + name.wire + [0, 0, 0, 1], name: name, limit: limit)
    }

    /// Appends a record; false, with nothing written, where it does not fit.
    package mutating func append(_ record: Record) -> Bool {
        let start = bytes.count
        added.removeAll(keepingCapacity: true)
        write(record.owner, compressing: true)
        write16(record.type.rawValue)
        write16(recordClass.rawValue)
        write16(UInt16(truncatingIfNeeded: record.ttl >> 16))
        write16(UInt16(truncatingIfNeeded: record.ttl))
        let lengthOffset = bytes.count
        write16(0)
        write(record.data)
        let length = bytes.count - lengthOffset - 2
        guard bytes.count <= limit, length <= 65535 else {
            bytes.removeSubrange(start...)
            for suffix in added { offsets[suffix] = nil }
            return false
        }
        bytes[lengthOffset] = UInt8(length >> 8)
        bytes[lengthOffset + 1] = UInt8(length & 255)
        return true
    }

    private mutating func write(_ data: RecordData) {
        switch data.type {
        // Only the types of RFC 1035 may hold compressed names (RFC 3597 §4).
        case .cname, .ns, .ptr:
            if let name = data.target { return write(name, compressing: true) }
        case .soa:
            if let soa = StartOfAuthority(data) {
                write(soa.primary, compressing: true)
                write(soa.mailbox, compressing: true)
                bytes += data.bytes.suffix(20)
                return
            }
        case .mx:
            if let name = data.target {
                bytes += data.bytes.prefix(2)
                return write(name, compressing: true)
            }
        case .srv:
            if let target = data.target {
                bytes += data.bytes.prefix(6)
                return write(target, compressing: false)
            }
        default: break
        }
        bytes += data.bytes
    }

    private mutating func write(_ name: DomainName, compressing: Bool) {
        let wire = name.lowercased.wire
        var index = 0
        while wire[index] != 0 {
            if let offset = offsets[wire[index...]] {
                guard !compressing else { return write16(0xc000 | UInt16(offset)) }
            } else if bytes.count < 0x4000 {
                offsets[wire[index...]] = bytes.count
                added.append(wire[index...])
            }
            let end = index + 1 + Int(wire[index])
            bytes += name.wire[index..<end]
            index = end
        }
        bytes.append(0)
    }

    private mutating func note(_ wire: ArraySlice<UInt8>, at offset: Int) {
        var index = wire.startIndex
        while wire[index] != 0 {
            let suffix = wire[index...]
            if offsets[suffix] == nil { offsets[suffix] = offset + index - wire.startIndex }
            index += 1 + Int(wire[index])
        }
    }

    private mutating func write16(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(number & 255))
    }
}
