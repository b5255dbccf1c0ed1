import Registry

/// The endpoints that a Service answers from, over all of its slices.
struct EndpointView {
    /// Those with an endpoint that is ready.
    let slices: [DiscoverySlice]

    static let none = EndpointView([])

    /// So many ports a slice may have whatever the number of endpoints: those of nearly all.
    private static let fewPorts = 16
    /// How often a port and an endpoint may come together in the names of a Service that has more.
    private static let pairLimit = 20_000

    /// Slices with very many ports for their number of endpoints keep the first of them: each port has a name that leads to
    /// all endpoints, and each endpoint one that leads to all ports, so some kilobytes would stand for gigabytes.
    init(_ slices: [DiscoverySlice]) {
        let filled = slices.contains { $0.endpoints.isEmpty } ? slices.filter { !$0.endpoints.isEmpty } : slices
        guard filled.contains(where: { $0.ports.count > Self.fewPorts }) else {
            self.slices = filled
            return
        }
        let count = filled.reduce(0) { $0 + $1.endpoints.count }
        let limit = max(Self.fewPorts, Self.pairLimit / max(1, count))
        self.slices = filled.map { slice in
            slice.ports.count > limit ? slice.sharing(nil, ports: Array(slice.ports.prefix(limit))) : slice
        }
    }

    /// One address of one slice.
    struct Place {
        let slice: Int
        let index: Int
    }

    /// One address of one endpoint with all that names show of it.
    struct Element: Hashable {
        let address: IPAddress
        let label: [UInt8]
        let zone: String
        let ports: [DiscoveryPort]
        let cluster: String

        func hash(into hasher: inout Hasher) {
            hasher.combine(address)
            label.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    var isEmpty: Bool { slices.isEmpty }

    /// The number of addresses, repeated ones included.
    var count: Int { slices.reduce(0) { $0 + $1.endpoints.count } }

    func address(_ place: Place) -> IPAddress { slices[place.slice].endpoints.address(place.index) }

    func value(_ place: Place) -> UInt128 { slices[place.slice].endpoints.value(place.index) }

    func contains(_ address: IPAddress) -> Bool { slices.contains { !$0.endpoints.indices(of: address).isEmpty } }

    func zone(_ place: Place) -> String {
        let endpoints = slices[place.slice].endpoints
        let number = endpoints.zone(place.index)
        return number > 0 && number <= endpoints.zones.count ? endpoints.zones[number - 1] : ""
    }

    func element(_ place: Place) -> Element {
        let slice = slices[place.slice]
        return Element(
            address: address(place), label: label(place), zone: zone(place), ports: slice.ports,
            cluster: slice.sourceCluster)
    }

    /// All places in the order of their addresses, then of their labels: an order that does not depend on how the
    /// endpoints are spread over slices.
    func places() -> [Place] {
        var places: [Place] = []
        places.reserveCapacity(count)
        for (number, slice) in slices.enumerated() {
            for index in 0..<slice.endpoints.count { places.append(Place(slice: number, index: index)) }
        }
        guard slices.count > 1 else { return orderedByLabel(places) }
        // The addresses of one slice are in order, and what is so in parts is sorted fast.
        let packs = slices.map(\.endpoints)
        var v4: [UInt64] = []
        var v6: [(address: UInt128, number: UInt32)] = []
        for (number, place) in places.enumerated() {
            let pack = packs[place.slice]
            if pack.family == .ipv4 {
                v4.append(UInt64(truncatingIfNeeded: pack.value(place.index)) << 32 | UInt64(number))
            } else {
                v6.append((pack.value(place.index), UInt32(truncatingIfNeeded: number)))
            }
        }
        v4.sort()
        v6.sort { ($0.address, $0.number) < ($1.address, $1.number) }
        return orderedByLabel(v4.map { places[Int($0 & 0xffff_ffff)] } + v6.map { places[Int($0.number)] })
    }

    /// Places in the order of addresses, brought into that of labels where they have one address.
    private func orderedByLabel(_ places: [Place]) -> [Place] {
        let packs = slices.map(\.endpoints)
        func isSameAddress(_ lhs: Place, _ rhs: Place) -> Bool {
            let (left, right) = (packs[lhs.slice], packs[rhs.slice])
            return left.value(lhs.index) == right.value(rhs.index) && left.family == right.family
        }
        guard zip(places, places.dropFirst()).contains(where: isSameAddress) else { return places }
        var ordered = places
        var start = 0
        while start < ordered.count {
            var end = start + 1
            while end < ordered.count, isSameAddress(ordered[start], ordered[end]) { end += 1 }
            if end - start > 1 {
                let sorted = ordered[start..<end].enumerated().map { (label($0.element), $0.offset, $0.element) }
                    .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0.lexicographicallyPrecedes($1.0) }
                ordered.replaceSubrange(start..<end, with: sorted.map(\.2))
            }
            start = end
        }
        return ordered
    }

    /// The addresses, repeated ones included, in no order.
    var addresses: [IPAddress] {
        slices.flatMap { slice in (0..<slice.endpoints.count).map { slice.endpoints.address($0) } }
    }

    /// The places of an address.
    func places(of address: IPAddress) -> [Place] {
        slices.indices.flatMap { slice in
            slices[slice].endpoints.indices(of: address).map { Place(slice: slice, index: $0) }
        }
    }

    /// The label that an endpoint goes by.
    func label(_ place: Place) -> [UInt8] { withLabel(place) { Array($0) } }

    /// Whether an endpoint of another view at the same address, in a slice with the same ports, has the same label and
    /// zone; false where that takes a closer look.
    func isAlike(_ place: Place, _ other: EndpointView, _ otherPlace: Place) -> Bool {
        let pack = slices[place.slice].endpoints
        let otherPack = other.slices[otherPlace.slice].endpoints
        let number = pack.zone(place.index)
        let otherNumber = otherPack.zone(otherPlace.index)
        guard number == otherNumber, number == 0 || pack.zones == otherPack.zones else { return false }
        return pack.withLabel(place.index) { label in
            otherPack.withLabel(otherPlace.index) { otherLabel in
                guard let label, let otherLabel else { return label == nil && otherLabel == nil }
                return label.elementsEqual(otherLabel)
            }
        }
    }

    /// A number that is the same for equal labels.
    func labelDigest(_ place: Place) -> UInt64 { withLabel(place, Self.digest) }

    static func digest(_ label: UnsafeRawBufferPointer) -> UInt64 {
        // Only sorts out what is different (FNV-1a); what is alike is compared.
        label.reduce(digestBasis) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// Another one in each process: whoever names endpoints must not know which of them fall together.
    private static let digestBasis = UInt64.random(in: .min ... .max)

    /// Hands over the label that an endpoint goes by: its own, or that of its address.
    func withLabel<Value>(_ place: Place, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        slices[place.slice].endpoints.withLabel(place.index) { own in
            if let own { return body(own) }
            switch address(place) {
            case .v4(let address):
                return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { buffer in
                    body(UnsafeRawBufferPointer(rebasing: buffer[..<Self.write(address, to: buffer)]))
                }
            case .v6:
                var text = AddressLabel.text(of: address(place).description)
                return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
            }
        }
    }

    /// Writes `10-0-0-1` and returns its length, at most 15 bytes.
    private static func write(_ address: UInt32, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        var length = 0
        func append(_ byte: UInt32) {
            buffer[length] = UInt8(truncatingIfNeeded: byte)
            length += 1
        }
        for shift in [24, 16, 8, 0] as [UInt32] {
            let octet = address >> shift & 255
            if octet >= 100 { append(0x30 + octet / 100) }
            if octet >= 10 { append(0x30 + octet / 10 % 10) }
            append(0x30 + octet % 10)
            if shift > 0 { append(0x2d) }
        }
        return length
    }
}

/// What tells two states of a Service's endpoints apart.
struct EndpointDelta {
    typealias Element = EndpointView.Element

    private(set) var removed: [Element] = []
    private(set) var added: [Element] = []
    /// The slices that hold other endpoints than before, as they are now.
    private(set) var changedSlices: [DiscoverySlice] = []
    /// There were none before, or there are none now: then `removed` and `added` may be left empty.
    private(set) var isWhole = false

    /// - Parameter listsAll: fills `removed` and `added` even where there were no endpoints before or are none now.
    init(from old: EndpointView, to new: EndpointView, listsAll: Bool = true) {
        guard old.slices != new.slices else { return }
        isWhole = old.isEmpty || new.isEmpty
        if isWhole, !listsAll {
            changedSlices = new.slices
            return
        }
        var (left, right) = (0, 0)
        while left < old.slices.count || right < new.slices.count {
            let former = left < old.slices.count ? old.slices[left] : nil
            let current = right < new.slices.count ? new.slices[right] : nil
            let takesFormer = former.map { former in current.map { former.id <= $0.id } ?? true } ?? false
            let takesCurrent = current.map { current in former.map { current.id <= $0.id } ?? true } ?? false
            compare(old, takesFormer ? left : nil, new, takesCurrent ? right : nil)
            if takesFormer { left += 1 }
            if takesCurrent { right += 1 }
        }
        cancel()
    }

    var isEmpty: Bool { removed.isEmpty && added.isEmpty && !isWhole }

    var elements: some Sequence<Element> { [removed, added].joined() }

    /// Compares one slice with what it has become; nil for one that is not there.
    private mutating func compare(_ old: EndpointView, _ former: Int?, _ new: EndpointView, _ current: Int?) {
        let formerSlice = former.map { old.slices[$0] }
        let currentSlice = current.map { new.slices[$0] }
        guard formerSlice != currentSlice else { return }
        if let currentSlice { changedSlices.append(currentSlice) }
        let isAlike =
            formerSlice?.ports == currentSlice?.ports && formerSlice?.sourceCluster == currentSlice?.sourceCluster
            && formerSlice?.endpoints.family == currentSlice?.endpoints.family
        var (left, right) = (0, 0)
        let ends = (formerSlice?.endpoints.count ?? 0, currentSlice?.endpoints.count ?? 0)
        while left < ends.0 || right < ends.1 {
            guard let former, left < ends.0 else {
                if let current { added.append(new.element(.init(slice: current, index: right))) }
                right += 1
                continue
            }
            let place = EndpointView.Place(slice: former, index: left)
            guard isAlike, let current, right < ends.1 else {
                removed.append(old.element(place))
                left += 1
                continue
            }
            // Both are in the order of addresses, so what is the same meets.
            let other = EndpointView.Place(slice: current, index: right)
            let (address, otherAddress) = (old.value(place), new.value(other))
            if address == otherAddress {
                if old.isAlike(place, new, other) {
                    left += 1
                    right += 1
                    continue
                }
                let (element, otherElement) = (old.element(place), new.element(other))
                if element != otherElement {
                    removed.append(element)
                    added.append(otherElement)
                }
                left += 1
                right += 1
            } else if address < otherAddress {
                removed.append(old.element(place))
                left += 1
            } else {
                added.append(new.element(other))
                right += 1
            }
        }
    }

    /// Forgets what has only moved from one slice to another.
    private mutating func cancel() {
        guard !removed.isEmpty, !added.isEmpty else { return }
        var counts: [Element: Int] = [:]
        for element in added { counts[element, default: 0] += 1 }
        removed = removed.filter { element in
            guard let count = counts[element], count > 0 else { return true }
            counts[element] = count - 1
            return false
        }
        // What is left over of an element that came more often than it went.
        added = added.filter { element in
            guard let count = counts[element], count > 0 else { return false }
            counts[element] = count - 1
            return true
        }
    }
}
