import Glibc

/// The ready addresses of a slice in one piece of memory, ordered by address and then by label.
///
/// An address takes 4 or 16 bytes, and what labels there are. Two values are equal where they hold the same, whatever
/// the order was that they were told in.
@frozen
@usableFromInline
package struct PackedEndpoints: Hashable, Sendable {
    /// The zones that endpoints name by their number, from 1; at most 255, endpoints of others have none.
    @usableFromInline package let zones: [String]
    /// `count` times an address in network order, then the number of its zone (1, if there are zones), then where its
    /// label stands (4, if there are labels; 0 for none); behind them the labels, each with its length before it.
    @usableFromInline let bytes: [UInt8]
    @usableFromInline let size: UInt32
    @usableFromInline let layout: Layout

    @frozen
    @usableFromInline
    struct Layout: OptionSet, Hashable, Sendable {
        @usableFromInline let rawValue: UInt8

        @inlinable
        init(rawValue: UInt8) { self.rawValue = rawValue }

        @inlinable static var isIPv6: Layout { Layout(rawValue: 1) }
        @inlinable static var hasZones: Layout { Layout(rawValue: 2) }
        @inlinable static var hasLabels: Layout { Layout(rawValue: 4) }
    }

    package static let none = PackedEndpoints(Elements(), family: .ipv4)

    // As the compiler would make them, but of all bytes at once.

    @usableFromInline
    package static func == (lhs: Self, rhs: Self) -> Bool {
        guard lhs.size == rhs.size, lhs.layout == rhs.layout, lhs.zones == rhs.zones else { return false }
        return lhs.bytes.withUnsafeBytes { left in
            rhs.bytes.withUnsafeBytes { right in
                guard left.count == right.count, let start = left.baseAddress, let other = right.baseAddress else {
                    return left.count == right.count
                }
                return memcmp(start, other, left.count) == 0
            }
        }
    }

    @usableFromInline
    package func hash(into hasher: inout Hasher) {
        hasher.combine(zones)
        hasher.combine(size)
        hasher.combine(layout)
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// Elements of another family are left out.
    init(_ elements: Elements, family: IPFamily) {
        var items = elements.items
        if items.contains(where: { $0.isIPv6 != (family == .ipv6) }) {
            items.removeAll { $0.isIPv6 != (family == .ipv6) }
        }
        var layout: Layout = family == .ipv6 ? .isIPv6 : []
        if elements.areUnordered(items) { items.sort { elements.isBefore($0, $1) } }
        var labels = 0
        for item in items where item.labelLength > 0 { labels += Int(item.labelLength) + 1 }
        if labels > 0 { layout.insert(.hasLabels) }
        // By the order of endpoints, whatever the order was that they were told in.
        var zones: [String] = []
        var numbers: [UInt8] = []
        if !elements.zones.isEmpty {
            numbers = [UInt8](repeating: 0, count: elements.zones.count + 1)
            for item in items where item.zone > 0 && numbers[Int(item.zone)] == 0 && zones.count < 255 {
                zones.append(elements.zones[Int(item.zone) - 1])
                numbers[Int(item.zone)] = UInt8(zones.count)
            }
        }
        if !zones.isEmpty { layout.insert(.hasZones) }
        let stride = Self.stride(layout)
        let start = items.count * stride
        let hasZones = !zones.isEmpty
        self.bytes = [UInt8](unsafeUninitializedCapacity: start + labels) { buffer, count in
            guard let base = buffer.baseAddress.map({ UnsafeMutableRawPointer($0) }) else { return }
            var (place, label) = (0, start)
            for item in items {
                if family == .ipv6 {
                    base.storeBytes(of: item.value.bigEndian, toByteOffset: place, as: UInt128.self)
                    place += 16
                } else {
                    base.storeBytes(
                        of: UInt32(truncatingIfNeeded: item.value).bigEndian, toByteOffset: place, as: UInt32.self)
                    place += 4
                }
                if hasZones {
                    base.storeBytes(of: numbers[Int(item.zone)], toByteOffset: place, as: UInt8.self)
                    place += 1
                }
                guard labels > 0 else { continue }
                let length = Int(item.labelLength)
                let offset = length == 0 ? 0 : UInt32(truncatingIfNeeded: label)
                base.storeBytes(of: offset.bigEndian, toByteOffset: place, as: UInt32.self)
                place += 4
                guard length > 0 else { continue }
                base.storeBytes(of: item.labelLength, toByteOffset: label, as: UInt8.self)
                elements.withLabel(item) { (base + (label + 1)).copyMemory(from: $0, byteCount: length) }
                label += 1 + length
            }
            count = start + labels
        }
        self.zones = zones
        self.size = UInt32(items.count)
        self.layout = layout
    }

    @inlinable package var isEmpty: Bool { size == 0 }
    @inlinable package var count: Int { Int(size) }
    /// Whether any endpoint goes by another label than its address's.
    @inlinable package var hasLabels: Bool { layout.contains(.hasLabels) }
    package var family: IPFamily { layout.contains(.isIPv6) ? .ipv6 : .ipv4 }

    @inlinable
    static func stride(_ layout: Layout) -> Int {
        (layout.contains(.isIPv6) ? 16 : 4) + (layout.contains(.hasZones) ? 1 : 0)
            + (layout.contains(.hasLabels) ? 4 : 0)
    }

    @inlinable var stride: Int { Self.stride(layout) }

    /// The address as a number.
    ///
    /// - Parameter index: 0 to `count` − 1.
    @inlinable
    package func value(_ index: Int) -> UInt128 {
        bytes.withUnsafeBytes { bytes in
            if layout.contains(.isIPv6) {
                UInt128(bigEndian: bytes.loadUnaligned(fromByteOffset: index * stride, as: UInt128.self))
            } else {
                UInt128(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: index * stride, as: UInt32.self)))
            }
        }
    }

    /// The bytes themselves, for those who read all of them.
    package struct Parts {
        /// `count` places of `stride` bytes each; valid inside of `withParts` only.
        fileprivate let base: UnsafeRawPointer
        fileprivate let stride: Int
        private let layout: Layout
        package let count: Int
        /// All labels, each behind a byte with its length, in the order of the endpoints that have one.
        package let labels: UnsafeRawBufferPointer

        fileprivate init(_ bytes: UnsafeRawBufferPointer, _ base: UnsafeRawPointer, _ endpoints: PackedEndpoints) {
            self.base = base
            layout = endpoints.layout
            stride = endpoints.stride
            count = endpoints.count
            labels = UnsafeRawBufferPointer(rebasing: bytes[(count * stride)...])
        }

        package var isIPv6: Bool { layout.contains(.isIPv6) }

        /// The address of an IPv4 endpoint. `index` is from 0 to `count` − 1.
        package func v4(_ index: Int) -> UInt32 {
            UInt32(bigEndian: base.loadUnaligned(fromByteOffset: index &* stride, as: UInt32.self))
        }

        /// The address of an IPv6 endpoint.
        package func v6(_ index: Int) -> UInt128 {
            UInt128(bigEndian: base.loadUnaligned(fromByteOffset: index &* stride, as: UInt128.self))
        }

        /// Where the label stands in `labels`, behind its length; 0 for none.
        package func label(_ index: Int) -> Int {
            guard layout.contains(.hasLabels) else { return 0 }
            let offset = UInt32(
                bigEndian: base.loadUnaligned(fromByteOffset: (index &+ 1) &* stride &- 4, as: UInt32.self))
            return offset == 0 ? 0 : Int(offset) &+ 1 &- count &* stride
        }
    }

    /// Hands over the bytes; nil where there are none.
    package func withParts<Value>(_ body: (Parts) -> Value) -> Value? {
        bytes.withUnsafeBytes { bytes in bytes.baseAddress.map { body(Parts(bytes, $0, self)) } }
    }

    package func address(_ index: Int) -> IPAddress {
        let value = value(index)
        return layout.contains(.isIPv6) ? .v6(value) : .v4(UInt32(truncatingIfNeeded: value))
    }

    /// The number of the zone, 1 for the first of `zones`; 0 for none.
    @inlinable
    package func zone(_ index: Int) -> Int {
        guard layout.contains(.hasZones) else { return 0 }
        return Int(bytes[index * stride + (layout.contains(.isIPv6) ? 16 : 4)])
    }

    /// Hands over the label an endpoint goes by where it is not its address's, 1 to 63 bytes; nil where it is.
    @inlinable
    package func withLabel<Value>(_ index: Int, _ body: (UnsafeRawBufferPointer?) -> Value) -> Value {
        guard layout.contains(.hasLabels) else { return body(nil) }
        return bytes.withUnsafeBytes { bytes in
            let offset = Int(
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: (index + 1) * stride - 4, as: UInt32.self)))
            guard offset > 0 else { return body(nil) }
            return body(UnsafeRawBufferPointer(rebasing: bytes[(offset + 1)..<(offset + 1 + Int(bytes[offset]))]))
        }
    }

    /// The indices of an address, found by halving.
    package func indices(of address: IPAddress) -> Range<Int> {
        guard address.family == family else { return 0..<0 }
        func first(where isPast: (UInt128) -> Bool) -> Int {
            var range = 0..<count
            while !range.isEmpty {
                let middle = range.lowerBound + range.count / 2
                range = isPast(value(middle)) ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
            }
            return range.lowerBound
        }
        let start = first { $0 >= address.value }
        guard start < count, value(start) == address.value else { return start..<start }
        return start..<first { $0 > address.value }
    }
}
