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
}

/// Reads what `StateWriter` writes; every read is within the bytes, whatever they say.
struct StateReader {
    /// The bytes end too early, or say what cannot be.
    struct Damaged: Error, Hashable, Sendable {}

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func byte() throws(Damaged) -> UInt8 {
        guard position < bytes.endIndex else { throw Damaged() }
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
        guard let count = Int(exactly: try number()), count <= bytes.endIndex - position else { throw Damaged() }
        return count
    }

    mutating func text() throws(Damaged) -> String {
        let count = try count()
        defer { position += count }
        guard let text = String(validating: bytes[position..<(position + count)], as: UTF8.self) else {
            throw Damaged()
        }
        return text
    }

    mutating func address(_ family: IPFamily) throws(Damaged) -> IPAddress {
        var value: UInt128 = 0
        for _ in 0..<(family.bitWidth / 8) { value = value << 8 | UInt128(try byte()) }
        guard let address = IPAddress(family: family, value: value) else { throw Damaged() }
        return address
    }
}

/// CRC-32 (ISO 3309), against files that were cut or damaged.
enum Checksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~table.withUnsafeBufferPointer { table in
            bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
        }
    }
}
