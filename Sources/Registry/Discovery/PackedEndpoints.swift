/// The ready addresses of a slice in one piece of memory, ordered by address and then by label.
///
/// An address takes 4 or 16 bytes, and what labels there are. Two values are equal where they hold the same, whatever
/// the order was that they were told in.
@frozen
@usableFromInline
package struct PackedEndpoints: Hashable, Sendable {
    /// One address as it is told; what does not fit a name is left out by the builder of a slice.
    struct Element: Hashable {
        let address: IPAddress
        /// At most 63 bytes; empty where the address gives it.
        let label: String
        /// Empty where unknown.
        let zone: String
    }

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

    package static let none = PackedEndpoints([], family: .ipv4)

    /// Elements of another family are left out.
    init(_ elements: [Element], family: IPFamily) {
        var layout: Layout = family == .ipv6 ? .isIPv6 : []
        let own = elements.filter { $0.address.family == family }
        let ordered = own.sorted {
            ($0.address.value, $0.label, $0.zone) < ($1.address.value, $1.label, $1.zone)
        }
        if ordered.contains(where: { !$0.label.isEmpty }) { layout.insert(.hasLabels) }
        var zones: [String] = []
        var numbers: [String: UInt8] = ["": 0]
        for element in ordered where numbers[element.zone] == nil && zones.count < 255 {
            zones.append(element.zone)
            numbers[element.zone] = UInt8(zones.count)
        }
        if !zones.isEmpty { layout.insert(.hasZones) }
        let stride = Self.stride(layout)
        let labels = layout.contains(.hasLabels) ? ordered.reduce(0) { $0 + $1.label.utf8.count + 1 } : 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ordered.count * stride + labels)
        var place = ordered.count * stride
        for element in ordered {
            switch element.address {
            case .v4(let value): withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
            case .v6(let value): withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
            }
            if layout.contains(.hasZones) { bytes.append(numbers[element.zone] ?? 0) }
            guard layout.contains(.hasLabels) else { continue }
            let offset = element.label.isEmpty ? 0 : UInt32(place)
            withUnsafeBytes(of: offset.bigEndian) { bytes.append(contentsOf: $0) }
            if !element.label.isEmpty { place += element.label.utf8.count + 1 }
        }
        if layout.contains(.hasLabels) {
            for element in ordered where !element.label.isEmpty {
                bytes.append(UInt8(element.label.utf8.count))
                bytes.append(contentsOf: element.label.utf8)
            }
        }
        self.bytes = bytes
        self.zones = zones
        self.size = UInt32(ordered.count)
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
