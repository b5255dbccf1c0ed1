extension PackedEndpoints {
    /// Endpoints as they are told, in any order; what does not fit a name is left out by the builder of a slice.
    struct Elements {
        /// One address.
        struct Item {
            let value: UInt128
            /// Where the label begins in `labels`.
            let label: UInt32
            /// The number of the zone, 1 for the first of `zones`; 0 for none.
            let zone: UInt16
            /// At most 63 bytes; 0 where the address gives the label.
            let labelLength: UInt8
            let isIPv6: Bool
        }

        private(set) var items: [Item] = []
        /// The labels without anything between them, lower-cased.
        private var labels: [UInt8] = []
        /// Each zone once, lower-cased.
        private(set) var zones: [String] = []
        private var zoneNumbers: [String: UInt16] = [:]
        /// The text of the last zone, which the next endpoint nearly always has too.
        private var lastZone: (bytes: [UInt8], number: UInt16) = ([], 0)

        /// - Parameters:
        ///   - label: at most 63 bytes, empty where the address gives it; of any case.
        ///   - zone: empty where unknown; of any case.
        mutating func append(_ address: IPAddress, label: UnsafeBufferPointer<UInt8>, zone: UnsafeBufferPointer<UInt8>)
        {
            let start = labels.count
            for byte in label { labels.append(Self.lowercased(byte)) }
            items.append(
                Item(
                    value: address.value, label: UInt32(truncatingIfNeeded: start), zone: number(of: zone),
                    labelLength: UInt8(truncatingIfNeeded: label.count), isIPv6: address.family == .ipv6))
        }

        private mutating func number(of zone: UnsafeBufferPointer<UInt8>) -> UInt16 {
            guard !zone.isEmpty else { return 0 }
            if lastZone.bytes.elementsEqual(zone) { return lastZone.number }
            let text = String(decoding: zone.map(Self.lowercased), as: UTF8.self)
            // More are not told apart: a slice has at most 255.
            guard let number = zoneNumbers[text] ?? (zones.count < Int(UInt16.max) ? UInt16(zones.count + 1) : nil)
            else { return 0 }
            if Int(number) > zones.count {
                zones.append(text)
                zoneNumbers[text] = number
            }
            lastZone = (Array(zone), number)
            return number
        }

        /// Names are compared without the case of ASCII letters (RFC 4343), and of no others.
        private static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

        /// Hands over the label, which must not be empty.
        func withLabel(_ item: Item, _ body: (UnsafeRawPointer) -> Void) {
            labels.withUnsafeBytes { labels in
                guard let base = labels.baseAddress else { return }
                body(base + Int(item.label))
            }
        }

        /// Whether any of the items is not before the next one.
        func areUnordered(_ items: [Item]) -> Bool {
            zip(items, items.dropFirst()).contains { $0.value >= $1.value }
        }

        /// By address, then by label, then by zone.
        func isBefore(_ lhs: Item, _ rhs: Item) -> Bool {
            if lhs.value != rhs.value { return lhs.value < rhs.value }
            let (left, right) = (label(lhs), label(rhs))
            if !left.elementsEqual(right) { return left.lexicographicallyPrecedes(right) }
            return zone(lhs) < zone(rhs)
        }

        private func label(_ item: Item) -> ArraySlice<UInt8> {
            labels[Int(item.label)..<(Int(item.label) + Int(item.labelLength))]
        }

        private func zone(_ item: Item) -> String { item.zone == 0 ? "" : zones[Int(item.zone) - 1] }
    }
}
