import Registry

/// Services and their slices, under numbers that stay the same while they are known.
///
/// Remembers how Services were before the changes that have not been turned into names yet.
struct ServiceTable: Sendable {
    /// One Service and what is known of its endpoints; either may come first.
    struct Slot: Sendable {
        let id: NamespacedName
        var service: DiscoveryService?
        /// By name.
        var slices: [DiscoverySlice] = []
        /// Those of an Endpoints object, which count only where there are no others: controllers write both of the
        /// same endpoints.
        var mirrored: [DiscoverySlice] = []

        var countingSlices: [DiscoverySlice] { slices.isEmpty ? mirrored : slices }
        var isVacant: Bool { service == nil && slices.isEmpty && mirrored.isEmpty }
    }

    typealias Number = UInt32

    private var slots: [Slot?] = []
    private var vacant: [Number] = []
    private var numbers: [NamespacedName: Number] = [:]
    private var sliceOwners: [NamespacedName: Number] = [:]
    /// Ports that slices share the memory of.
    private var knownPorts: Set<[DiscoveryPort]> = []
    private var former: [Number: Slot] = [:]
    /// Whether changes are remembered: not while nothing is answered from them yet.
    var remembersEndpoints = true

    /// The Services that are known.
    var ids: some Collection<NamespacedName> { services.lazy.map(\.id) }

    private var services: some Collection<DiscoveryService> { slots.lazy.compactMap { $0?.service } }

    /// The slices that are known.
    var sliceIDs: some Collection<NamespacedName> { sliceOwners.keys }

    /// The Services that an Endpoints object is known for.
    var mirroredIDs: some Collection<NamespacedName> {
        slots.lazy.compactMap { $0.flatMap { $0.mirrored.isEmpty ? nil : $0.id } }
    }

    /// All numbers in use.
    var all: some Collection<Number> { slots.indices.lazy.filter { slots[$0] != nil }.map(Number.init) }

    /// nil for a number that is not in use any more.
    subscript(number: Number) -> Slot? { slots[Int(number)] }

    func number(of id: NamespacedName) -> Number? { numbers[id] }

    mutating func set(_ service: DiscoveryService) {
        let number = enter(service.id)
        let service = service.sharing(ports: sharedPorts(service.ports))
        guard slots[Int(number)]?.service != service else {
            // What names do not show may differ.
            slots[Int(number)]?.service = service
            return
        }
        remember(number)
        slots[Int(number)]?.service = service
    }

    mutating func removeService(_ id: NamespacedName) {
        guard let number = numbers[id], slots[Int(number)]?.service != nil else { return }
        remember(number)
        slots[Int(number)]?.service = nil
    }

    /// Takes a slice for the Service that it belongs to now; nil for one that belongs to none.
    mutating func set(_ slice: DiscoverySlice, of owner: NamespacedName?) {
        guard let owner else { return removeSlice(slice.id) }
        let number = enter(owner)
        if let former = sliceOwners[slice.id], former != number { removeSlice(slice.id) }
        let (index, isKnown) = place(of: slice.id, in: number)
        guard !isKnown || slots[Int(number)]?.slices[index] != slice else { return }
        if remembersEndpoints { remember(number) }
        let shared = slice.sharing(slots[Int(number)]?.id, ports: sharedPorts(slice.ports))
        if isKnown {
            slots[Int(number)]?.slices[index] = shared
        } else {
            slots[Int(number)]?.slices.insert(shared, at: index)
            sliceOwners[shared.id] = number
        }
    }

    mutating func removeSlice(_ id: NamespacedName) {
        guard let number = sliceOwners.removeValue(forKey: id) else { return }
        let (index, isKnown) = place(of: id, in: number)
        guard isKnown else { return }
        if remembersEndpoints { remember(number) }
        slots[Int(number)]?.slices.remove(at: index)
        if !remembersEndpoints { leave(number) }
    }

    /// Takes the slices of an Endpoints object in place of its former ones.
    mutating func setMirrored(_ slices: [DiscoverySlice], of owner: NamespacedName) {
        guard !slices.isEmpty || numbers[owner] != nil else { return }
        let number = enter(owner)
        guard slots[Int(number)]?.mirrored != slices else { return }
        if remembersEndpoints { remember(number) }
        slots[Int(number)]?.mirrored = slices
        if !remembersEndpoints { leave(number) }
    }

    /// The Services that have changed, each as it was before; forgets them.
    ///
    /// `leave` is to be called for each of them once its names are made.
    mutating func takeFormer() -> [Number: Slot] {
        defer { former = [:] }
        return former
    }

    /// Frees the number of a Service of which nothing is known any more.
    mutating func leave(_ number: Number) {
        guard let slot = slots[Int(number)], slot.isVacant, former[number] == nil else { return }
        numbers[slot.id] = nil
        slots[Int(number)] = nil
        vacant.append(number)
    }

    private mutating func enter(_ id: NamespacedName) -> Number {
        if let number = numbers[id] { return number }
        let number = vacant.popLast() ?? Number(slots.count)
        if Int(number) == slots.count {
            slots.append(Slot(id: id))
        } else {
            slots[Int(number)] = Slot(id: id)
        }
        numbers[id] = number
        return number
    }

    private mutating func remember(_ number: Number) {
        if former[number] == nil { former[number] = slots[Int(number)] }
    }

    private func place(of id: NamespacedName, in number: Number) -> (index: Int, isKnown: Bool) {
        guard let slices = slots[Int(number)]?.slices else { return (0, false) }
        var range = 0..<slices.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = slices[middle].id.name < id.name ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return (range.lowerBound, range.lowerBound < slices.count && slices[range.lowerBound].id == id)
    }

    private mutating func sharedPorts(_ ports: [DiscoveryPort]) -> [DiscoveryPort] {
        // A table for what is repeated; where hardly anything is, it would only grow.
        if knownPorts.count > 4096 { knownPorts = [] }
        return knownPorts.insert(ports).memberAfterInsert
    }
}
