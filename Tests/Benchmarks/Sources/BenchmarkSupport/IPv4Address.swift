/// An IPv4 address, first octet in the highest bits.
package struct IPv4Address: Equatable, CustomStringConvertible {
    package let bits: UInt32

    package init(bits: UInt32) { self.bits = bits }

    package var octets: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) } }
    package var description: String { octets.map(String.init).joined(separator: ".") }
}

extension IPv4Address {
    /// Reads four decimal octets; nil for anything else.
    package init?(_ text: String) {
        let octets = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard octets.count == 4 else { return nil }
        var bits: UInt32 = 0
        for octet in octets {
            guard let octet else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        self.init(bits: bits)
    }
}
