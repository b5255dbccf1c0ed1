import DNS

/// Composes the entries of names that the table has no entry for: those of endpoints and ports, and of addresses.
///
/// Uses memory of one reader's, which what is composed stands in until the next name is looked up.
@frozen
@usableFromInline
struct AnswerComposer {
    /// Where entries are composed; behind it room for a name and its key.
    @usableFromInline let memory: UnsafeMutableRawPointer

    /// Bytes for an entry: its header, three types, a name, and bodies of `maximumCopiedBytes` and a few records.
    static let entryCapacity = 12288
    private static let nameCapacity = 272
    private static let capacity = entryCapacity + nameCapacity + NameKey.maximumWords * 8

    static func make() -> AnswerComposer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        // Beyond a name's end its memory is read, though it does not count.
        (memory + entryCapacity).initializeMemory(as: UInt8.self, repeating: 0, count: capacity - entryCapacity)
        return AnswerComposer(memory: memory)
    }

    /// Room for a name, with what is read behind it.
    var name: UnsafeMutableRawPointer { memory + Self.entryCapacity }
    /// Room for a name's key.
    var words: UnsafeMutablePointer<UInt64> {
        (memory + (Self.entryCapacity + Self.nameCapacity)).assumingMemoryBound(to: UInt64.self)
    }

    /// An entry under way.
    private struct Draft {
        let memory: UnsafeMutableRawPointer
        /// Where the next byte goes.
        var end: Int
        var types = 0
        private var bodyStart = 0

        init(
            _ memory: UnsafeMutableRawPointer, _ words: UnsafePointer<UInt64>, length: Int, zone: Int, types: Int
        ) {
            self.memory = memory
            end = Entry.headerLength &+ types &* Entry.typeLength &+ (length &+ 7) & ~7
            Entry.writeHeader(
                to: memory, words: words, length: length, hash: 0, zone: zone, types: types, contents: 0)
        }

        mutating func begin() { bodyStart = end }

        mutating func finish(_ type: RecordType, _ flags: Body.Flags, _ answers: Int, _ additionals: Int) {
            Entry.writeType(
                to: memory, types, type: type, flags: flags, answers: UInt16(truncatingIfNeeded: answers),
                additionals: UInt16(truncatingIfNeeded: additionals), offset: bodyStart, length: end &- bodyStart)
            types &+= 1
        }

        @inline(__always)
        mutating func append<Number: FixedWidthInteger>(_ number: Number) {
            memory.storeBytes(of: number.bigEndian, toByteOffset: end, as: Number.self)
            end &+= MemoryLayout<Number>.size
        }

        @inline(__always)
        mutating func append(_ bytes: UnsafeRawPointer, _ length: Int) {
            (memory + end).copyMemory(from: bytes, byteCount: length)
            end &+= length
        }

        @inline(__always)
        mutating func record(owner: Int, _ type: RecordType, ttl: UInt32, length: Int) {
            append(UInt16(truncatingIfNeeded: 0xc000 | owner))
            append(type.rawValue)
            append(UInt16(1))
            append(ttl)
            append(UInt16(truncatingIfNeeded: length))
        }

        /// The address of an endpoint.
        mutating func address(_ block: ServiceBlock, _ endpoint: Int, ttl: UInt32) {
            let v4Count = block.v4Count
            if endpoint < v4Count {
                record(owner: 12, .a, ttl: ttl, length: 4)
                append(block.v4(endpoint))
            } else {
                record(owner: 12, .aaaa, ttl: ttl, length: 16)
                append(block.v6(endpoint &- v4Count))
            }
        }
    }

    // MARK: Names below a service

    /// The entry of a name below a service's; nil where it does not exist.
    ///
    /// - Parameters:
    ///   - words: the name as `NameKey.make` wrote it.
    ///   - length: the name's, in bytes.
    ///   - labels: the length of what stands before the service's name, in bytes.
    func entry(
        below service: Entry, _ words: UnsafePointer<UInt64>, length: Int, labels: Int, seed: UInt64
    ) -> Entry? {
        let block = ServiceBlock(service)
        let name = UnsafeRawPointer(words)
        let child = block.child(name, length: labels, seed: seed)
        guard child > 0 else {
            guard labels == 1 &+ Int(name.load(as: UInt8.self)), let endpoint = block.endpoint(dashed: name) else {
                return nil
            }
            return self.endpoint(endpoint, of: block, zone: service.zone, words, length: length)
        }
        let record = service.memory + child
        let payload = record + (2 &+ labels)
        switch record.load(as: UInt8.self) {
        case ServiceBlock.Kind.endpoint:
            let endpoint = Int(payload.loadUnaligned(as: UInt32.self))
            return self.endpoint(endpoint, of: block, zone: service.zone, words, length: length)
        case ServiceBlock.Kind.entry:
            return Entry(service.memory + Int(payload.loadUnaligned(as: UInt32.self)))
        case ServiceBlock.Kind.alike:
            return alike(service, words, length: length, labels: labels)
        case ServiceBlock.Kind.services:
            return services(payload, of: service, block, words, length: length, labels: labels)
        default:
            _ = Draft(memory, words, length: length, zone: service.zone, types: 0)
            return Entry(memory)
        }
    }

    /// One address, and a SRV record for each port that leads to the name itself.
    private func endpoint(
        _ endpoint: Int, of block: ServiceBlock, zone: Int, _ words: UnsafePointer<UInt64>, length: Int
    ) -> Entry {
        let ports = block.portSet(Int(block.portSet(ofEndpoint: endpoint)))
        let count = Int(ports.load(as: UInt8.self))
        let ttl = block.ttl
        var draft = Draft(memory, words, length: length, zone: zone, types: count > 0 ? 2 : 1)
        draft.begin()
        draft.address(block, endpoint, ttl: ttl)
        draft.finish(endpoint < block.v4Count ? .a : .aaaa, [], 1, 0)
        guard count > 0 else { return Entry(memory) }
        draft.begin()
        appendServices(ports, to: &draft, ttl: ttl, target: UnsafeRawPointer(words), length: length)
        draft.address(block, endpoint, ttl: ttl)
        draft.finish(.srv, [], count, 1)
        return Entry(memory)
    }

    private func appendServices(
        _ ports: UnsafeRawPointer, to draft: inout Draft, ttl: UInt32, target: UnsafeRawPointer, length: Int
    ) {
        let weight = ports.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        for index in 0..<Int(ports.load(as: UInt8.self)) {
            draft.record(owner: 12, .srv, ttl: ttl, length: 6 &+ length)
            draft.append(UInt16(0))
            draft.append(weight)
            draft.append(ports.loadUnaligned(fromByteOffset: 4 &+ 2 &* index, as: UInt16.self))
            draft.append(target, length)
        }
    }

    /// The service's own answers; what points behind the question moves on by the length of the labels before it.
    private func alike(_ service: Entry, _ words: UnsafePointer<UInt64>, length: Int, labels: Int) -> Entry {
        let types = service.typeCount
        var draft = Draft(memory, words, length: length, zone: service.zone, types: types)
        var slot = service.memory + Entry.headerLength
        for _ in 0..<types {
            let body = Body(entry: service.memory, slot: slot)
            draft.begin()
            let start = draft.end
            draft.append(body.bytes, body.length)
            var record = start
            // The owners of all records are pointers, those of answers to the question itself.
            for index in 0..<(Int(body.answers) &+ Int(body.additionals)) {
                let pointer = UInt16(bigEndian: memory.loadUnaligned(fromByteOffset: record, as: UInt16.self))
                if index >= Int(body.answers) {
                    memory.storeBytes(
                        of: (pointer &+ UInt16(truncatingIfNeeded: labels)).bigEndian, toByteOffset: record,
                        as: UInt16.self)
                }
                record &+=
                    12
                    &+ Int(UInt16(bigEndian: memory.loadUnaligned(fromByteOffset: record &+ 10, as: UInt16.self)))
            }
            draft.finish(
                RecordType(rawValue: slot.load(as: UInt16.self)), body.flags, Int(body.answers),
                Int(body.additionals))
            slot += Entry.typeLength
        }
        return Entry(memory)
    }

    /// The service's addresses, and SRV records of single ports that lead to it.
    private func services(
        _ ports: UnsafeRawPointer, of service: Entry, _ block: ServiceBlock, _ words: UnsafePointer<UInt64>,
        length: Int, labels: Int
    ) -> Entry {
        let bodies = [RecordType.a, .aaaa]
        let v4 = service.body(for: bodies[0])
        let v6 = service.body(for: bodies[1])
        let count = Int(ports.load(as: UInt8.self))
        let families = (v4 == nil ? 0 : 1) &+ (v6 == nil ? 0 : 1)
        let hasServices = families > 0 && count > 0
        var draft = Draft(
            memory, words, length: length, zone: service.zone, types: families &+ (hasServices ? 1 : 0))
        if let v4 {
            draft.begin()
            draft.append(v4.bytes, v4.length)
            draft.finish(.a, v4.flags, Int(v4.answers), 0)
        }
        if let v6 {
            draft.begin()
            draft.append(v6.bytes, v6.length)
            draft.finish(.aaaa, v6.flags, Int(v6.answers), 0)
        }
        guard hasServices else { return Entry(memory) }
        draft.begin()
        appendServices(
            ports, to: &draft, ttl: block.ttl, target: UnsafeRawPointer(words) + labels, length: length &- labels)
        let isIPv6First = ports.load(fromByteOffset: 1, as: UInt8.self) != 0
        if isIPv6First, let v6 { appendGlue(v6, to: &draft, labels: labels) }
        if let v4 { appendGlue(v4, to: &draft, labels: labels) }
        if !isIPv6First, let v6 { appendGlue(v6, to: &draft, labels: labels) }
        draft.finish(.srv, [], count, Int(v4?.answers ?? 0) &+ Int(v6?.answers ?? 0))
        return Entry(memory)
    }

    /// The service's addresses as additional records: their owner stands in the question behind the labels.
    private func appendGlue(_ body: Body, to draft: inout Draft, labels: Int) {
        let start = draft.end
        draft.append(body.bytes, body.length)
        let unit = body.length / max(1, Int(body.answers))
        for index in 0..<Int(body.answers) {
            memory.storeBytes(
                of: UInt16(truncatingIfNeeded: 0xc00c &+ labels).bigEndian, toByteOffset: start &+ index &* unit,
                as: UInt16.self)
        }
    }

    // MARK: Names of addresses

    /// The entry of an address's name that leads to a service, or to its first endpoint with the address; nil where
    /// it has none.
    func pointer(
        to service: Entry, _ address: AddressName.Address, _ kind: AddressReference.Kind, zone: Int,
        _ words: UnsafePointer<UInt64>, length: Int
    ) -> Entry? {
        let block = ServiceBlock(service)
        var label: UnsafeRawPointer?
        var labelLength = 0
        if kind == .endpoint {
            let found: Int?
            switch address {
            case .v4(let value): found = block.endpoint(v4: value)
            case .v6(let value): found = block.endpoint(v6: value)
            }
            guard let found else { return nil }
            let child = block.label(ofEndpoint: found)
            if child > 0 {
                labelLength = Int(service.memory.load(fromByteOffset: child &+ 1, as: UInt8.self))
                label = service.memory + (child &+ 2)
            } else if case .v4(let value) = address {
                labelLength = DashedAddress.write(value, to: name)
                label = UnsafeRawPointer(name)
            } else {
                return nil
            }
        }
        var draft = Draft(memory, words, length: length, zone: zone, types: 1)
        draft.begin()
        draft.record(owner: 12, .ptr, ttl: block.ttl, length: labelLength &+ service.nameLength)
        if let label { draft.append(label, labelLength) }
        draft.append(UnsafeRawPointer(service.words), service.nameLength)
        draft.finish(.ptr, [], 1, 0)
        return Entry(memory)
    }
}

/// Reads the names of whole addresses (RFC 1035 §3.5, RFC 3596 §2.5).
enum AddressName {
    enum Address {
        case v4(UInt32)
        case v6(UInt128)
    }

    /// `\4arpa\0`, as a number of which the upper two bytes do not count.
    private static let suffix: UInt64 = 0x00_61_70_72_61_04

    /// The address of a name; nil for names of anything else.
    ///
    /// - Parameter name: lower-cased, `length` bytes; the memory has room for a multiple of eight.
    static func read(_ name: UnsafeRawPointer, length: Int) -> Address? {
        // The shortest is that of an IPv4 address.
        guard length >= 22 else { return nil }
        let tail = name.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self).littleEndian
        guard tail >> 16 == suffix else { return nil }
        return name.load(as: UInt8.self) == 1 && length == 74
            ? v6(name) ?? v4(name, length: length)
            : v4(name, length: length)
    }

    private static let inAddr: UInt64 = 0x72_64_64_61_2d_6e_69_07

    private static func v4(_ name: UnsafeRawPointer, length: Int) -> Address? {
        var value: UInt32 = 0
        var index = 0
        for part in 0..<4 {
            guard index &+ 14 < length else { return nil }
            let end = index &+ 1 &+ Int(name.load(fromByteOffset: index, as: UInt8.self))
            guard end &- index <= 4 else { return nil }
            index &+= 1
            guard let octet = Decimal.read(name, &index, end: end), index == end else { return nil }
            value |= octet << UInt32(8 &* part)
        }
        guard index &+ 14 == length,
            name.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian == inAddr
        else { return nil }
        return .v4(value)
    }

    private static func v6(_ name: UnsafeRawPointer) -> Address? {
        var value: UInt128 = 0
        for part in 0..<32 {
            guard name.load(fromByteOffset: 2 &* part, as: UInt8.self) == 1 else { return nil }
            let digit = name.load(fromByteOffset: 2 &* part &+ 1, as: UInt8.self)
            let nibble: UInt8
            if digit &- 0x30 < 10 {
                nibble = digit &- 0x30
            } else if digit &- 0x61 < 6 {
                nibble = digit &- 0x57
            } else {
                return nil
            }
            value |= UInt128(nibble) << UInt128(4 &* part)
        }
        // Behind the 64 bytes: `\3ip6\4arpa\0`.
        guard name.loadUnaligned(fromByteOffset: 64, as: UInt32.self).littleEndian == 0x36_70_69_03 else { return nil }
        return .v6(value)
    }
}
