/// CRC-32 (ISO 3309), against files that were cut or damaged; eight bytes a step.
enum Checksum {
    /// Eight tables of 256: what a byte does to the sum so many bytes later.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { index in
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
            return value
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables.append(tables[Int(before & 255)] ^ (before >> 8))
        }
        return tables
    }()

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            bytes.withUnsafeBytes { bytes in
                func look(_ table: Int, _ value: UInt32) -> UInt32 { tables[table << 8 | Int(value & 255)] }
                var sum = UInt32.max
                var index = 0
                while index + 8 <= bytes.count {
                    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    let low = UInt32(truncatingIfNeeded: word) ^ sum
                    let high = UInt32(truncatingIfNeeded: word >> 32)
                    var next = look(7, low) ^ look(6, low >> 8)
                    next ^= look(5, low >> 16) ^ look(4, low >> 24)
                    next ^= look(3, high) ^ look(2, high >> 8)
                    next ^= look(1, high >> 16) ^ look(0, high >> 24)
                    sum = next
                    index += 8
                }
                while index < bytes.count {
                    sum = look(0, sum ^ UInt32(bytes[index])) ^ (sum >> 8)
                    index += 1
                }
                return ~sum
            }
        }
    }
}
