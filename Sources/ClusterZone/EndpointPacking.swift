import DNS
import Registry

/// The endpoints of a Service as records need them, and which of their names stand for more than one address.
struct EndpointPacking {
    private(set) var records = EndpointRecords()
    /// Labels that stand for several addresses or for one in several slices, with the places, in order; and those of
    /// endpoints with more ports than records hold.
    private(set) var spelledOut: [(label: [UInt8], places: [EndpointView.Place])] = []
    /// All endpoints have the same ports, other addresses and other labels.
    private(set) var isUniform = true
    /// The number of endpoints, each counted for each of its ports, and for none once.
    private(set) var weightUnits = 0
    /// The addresses that several labels go by.
    private(set) var sharedAddresses: Set<IPAddress> = []

    private let view: EndpointView
    private let packs: [PackedEndpoints]
    /// The index of each endpoint's place in the table of labels, by digest; one more than the index, 0 for none.
    private var slots: [UInt32] = []
    private var mask = 0
    /// The groups of `spelledOut`, by the index of the first endpoint with the label.
    private var groups: [Int: Int] = [:]
    private var placesByEndpoint: [EndpointView.Place] = []
    /// Spells the labels that addresses give out as well.
    private var spellsAll = false
    private var hasLabels = false

    init(_ view: EndpointView) {
        self.view = view
        packs = view.slices.map(\.endpoints)
        guard !view.isEmpty else { return }
        let (sets, ofSlice) = portSets()
        records.portSets = sets
        let count = view.count
        let clustered = view.slices.map { !$0.sourceCluster.isEmpty }
        let isAnyClustered = clustered.contains(true)
        let hasSets = sets.count > 1 || ofSlice.contains(EndpointRecords.unnamed)
        isUniform = !hasSets
        for slice in view.slices.indices {
            weightUnits += packs[slice].count * max(1, view.slices[slice].ports.count)
        }
        if isAnyClustered { isUniform = false }
        // Nearly always, and far sooner than one by one.
        if isUniform, let plain = PlainPacking(packs) {
            plain.move(to: &records)
            return
        }
        spellsAll = packs.contains(where: Self.hasLabelLikeAddress)
        prepareLabels(count, clustered)
        for place in view.places() {
            add(
                place, set: hasSets ? ofSlice[place.slice] : nil,
                isClustered: clustered[place.slice])
        }
        if !spelledOut.isEmpty { isUniform = false }
        slots = []
        groups = [:]
        placesByEndpoint = []
    }

    /// Makes room for labels, where endpoints need any.
    private mutating func prepareLabels(_ count: Int, _ clustered: [Bool]) {
        placesByEndpoint.reserveCapacity(count)
        records.v4.reserveCapacity(packs.reduce(0) { $0 + ($1.family == .ipv4 ? $1.count : 0) })
        // An endpoint of another cluster is told from one of this cluster at the same address.
        hasLabels =
            spellsAll || clustered.contains(true) || packs.contains { $0.hasLabels || $0.family == .ipv6 }
        guard hasLabels else { return }
        records.labelOffsets.reserveCapacity(count)
        records.labels.reserveCapacity(count * 16)
        var size = 4
        while size < count * 2 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        mask = size - 1
    }

    /// Labels of endpoints may look like those that the addresses of others give.
    private static func hasLabelLikeAddress(_ pack: PackedEndpoints) -> Bool {
        guard pack.hasLabels else { return false }
        return (0..<pack.count).contains { index in
            pack.withLabel(index) { $0?.first.map { $0 &- 0x30 < 10 } ?? false }
        }
    }

    /// The sets of ports, and the one of each slice.
    private func portSets() -> (sets: [ServicePorts], ofSlice: [UInt8]) {
        var sets: [ServicePorts] = []
        var last: (ports: [DiscoveryPort], number: UInt8)?
        let ofSlice = view.slices.map { slice -> UInt8 in
            // The slices of a Service nearly always have the same.
            if let last, last.ports == slice.ports { return last.number }
            let number = number(of: slice, &sets)
            last = (slice.ports, number)
            return number
        }
        return (sets, ofSlice)
    }

    /// The number of a slice's ports among the sets, to which they are added.
    private func number(of slice: DiscoverySlice, _ sets: inout [ServicePorts]) -> UInt8 {
        let ports = ServicePorts(
            weight: ServiceNames.weight(slice.ports.count), numbers: ServiceNames.numbers(slice.ports))
        guard ports.numbers.count <= ServiceRecords.maximumPorts else { return EndpointRecords.unnamed }
        if let index = sets.firstIndex(of: ports) { return UInt8(index) }
        guard sets.count < Int(EndpointRecords.unnamed) else { return EndpointRecords.unnamed }
        sets.append(ports)
        return UInt8(sets.count - 1)
    }

    private mutating func add(_ place: EndpointView.Place, set: UInt8?, isClustered: Bool) {
        let pack = packs[place.slice]
        let value = pack.value(place.index)
        let isIPv4 = pack.family == .ipv4
        let isSameAddress =
            isIPv4
            ? records.v6.isEmpty && records.v4.last.map { UInt128($0) == value } ?? false : records.v6.last == value
        if isSameAddress { isUniform = false }
        let last = records.count - 1
        guard hasLabels else {
            if isSameAddress { return spellOut(last, place) }
            append(value, isIPv4: isIPv4, set: set)
            placesByEndpoint.append(place)
            if set == EndpointRecords.unnamed { spellOut(records.count - 1, place) }
            return
        }
        var known: Int?
        var isNew = true
        let isSpelled = spellsAll || !isIPv4
        let endpoints = view
        pack.withLabel(place.index) { own in
            if let own {
                (isNew, known) = enter(own, value, isIPv4: isIPv4, set: set, place)
            } else if isSpelled {
                endpoints.withLabel(place) { (isNew, known) = enter($0, value, isIPv4: isIPv4, set: set, place) }
            } else if isSameAddress, records.labelOffsets.last == 0 {
                (isNew, known) = (false, last)
            } else {
                append(value, isIPv4: isIPv4, set: set)
                records.labelOffsets.append(0)
                placesByEndpoint.append(place)
            }
        }
        if isNew, isSameAddress, let address = IPAddress(family: isIPv4 ? .ipv4 : .ipv6, value: value) {
            sharedAddresses.insert(address)
        }
        if isClustered {
            // Their names lie elsewhere; addresses lead here all the same.
            if isNew { markUnnamed(records.count - 1) }
            return
        }
        if let known {
            if isNew { markUnnamed(records.count - 1) }
            spellOut(known, place)
        } else if set == EndpointRecords.unnamed {
            spellOut(records.count - 1, place)
        }
    }

    /// Enters a label and its endpoint; whether that is another one than the last, and the first one with the label.
    private mutating func enter(
        _ label: UnsafeRawBufferPointer, _ value: UInt128, isIPv4: Bool, set: UInt8?, _ place: EndpointView.Place
    ) -> (isNew: Bool, known: Int?) {
        var slot = Int(truncatingIfNeeded: EndpointView.digest(label)) & mask
        var known: Int?
        while slots[slot] != 0 {
            let other = Int(slots[slot]) - 1
            if isEqual(label, other) {
                known = other
                break
            }
            slot = (slot + 1) & mask
        }
        let isIPv4Last = records.v6.isEmpty
        if let known {
            // The same label of the same address: both come together.
            var index = records.count - 1
            while index >= 0, isIPv4 == isIPv4Last, valueOf(index) == value {
                if index == known || records.labelOffsets[index] == records.labelOffsets[known] {
                    return (false, known)
                }
                index -= 1
            }
        }
        append(value, isIPv4: isIPv4, set: set)
        placesByEndpoint.append(place)
        if let known {
            records.labelOffsets.append(records.labelOffsets[known])
        } else {
            records.labelOffsets.append(UInt32(truncatingIfNeeded: records.labels.count + 1))
            records.labels.append(UInt8(truncatingIfNeeded: label.count))
            records.labels.append(contentsOf: label)
            slots[slot] = UInt32(truncatingIfNeeded: records.count)
        }
        return (true, known)
    }

    private func isEqual(_ label: UnsafeRawBufferPointer, _ endpoint: Int) -> Bool {
        let start = Int(records.labelOffsets[endpoint])
        guard start > 0, Int(records.labels[start - 1]) == label.count else { return false }
        return records.labels[start..<(start + label.count)].elementsEqual(label)
    }

    private func valueOf(_ endpoint: Int) -> UInt128 {
        endpoint < records.v4.count ? UInt128(records.v4[endpoint]) : records.v6[endpoint - records.v4.count]
    }

    private mutating func append(_ value: UInt128, isIPv4: Bool, set: UInt8?) {
        if isIPv4 {
            records.v4.append(UInt32(truncatingIfNeeded: value))
        } else {
            records.v6.append(value)
        }
        if let set {
            records.portSetIndices.append(set)
        } else if !records.portSetIndices.isEmpty {
            records.portSetIndices.append(0)
        }
    }

    private mutating func markUnnamed(_ endpoint: Int) {
        if records.portSetIndices.isEmpty {
            records.portSetIndices = [UInt8](repeating: 0, count: records.count)
        }
        records.portSetIndices[endpoint] = EndpointRecords.unnamed
    }

    /// Notes one more place for the label of an endpoint.
    private mutating func spellOut(_ endpoint: Int, _ place: EndpointView.Place) {
        if let group = groups[endpoint] {
            spelledOut[group].places.append(place)
            return
        }
        groups[endpoint] = spelledOut.count
        markUnnamed(endpoint)
        let first = placesByEndpoint[endpoint]
        let isOther = first.slice != place.slice || first.index != place.index
        let isFirstNamed = view.slices[first.slice].sourceCluster.isEmpty
        spelledOut.append((view.label(place), isOther && isFirstNamed ? [first, place] : [place]))
    }
}
