import Registry

/// Which Service has which node port, and which is given out next: one number space for all protocols.
///
/// That a Service may use one number for several of its ports is `ServiceAddressing`'s to decide; here a number has
/// one Service. The bands are as those of addresses: the low 86 of 30000–32767 are left to explicit requests.
package struct NodePortAllocator: Sendable {
    package static let defaultRange = 30000...32767

    package let range: ClosedRange<Int>
    /// How many numbers at the low end automatic requests get only when all others are taken.
    package let staticSize: Int
    private var owners: [Int: NamespacedName] = [:]
    private var taken = OffsetBitmap()

    package init(range: ClosedRange<Int> = Self.defaultRange) throws(AllocationError) {
        guard (1...65535).contains(range.lowerBound), range.upperBound <= 65535 else {
            throw .nodePortRangeInvalid(range)
        }
        self.range = range
        staticSize = range.count <= 16 ? 0 : min(max(16, range.count / 32), 128)
    }

    package func owner(of number: Int) -> NamespacedName? { owners[number] }

    package var allocations: [Int: NamespacedName] { owners }

    /// A number that automatic requests may get, never one of `avoided`.
    package func candidate(
        avoiding avoided: Set<Int> = [], using generator: inout some RandomNumberGenerator
    ) throws(AllocationError) -> Int {
        let dynamic = (range.lowerBound + staticSize)...range.upperBound
        if let number = nextFree(in: dynamic, avoiding: avoided, using: &generator) { return number }
        if staticSize > 0 {
            let low = range.lowerBound...(dynamic.lowerBound - 1)
            if let number = nextFree(in: low, avoiding: avoided, using: &generator) { return number }
        }
        throw .nodePortsExhausted(range, used: taken.count)
    }

    /// Checks that a Service may have a number it asks for.
    package func checkAvailable(_ number: Int, to owner: NamespacedName) throws(AllocationError) {
        guard range.contains(number) else { throw .nodePortOutOfRange(number, range) }
        if let holder = owners[number], holder != owner { throw .nodePortTaken(number, holder: holder) }
    }

    /// Gives a number to a Service, unasked whether it may have it.
    package mutating func take(_ number: Int, for owner: NamespacedName) {
        owners[number] = owner
        if range.contains(number) { taken.insert(UInt64(number)) }
    }

    /// Frees a number that `owner` has; nothing happens to the number of another.
    @discardableResult
    package mutating func release(_ number: Int, of owner: NamespacedName) -> Bool {
        guard owners[number] == owner else { return false }
        owners[number] = nil
        if range.contains(number) { taken.remove(UInt64(number)) }
        return true
    }

    private func nextFree(
        in numbers: ClosedRange<Int>, avoiding avoided: Set<Int>, using generator: inout some RandomNumberGenerator
    ) -> Int? {
        let start = Int.random(in: numbers, using: &generator)
        if let number = firstFree(in: start...numbers.upperBound, avoiding: avoided) { return number }
        guard start > numbers.lowerBound else { return nil }
        return firstFree(in: numbers.lowerBound...(start - 1), avoiding: avoided)
    }

    private func firstFree(in numbers: ClosedRange<Int>, avoiding avoided: Set<Int>) -> Int? {
        var lower = UInt64(numbers.lowerBound)
        while let free = taken.firstFree(in: lower...UInt64(numbers.upperBound)) {
            if !avoided.contains(Int(free)) { return Int(free) }
            guard free < numbers.upperBound else { return nil }
            lower = free + 1
        }
        return nil
    }
}
