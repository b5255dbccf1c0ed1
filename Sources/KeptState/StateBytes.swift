import Registry

/// Writes numbers and texts of the state file.
struct StateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ byte: UInt8) { bytes.append(byte) }

    mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    /// Seven bits a byte, the lowest first; the last byte is below 128.
    mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(count: Int) { write(UInt64(count)) }

    mutating func write(_ text: String) {
        write(count: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ address: IPAddress) {
        switch address {
        case .v4(let value): withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        case .v6(let value): withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    mutating func write(raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

    /// Leaves room for places (`StateReader.place`), to be set later.
    ///
    /// - Returns: where they begin.
    mutating func reservePlaces(_ count: Int) -> Int {
        defer { bytes.append(contentsOf: repeatElement(0, count: 4 * count)) }
        return bytes.count
    }

    /// Notes the present end as a place.
    mutating func setPlace(_ index: Int, of start: Int) {
        let place = UInt32(truncatingIfNeeded: bytes.count)
        for byte in 0..<4 { bytes[start + 4 * index + byte] = UInt8(truncatingIfNeeded: place >> UInt32(8 * byte)) }
    }
}

/// Reads what `StateWriter` writes; every read is within the bytes, whatever they say.
struct StateReader {
    /// The bytes end too early, or say what cannot be.
    struct Damaged: Error, Hashable, Sendable {}

    private let bytes: [UInt8]
    private let end: Int
    private(set) var position: Int

    /// - Parameters:
    ///   - position: where reading begins, at or after 0.
    ///   - end: where it ends, at most at the end of the bytes.
    init(_ bytes: [UInt8], at position: Int, end: Int) {
        self.bytes = bytes
        self.end = min(end, bytes.count)
        self.position = min(max(0, position), self.end)
    }

    var isAtEnd: Bool { position == end }

    mutating func byte() throws(Damaged) -> UInt8 {
        guard position < end else { throw Damaged() }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func flag() throws(Damaged) -> Bool { try byte() != 0 }

    mutating func number() throws(Damaged) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Damaged()
    }

    /// A number of things of which each takes at least a byte.
    mutating func count() throws(Damaged) -> Int {
        guard let count = Int(exactly: try number()), count <= end - position else { throw Damaged() }
        return count
    }

    mutating func text() throws(Damaged) -> String {
        let range = try textRange()
        guard !range.isEmpty else { return "" }
        let text = bytes.withUnsafeBufferPointer { bytes in
            String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
        guard let text else { throw Damaged() }
        return text
    }

    /// Where the next text stands, which is passed over.
    mutating func textRange() throws(Damaged) -> Range<Int> {
        let count = try count()
        defer { position += count }
        return position..<(position + count)
    }

    mutating func address(_ family: IPFamily) throws(Damaged) -> IPAddress {
        let length = family.bitWidth / 8
        guard end - position >= length else { throw Damaged() }
        defer { position += length }
        return bytes.withUnsafeBytes { bytes in
            switch family {
            case .ipv4: .v4(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            case .ipv6: .v6(UInt128(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt128.self)))
            }
        }
    }

    // MARK: Places

    /// Passes over places.
    mutating func skipPlaces(_ count: Int) throws(Damaged) {
        guard count <= (end - position) / 4 else { throw Damaged() }
        position += 4 * count
    }

    /// A place that the writer noted.
    static func place(_ index: Int, of start: Int, in bytes: [UInt8]) -> Int {
        let offset = start + 4 * index
        guard offset >= 0, offset + 4 <= bytes.count else { return bytes.count }
        return bytes.withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
    }
}
