import Registry

/// A set of addresses, made of ranges: sorted ones that do not touch, searched by halves.
///
/// `@unchecked Sendable`: the memory is written by `init` only and lives as long as this object.
package final class AddressRanges: @unchecked Sendable {
    /// The ranges in plain memory, so that a look-up counts no references; valid while the set is there.
    package struct View {
        fileprivate let v4: UnsafeBufferPointer<ClosedRange<UInt32>>
        fileprivate let v6: UnsafeBufferPointer<ClosedRange<UInt128>>

        /// An IPv4 address that IPv6 carries counts as what it stands for: it is a client of a socket of both families.
        package func contains(_ address: IPAddress) -> Bool {
            switch address {
            case .v4(let value): Self.contains(value, in: v4)
            case .v6(let value):
                address.isIPv4Mapped
                    ? Self.contains(UInt32(truncatingIfNeeded: value), in: v4) : Self.contains(value, in: v6)
            }
        }

        private static func contains<Number: FixedWidthInteger>(
            _ value: Number, in ranges: UnsafeBufferPointer<ClosedRange<Number>>
        ) -> Bool {
            var (low, high) = (0, ranges.count)
            while low < high {
                let middle = (low + high) / 2
                if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
            }
            return low < ranges.count && ranges[low].lowerBound <= value
        }
    }

    package let view: View

    /// - Parameters:
    ///   - v4: ranges of IPv4 addresses, in any order, touching or not; `v6` likewise.
    package init(v4: [ClosedRange<UInt32>], v6: [ClosedRange<UInt128>]) {
        view = View(v4: Self.copy(Self.merged(v4)), v6: Self.copy(Self.merged(v6)))
    }

    deinit {
        view.v4.deallocate()
        view.v6.deallocate()
    }

    package func contains(_ address: IPAddress) -> Bool { view.contains(address) }

    package var v4: [ClosedRange<UInt32>] { Array(view.v4) }
    package var v6: [ClosedRange<UInt128>] { Array(view.v6) }

    private static func copy<Number>(_ ranges: [ClosedRange<Number>]) -> UnsafeBufferPointer<ClosedRange<Number>> {
        let memory = UnsafeMutableBufferPointer<ClosedRange<Number>>.allocate(capacity: ranges.count)
        _ = memory.initialize(from: ranges)
        return UnsafeBufferPointer(memory)
    }

    private static func merged<Number: FixedWidthInteger>(_ ranges: [ClosedRange<Number>]) -> [ClosedRange<Number>] {
        var merged: [ClosedRange<Number>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, last.upperBound == .max || range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
