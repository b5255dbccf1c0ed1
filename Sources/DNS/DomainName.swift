/// A legal domain name: labels of 1 to 63 bytes, 255 bytes in all (RFC 1035 §2.3.4).
///
/// Keeps the spelling it was made with; compares and hashes without case (RFC 4343).
package struct DomainName: Sendable {
    /// The uncompressed wire form, the root's zero byte included: 1 to 255 bytes.
    package let wire: [UInt8]

    /// The root.
    package static let root = DomainName(uncheckedWire: [0])

    /// Takes an uncompressed wire form; nil unless it is exactly one legal name.
    package init?(wire: some Sequence<UInt8>) {
        let bytes = Array(wire)
        guard bytes.count <= 255 else { return nil }
        var index = 0
        while index < bytes.count, bytes[index] != 0 {
            guard bytes[index] <= 63 else { return nil }
            index += 1 + Int(bytes[index])
        }
        guard index == bytes.count - 1 else { return nil }
        self.wire = bytes
    }

    /// For bytes that are known to be a legal name.
    init(uncheckedWire: [UInt8]) {
        wire = uncheckedWire
    }

    /// The name `labels` below `parent`, leftmost label first; nil where a label or the whole is too long or empty.
    package init?(labels: some Sequence<some StringProtocol>, under parent: DomainName = .root) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        for label in labels {
            let text = label.utf8
            guard (1...63).contains(text.count) else { return nil }
            bytes.append(UInt8(text.count))
            bytes.append(contentsOf: text)
        }
        guard bytes.count + parent.wire.count <= 255 else { return nil }
        bytes.append(contentsOf: parent.wire)
        wire = bytes
    }

    /// Every name, this one first and the root last.
    package var selfAndAncestors: some Sequence<DomainName> {
        sequence(first: self) { $0.parent }
    }

    /// The name without its leftmost label; nil for the root.
    package var parent: DomainName? {
        guard wire[0] != 0 else { return nil }
        return DomainName(uncheckedWire: Array(wire[(1 + Int(wire[0]))...]))
    }

    /// The labels as bytes, leftmost first, without the root.
    package var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var index = 0
        while wire[index] != 0 {
            let end = index + 1 + Int(wire[index])
            labels.append(wire[(index + 1)..<end])
            index = end
        }
        return labels
    }

    package var labelCount: Int {
        var count = 0
        var index = 0
        while wire[index] != 0 {
            index += 1 + Int(wire[index])
            count += 1
        }
        return count
    }

    package var isRoot: Bool { wire[0] == 0 }

    /// Whether the name is `ancestor` or lies below it.
    package func isWithin(_ ancestor: DomainName) -> Bool {
        let start = wire.count - ancestor.wire.count
        guard start >= 0, Self.equals(wire[start...], ancestor.wire[...]) else { return false }
        // The tail must begin at a label, not inside one.
        var index = 0
        while index < start { index += 1 + Int(wire[index]) }
        return index == start
    }

    /// The same name in lower case.
    package var lowercased: DomainName {
        DomainName(uncheckedWire: wire.map(Self.lowercased))
    }

    /// Lower-cases an ASCII letter. Lengths of labels (up to 63) are below `A`, so whole wire forms may be mapped.
    @inlinable
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// Whether two wire forms, or the bytes of two labels, are the same without case; eight bytes at a time, as hostile
    /// answers have thousands of long names compared that differ in their last label.
    private static func equals(_ lhs: ArraySlice<UInt8>, _ rhs: ArraySlice<UInt8>) -> Bool {
        lhs.withUnsafeBytes { lhs in
            rhs.withUnsafeBytes { rhs in
                guard lhs.count == rhs.count else { return false }
                // Records of one owner share its bytes.
                guard lhs.baseAddress != rhs.baseAddress else { return true }
                let whole = lhs.count & ~7
                for index in stride(from: 0, to: whole, by: 8) {
                    let left = lhs.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    let right = rhs.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    guard left == right || NameKey.lowercased(left) == NameKey.lowercased(right) else { return false }
                }
                return (whole..<lhs.count).allSatisfy { lowercased(lhs[$0]) == lowercased(rhs[$0]) }
            }
        }
    }
}

extension DomainName: Hashable {
    package static func == (lhs: DomainName, rhs: DomainName) -> Bool {
        equals(lhs.wire[...], rhs.wire[...])
    }

    package func hash(into hasher: inout Hasher) {
        wire.withUnsafeBytes { wire in
            withUnsafeTemporaryAllocation(byteCount: wire.count, alignment: 1) { buffer in
                let whole = wire.count & ~7
                for index in stride(from: 0, to: whole, by: 8) {
                    let word = NameKey.lowercased(wire.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    buffer.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                }
                for index in whole..<wire.count { buffer[index] = Self.lowercased(wire[index]) }
                hasher.combine(bytes: UnsafeRawBufferPointer(buffer))
            }
        }
    }
}

extension DomainName: Comparable {
    /// The canonical order of RFC 4034 §6.1: label by label from the right, without case.
    package static func < (lhs: DomainName, rhs: DomainName) -> Bool {
        for (left, right) in zip(lhs.labels.reversed(), rhs.labels.reversed()) where !equals(left, right) {
            return left.lazy.map(lowercased).lexicographicallyPrecedes(right.lazy.map(lowercased))
        }
        return lhs.labelCount < rhs.labelCount
    }
}
