/// Writes the sections of a response after a question, with compression (RFC 1035 §4.1.4) and a size limit.
package struct MessageWriter {
    /// What has been written: the question's message first, then the records.
    package private(set) var bytes: [UInt8]
    /// The most bytes the message may grow to.
    package var limit: Int
    /// The class of the records written.
    package var recordClass = RecordClass.internet
    /// The name in the question, which most records are of.
    private let question: DomainName
    /// Offsets at which suffixes of names stand, keyed by their digest; what stands there is compared.
    private var offsets: [UInt64: Int] = [:]
    /// The owner of the last record, and where that stands: the records of an RRset follow each other.
    private var lastOwner: (name: DomainName, offset: Int)?
    /// The suffixes that the record being written has added, to be forgotten if it does not fit.
    private var added: [UInt64] = []

    /// Starts after a question: 12 bytes of header, `name`, type and class are taken as they stand in `bytes`.
    ///
    /// - Parameters:
    ///   - question: a header and one question, byte for byte as received.
    ///   - name: the name in that question.
    ///   - limit: the most bytes the message may grow to.
    package init(question: [UInt8], name: DomainName, limit: Int) {
        bytes = question
        self.question = name
        self.limit = limit
        note(name, at: 12)
    }

    /// Starts after a blank header and a question of `name`: for bodies that are to follow any such question.
    package init(for name: DomainName, limit: Int = 65535) {
        self.init(question: [UInt8](repeating: 0, count: 12) + name.wire + [0, 0, 0, 1], name: name, limit: limit)
    }

    /// Appends a record; false, with nothing written, where it does not fit.
    package mutating func append(_ record: Record) -> Bool {
        let start = bytes.count
        added.removeAll(keepingCapacity: true)
        writeOwner(record.owner)
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
            lastOwner = nil
            return false
        }
        bytes[lengthOffset] = UInt8(length >> 8)
        bytes[lengthOffset + 1] = UInt8(length & 255)
        return true
    }

    private mutating func writeOwner(_ name: DomainName) {
        // The same bytes in the same memory, as a rule.
        if let lastOwner, lastOwner.name.wire == name.wire { return write16(0xc000 | UInt16(lastOwner.offset)) }
        let start = bytes.count
        write(name, compressing: true)
        guard !name.isRoot else { return lastOwner = nil }
        // Every other name takes three bytes at least.
        let isPointer = bytes.count == start + 2
        let offset = isPointer ? Int(bytes[start] & 0x3f) << 8 | Int(bytes[start + 1]) : start
        lastOwner = offset < 0x4000 ? (name, offset) : nil
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
        if compressing, !name.isRoot, name == question { return write16(0xc00c) }
        Self.withSuffixes(of: name) { suffixes in
            for suffix in suffixes {
                if let offset = offsets[suffix.digest], stands(name, from: suffix.start, at: offset) {
                    guard !compressing else { return write16(0xc000 | UInt16(offset)) }
                    // What is above a known suffix is known as well.
                    bytes.append(contentsOf: name.wire[suffix.start...])
                    return
                }
                if bytes.count < 0x4000, offsets[suffix.digest] == nil {
                    offsets[suffix.digest] = bytes.count
                    added.append(suffix.digest)
                }
                bytes.append(contentsOf: name.wire[suffix.start..<suffix.end])
            }
            bytes.append(0)
        }
    }

    private mutating func note(_ name: DomainName, at offset: Int) {
        Self.withSuffixes(of: name) { suffixes in
            for suffix in suffixes where offsets[suffix.digest] == nil {
                offsets[suffix.digest] = offset + suffix.start
            }
        }
    }

    /// Whether the rest of a name stands at an offset of the message, its pointers followed.
    private func stands(_ name: DomainName, from start: Int, at offset: Int) -> Bool {
        var (index, place) = (start, offset)
        while place < bytes.count {
            let length = bytes[place]
            if length >= 0xc0 {
                guard place + 1 < bytes.count else { return false }
                let target = Int(length & 0x3f) << 8 | Int(bytes[place + 1])
                // Pointers lead backwards, so this ends.
                guard target < place else { return false }
                place = target
                continue
            }
            guard index < name.wire.count, length == name.wire[index] else { return false }
            if length == 0 { return true }
            for step in 1...Int(length) {
                guard place + step < bytes.count, index + step < name.wire.count,
                    DomainName.lowercased(bytes[place + step]) == DomainName.lowercased(name.wire[index + step])
                else { return false }
            }
            place += 1 + Int(length)
            index += 1 + Int(length)
        }
        return false
    }

    /// A name from one of its labels on: where that starts and ends, and a number that is the same for equal names.
    private struct Suffix {
        let start: Int
        let end: Int
        var digest: UInt64
    }

    /// Hands over the suffixes of a name but the root, the longest first.
    private static func withSuffixes(of name: DomainName, _ body: (UnsafeMutableBufferPointer<Suffix>) -> Void) {
        // A name of 255 bytes has 127 labels at most.
        withUnsafeTemporaryAllocation(of: Suffix.self, capacity: 128) { buffer in
            name.wire.withUnsafeBufferPointer { wire in
                var count = 0
                var index = 0
                while wire[index] != 0 {
                    let end = index + 1 + Int(wire[index])
                    buffer.initializeElement(at: count, to: Suffix(start: index, end: end, digest: 0))
                    index = end
                    count += 1
                }
                // From the right, so that each digest takes the one before along (FNV-1a).
                var digest: UInt64 = 0xcbf2_9ce4_8422_2325
                for number in (0..<count).reversed() {
                    for index in buffer[number].start..<buffer[number].end {
                        digest = (digest ^ UInt64(DomainName.lowercased(wire[index]))) &* 0x0000_0100_0000_01b3
                    }
                    buffer[number].digest = digest
                }
                body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private mutating func write16(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(number & 255))
    }
}
