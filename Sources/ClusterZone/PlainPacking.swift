import DNS
import Registry

/// The endpoints of a Service as records need them where all have other addresses and other labels, in one pass.
///
/// For endpoints with the same ports and of no other cluster. What `EndpointPacking` makes of them place by place is
/// the same, but for the order in which labels lie in memory.
struct PlainPacking {
    private var v4: [UInt32]
    private var v6: [UInt128]
    private var labelOffsets: [UInt32] = []
    private var labels: [UInt8] = []

    /// nil where an address or a label comes twice, or where a label is not told and takes a closer look.
    init?(_ packs: [PackedEndpoints]) {
        let count = packs.reduce(0) { $0 + $1.count }
        let hasLabels = packs.contains { $0.hasLabels }
        // Without a label such an endpoint goes by its address, spelled out.
        guard count < Int(UInt32.max), hasLabels || !packs.contains(where: { $0.family == .ipv6 }) else { return nil }
        guard hasLabels else {
            (v4, v6) = ([], [])
            v4.reserveCapacity(count)
            for pack in packs {
                pack.withParts { parts in for index in 0..<parts.count { v4.append(parts.v4(index)) } }
            }
            if packs.count > 1 { v4.sort() }
            guard Self.isAscending(v4) else { return nil }
            return
        }
        var places = Places(count)
        for pack in packs where pack.withParts({ places.add($0) }) == false { return nil }
        guard places.isAlwaysTold else { return nil }
        labels = places.labels
        if packs.count > 1 {
            places.v4.sort { $0.key < $1.key }
            places.v6.sort { $0.address < $1.address }
        }
        v4 = places.v4.map { UInt32(truncatingIfNeeded: $0.key >> 32) }
        v6 = places.v6.map(\.address)
        guard Self.isAscending(v4), Self.isAscending(v6) else { return nil }
        labelOffsets.reserveCapacity(count)
        for place in places.v4 { labelOffsets.append(UInt32(truncatingIfNeeded: place.key)) }
        for place in places.v6 { labelOffsets.append(place.label) }
    }

    /// Whether each is greater than the one before.
    private static func isAscending<Number: Comparable>(_ numbers: [Number]) -> Bool {
        numbers.withUnsafeBufferPointer { numbers in
            for index in 1..<max(1, numbers.count) where numbers[index - 1] >= numbers[index] { return false }
            return true
        }
    }

    consuming func move(to records: inout EndpointRecords) {
        records.v4 = v4
        records.v6 = v6
        records.labelOffsets = labelOffsets
        records.labels = labels
    }

    /// The endpoints of all slices, with where their labels stand.
    private struct Places {
        /// An IPv4 address in the upper half, the offset of its label in the lower one.
        struct V4 {
            let key: UInt64
        }

        struct V6 {
            let address: UInt128
            let label: UInt32
        }

        var v4: [V4] = []
        var v6: [V6] = []
        private(set) var labels: [UInt8] = []
        /// The offset of each label, by digest; 0 for none.
        private var slots: [UInt32]
        private var isAnyUntold = false
        private var isAnyLikeAddress = false

        init(_ count: Int) {
            var size = 4
            while size < count * 2 { size *= 2 }
            slots = [UInt32](repeating: 0, count: size)
            v4.reserveCapacity(count)
            labels.reserveCapacity(count * 12)
        }

        /// Labels may look like those that the addresses of others give.
        var isAlwaysTold: Bool { !isAnyUntold || !isAnyLikeAddress }

        /// Takes the endpoints of a slice; false where one has a label that another one has.
        mutating func add(_ parts: PackedEndpoints.Parts) -> Bool {
            let start = labels.count
            guard start + parts.labels.count < Int(UInt32.max) else { return false }
            labels.append(contentsOf: parts.labels)
            for index in 0..<parts.count {
                let place = parts.label(index)
                let offset = place == 0 ? 0 : start + place
                if place > 0 {
                    guard enter(offset) else { return false }
                } else {
                    // Its label would have to be made.
                    guard !parts.isIPv6 else { return false }
                    isAnyUntold = true
                }
                let label = UInt32(truncatingIfNeeded: offset)
                if parts.isIPv6 {
                    v6.append(V6(address: parts.v6(index), label: label))
                } else {
                    v4.append(V4(key: UInt64(parts.v4(index)) << 32 | UInt64(label)))
                }
            }
            return true
        }

        /// Notes a label; false where it is known.
        private mutating func enter(_ offset: Int) -> Bool {
            let mask = slots.count - 1
            return labels.withUnsafeBytes { labels in
                let length = Int(labels[offset - 1])
                let label = UnsafeRawBufferPointer(rebasing: labels[offset..<(offset + length)])
                if let first = label.first, first &- 0x30 < 10 { isAnyLikeAddress = true }
                var slot = Int(truncatingIfNeeded: EndpointView.digest(label)) & mask
                return slots.withUnsafeMutableBufferPointer { slots in
                    // At least half of the slots are empty, so the walk ends.
                    while slots[slot] != 0 {
                        let other = Int(slots[slot])
                        if Int(labels[other - 1]) == length,
                            UnsafeRawBufferPointer(rebasing: labels[other..<(other + length)]).elementsEqual(label)
                        {
                            return false
                        }
                        slot = (slot + 1) & mask
                    }
                    slots[slot] = UInt32(truncatingIfNeeded: offset)
                    return true
                }
            }
        }
    }
}
