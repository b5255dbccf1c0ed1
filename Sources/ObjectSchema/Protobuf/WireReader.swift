/// Takes a protobuf message apart into its fields (Protocol Buffers, "Encoding").
struct WireReader {
    enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case groupStart = 3
        case groupEnd = 4
        case fixed32 = 5
    }

    /// A field as it stands on the wire.
    enum Payload {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)

        var wireType: Int {
            switch self {
            case .number: Int(WireType.varint.rawValue)
            case .bytes: Int(WireType.bytes.rawValue)
            }
        }
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next field that has a value; nil at the end. Groups, which no type of ours has, are passed over.
    mutating func next() throws(WireError) -> (number: Int, payload: Payload)? {
        var openGroups = 0
        while !rest.isEmpty {
            let key = try varint()
            guard let type = WireType(rawValue: key & 7), let number = Int32(exactly: key >> 3), number > 0 else {
                throw WireError(.illegalKey(key))
            }
            let payload: Payload
            switch type {
            case .varint: payload = .number(try varint())
            case .fixed64: payload = .number(try fixed(8))
            case .fixed32: payload = .number(try fixed(4))
            case .bytes: payload = .bytes(try block())
            case .groupStart:
                openGroups += 1
                continue
            case .groupEnd:
                guard openGroups > 0 else { throw WireError(.illegalKey(key)) }
                openGroups -= 1
                continue
            }
            if openGroups == 0 { return (Int(number), payload) }
        }
        guard openGroups == 0 else { throw WireError(.truncated) }
        return nil
    }

    /// The next of several numbers without keys between them; nil at the end.
    mutating func nextPacked() throws(WireError) -> UInt64? {
        rest.isEmpty ? nil : try varint()
    }

    private mutating func varint() throws(WireError) -> UInt64 {
        var number: UInt64 = 0
        for position in 0..<10 {
            guard let byte = rest.popFirst() else { throw WireError(.truncated) }
            // The tenth byte has room for one bit.
            guard position < 9 || byte <= 1 else { throw WireError(.overlongNumber) }
            number |= UInt64(byte & 0x7f) << UInt64(7 * position)
            if byte < 0x80 { return number }
        }
        throw WireError(.overlongNumber)
    }

    private mutating func fixed(_ count: Int) throws(WireError) -> UInt64 {
        guard rest.count >= count else { throw WireError(.truncated) }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func block() throws(WireError) -> ArraySlice<UInt8> {
        guard let count = Int(exactly: try varint()), count <= rest.count else { throw WireError(.truncated) }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

/// A fault of the wire format, of whatever field.
struct WireError: Error {
    let reason: ProtobufError.Reason

    init(_ reason: ProtobufError.Reason) {
        self.reason = reason
    }
}
