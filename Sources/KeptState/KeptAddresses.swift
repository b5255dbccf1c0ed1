import Registry

/// Which Services of a kept state have an address, as their virtual IP or at an endpoint.
package struct KeptAddresses: Sendable {
    /// An address and the entry that it stands in.
    private struct Holding<Value: FixedWidthInteger & Sendable>: Sendable {
        let address: Value
        let section: UInt8
        let entry: UInt32
    }

    private let state: KeptState
    /// In the order of addresses.
    private var v4: [Holding<UInt32>] = []
    private var v6: [Holding<UInt128>] = []

    /// Looks at all objects: 10 ms or so for 100,000 endpoints.
    ///
    /// - Parameter namespaces: The Namespaces whose objects take part.
    package init(of state: KeptState, in namespaces: Set<String>) {
        self.state = state
        for (number, section) in state.sections.enumerated() {
            for index in 0..<section.count where state.takesPart(index, of: section, in: namespaces) {
                // The entry's reader is bounded; one that was written wrongly has no addresses from there on.
                try? state.forEachAddress(index, of: section) { address in
                    let (number, entry) = (UInt8(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: index))
                    switch address {
                    case .v4(let value): v4.append(Holding(address: value, section: number, entry: entry))
                    case .v6(let value): v6.append(Holding(address: value, section: number, entry: entry))
                    }
                }
            }
        }
        v4.sort { $0.address < $1.address }
        v6.sort { $0.address < $1.address }
    }

    /// The Services that have an address.
    package func owners(of address: IPAddress) -> Set<NamespacedName> {
        switch address {
        case .v4(let value): Set(range(of: value...value, in: v4).compactMap { owner(v4[$0].section, v4[$0].entry) })
        case .v6(let value): Set(range(of: value...value, in: v6).compactMap { owner(v6[$0].section, v6[$0].entry) })
        }
    }

    /// Services that have addresses of a range, whose ends are of one family: the first ones in its order.
    package func owners(in range: ClosedRange<IPAddress>, atMost limit: Int) -> [NamespacedName] {
        var owners: [NamespacedName] = []
        func add(_ section: UInt8, _ entry: UInt32) -> Bool {
            guard let owner = owner(section, entry) else { return true }
            if owners.last != owner { owners.append(owner) }
            return owners.count < limit
        }
        switch (range.lowerBound, range.upperBound) {
        case (.v4(let first), .v4(let last)):
            for index in self.range(of: first...last, in: v4) where !add(v4[index].section, v4[index].entry) { break }
        case (.v6(let first), .v6(let last)):
            for index in self.range(of: first...last, in: v6) where !add(v6[index].section, v6[index].entry) { break }
        case (.v4, .v6), (.v6, .v4): break
        }
        return owners
    }

    private func owner(_ section: UInt8, _ entry: UInt32) -> NamespacedName? {
        state.owner(Int(entry), of: state.sections[Int(section)])
    }

    private func range<Value>(of addresses: ClosedRange<Value>, in holdings: [Holding<Value>]) -> Range<Int> {
        func first(where isPast: (Value) -> Bool) -> Int {
            var range = 0..<holdings.count
            while !range.isEmpty {
                let middle = range.lowerBound + range.count / 2
                range = isPast(holdings[middle].address) ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
            }
            return range.lowerBound
        }
        return first { $0 >= addresses.lowerBound }..<first { $0 > addresses.upperBound }
    }
}
