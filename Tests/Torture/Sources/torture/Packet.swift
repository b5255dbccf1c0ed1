import BenchmarkSupport

/// Messages as octets.
enum Packet {
    /// The question section for a name without an escape, class IN.
    static func question(_ name: String, _ type: RecordType) -> [UInt8] {
        var octets: [UInt8] = []
        for label in name.split(separator: ".") {
            octets.append(UInt8(truncatingIfNeeded: label.utf8.count))
            octets += label.utf8
        }
        return octets + [0] + pair(type.rawValue) + [0, 1]
    }

    /// A query with RD and an OPT record of 1232 octets (RFC 6891).
    static func query(_ identifier: UInt16, question: [UInt8]) -> [UInt8] {
        pair(identifier) + [1, 0, 0, 1, 0, 0, 0, 0, 0, 1] + question
            + [0, 0, 41] + pair(1232) + [0, 0, 0, 0, 0, 0]
    }

    static func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    /// The name with each letter's case by chance (0x20).
    static func mixedCase(_ name: String, by bits: UInt64) -> String {
        var bits = bits
        return String(
            name.map { letter in
                defer { bits = bits >> 1 | bits << 63 }
                return bits & 1 == 0 ? letter : Character(letter.uppercased())
            })
    }
}
