import DNS
import Registry

/// A Service as it was and as it is.
struct ServiceChange {
    let number: ServiceTable.Number
    let id: NamespacedName
    let old: ClusterZone.View
    let new: ClusterZone.View
    /// Names no endpoints where there were none before or are none now.
    let delta: EndpointDelta

    /// The addresses that endpoints had, and may have no more.
    var lostAddresses: [IPAddress] {
        guard delta.isWhole else { return delta.removed.map(\.address) }
        return old.endpoints.addresses
    }
}

/// Names that a Service has no more while a list may bring them back, or while another Service takes their addresses
/// over: told until then.
struct HeldServiceNames: Sendable {
    let id: NamespacedName
    let number: ServiceTable.Number
    /// The Service's own name is among them, and with it all else stays as it is.
    var holdsOwner = false
    var children: [ServiceRecords.Child] = []
    var endpoints: Set<Endpoint> = []

    /// An endpoint that its address leads to.
    struct Endpoint: Hashable, Sendable {
        let address: IPAddress
        let label: [UInt8]
    }
}

/// Services told as a whole (`ChangeForm.services`).
extension ClusterZone {
    // MARK: Names

    /// Tells a Service with the names below it, and the addresses that lead there.
    ///
    /// - Parameter isPassing: addresses of its endpoints go over to another Service with this event.
    mutating func refreshRecords(
        _ change: ServiceChange, _ ending: ChangeSink.Ending, isPassing: Bool, into sink: inout ChangeSink
    ) {
        let (old, new) = (change.old, change.new)
        guard old.service != new.service || !change.delta.isEmpty else { return }
        let packing = EndpointPacking(new.endpoints)
        lazy var whole = EndpointDelta(from: old.endpoints, to: new.endpoints)
        var isHolding = isPassing
        if case .none = ending { isHolding = true }
        var isHeldBack = false
        var first: ServiceNames?
        for (index, apex) in serviceApexes.enumerated() {
            guard let names = ServiceNames(change.id, apex: apex, settings: settings) else { continue }
            if index == 0 { first = names }
            guard names.areTellable else {
                refreshNames(change.id, [apex], old, new, whole, isImport: false, into: &sink)
                continue
            }
            if isHolding { hold(names, change, whole) }
            let isTold = tell(
                names, index == 0 ? change.number : nil, apex, old, new, packing, isHolding: isHolding, into: &sink)
            if index == 0 { isHeldBack = !isTold }
            if settings.answersByZone || !importApexes.isEmpty {
                refreshNames(change.id, [apex], old, new, whole, isImport: false, isRest: true, into: &sink)
            }
        }
        if tellsAddresses {
            refreshLeads(change, first, packing, isHeldBack: isHeldBack, into: &sink)
        } else {
            refreshAddresses(change.number, change.id, old, new, whole, into: &sink)
        }
    }

    /// - Returns: false where the Service stays told as it was.
    private mutating func tell(
        _ names: ServiceNames, _ number: ServiceTable.Number?, _ apex: DomainName, _ old: View, _ new: View,
        _ packing: EndpointPacking, isHolding: Bool, into sink: inout ChangeSink
    ) -> Bool {
        var held = heldServices.isEmpty ? nil : heldServices[names.owner]
        let records = names.records(of: new.service, packing, new.endpoints, spellsOut: held != nil)
        if isHolding, held?.holdsOwner == true, (records?.visibility ?? .hidden) == .hidden { return false }
        guard var records else {
            heldServices[names.owner] = nil
            let existed =
                ServiceNames.areLedTo(old.service, old.endpoints)
                || !ServiceNames.fixed(of: old.service, old.endpoints, settings: settings, isImport: false).isEmpty
            if existed || held != nil { sink.removeService(names.owner, number) }
            return true
        }
        if held != nil {
            held?.forget(what: records, new)
            held?.holdsOwner = false
            let isEmpty = held.map { $0.children.isEmpty && $0.endpoints.isEmpty } ?? true
            heldServices[names.owner] = isEmpty ? nil : held
            if let held, !isEmpty { records.add(held) }
        }
        sink.tell(.setService(records, zone: apex, number: number))
        return true
    }

    /// Notes what a Service has no more.
    private mutating func hold(_ names: ServiceNames, _ change: ServiceChange, _ delta: EndpointDelta) {
        let (old, new) = (change.old, change.new)
        var held = heldServices[names.owner] ?? HeldServiceNames(id: change.id, number: change.number)
        func fixed(_ view: View) -> [ServiceNames.Fixed] {
            ServiceNames.fixed(of: view.service, view.endpoints, settings: settings, isImport: false)
        }
        let former = fixed(old)
        let current = Set(fixed(new))
        let ordered = OrderedEndpoints(old.endpoints)
        if let service = old.service {
            var gone: [[UInt8]: ServiceRecords.Child] = [:]
            for name in former where !current.contains(name) {
                guard let labels = names.childLabels(name) else { continue }
                gone[labels] = .init(labels: labels, .records(names.answers(name, of: service, ordered)))
            }
            held.children.removeAll { gone[$0.labels] != nil }
            held.children += gone.values
        }
        let gone = Set(EndpointLabels(old, new, delta) { new.hasEndpointNames ? new.endpoints.places() : [] }.gone)
        if old.hasEndpointNames, !gone.isEmpty {
            var groups: [EndpointLabels.Label: [EndpointView.Place]] = [:]
            for place in ordered.places {
                let label = EndpointLabels.Label(old.endpoints, place)
                if label.cluster.isEmpty, gone.contains(label) { groups[label, default: []].append(place) }
            }
            let known = Set(groups.keys.map { [UInt8(truncatingIfNeeded: $0.bytes.count)] + $0.bytes })
            held.children.removeAll { known.contains($0.labels) }
            for (label, places) in groups {
                guard let name = names.name(ofEndpoint: label.bytes, cluster: "") else { continue }
                held.children.append(
                    .init(
                        labels: [UInt8(truncatingIfNeeded: label.bytes.count)] + label.bytes,
                        .records(names.answers(name, old.endpoints, places))))
            }
        }
        for element in delta.removed {
            held.endpoints.insert(.init(address: element.address, label: element.label))
        }
        held.holdsOwner = current.isEmpty && (held.holdsOwner || !former.isEmpty)
        let isGone =
            current.isEmpty && !ServiceNames.areLedTo(new.service, new.endpoints)
            && ServiceNames.areLedTo(old.service, old.endpoints)
        if isGone { held.holdsOwner = true }
        guard held.holdsOwner || !held.children.isEmpty || !held.endpoints.isEmpty else { return }
        heldServices[names.owner] = held
    }

    /// Tells all Services of which names were held as they are.
    mutating func releaseServices(into sink: inout ChangeSink) {
        var told: Set<ServiceTable.Number> = []
        for held in heldServices.values where told.insert(held.number).inserted {
            tellService(held.id, held.number, into: &sink)
        }
    }

    /// Tells a Service as it is, without what was held of it.
    mutating func tellService(_ id: NamespacedName, _ number: ServiceTable.Number, into sink: inout ChangeSink) {
        let view = view(number)
        let packing = EndpointPacking(view.endpoints)
        for (index, apex) in serviceApexes.enumerated() {
            guard let names = ServiceNames(id, apex: apex, settings: settings),
                heldServices.removeValue(forKey: names.owner) != nil
            else { continue }
            let number = index == 0 ? number : nil
            if let records = names.records(of: view.service, packing, view.endpoints) {
                sink.tell(.setService(records, zone: apex, number: number))
            } else {
                sink.removeService(names.owner, number)
            }
        }
        state.services.leave(number)
    }

    // MARK: Addresses

    /// - Parameters:
    ///   - own: the Service's names in the first zone.
    ///   - isHeldBack: the Service stays told as it was, so that addresses that are new do not lead there.
    private mutating func refreshLeads(
        _ change: ServiceChange, _ own: ServiceNames?, _ packing: EndpointPacking, isHeldBack: Bool,
        into sink: inout ChangeSink
    ) {
        guard let apex = serviceApexes.first else { return }
        let owner = LeadOwner(
            number: change.number, names: own, isTellable: !isHeldBack && own?.areTellable ?? false, view: change.new,
            virtualIPs: change.new.service?.virtualIPs ?? [], shared: packing.sharedAddresses)
        let former = change.old.service?.virtualIPs ?? []
        if change.delta.isWhole, !change.new.endpoints.isEmpty {
            var last: IPAddress?
            for index in 0..<packing.records.count {
                let address = packing.records.address(index)
                guard address != last else { continue }
                last = address
                lead(address, owner, isHeld: true, below: apex, into: &sink)
            }
        } else {
            let changed =
                change.delta.isWhole
                ? Set(change.old.endpoints.addresses) : Set(change.delta.elements.map(\.address))
            for address in changed {
                let isHeld = owner.virtualIPs.contains(address) || change.new.endpoints.contains(address)
                lead(address, owner, isHeld: isHeld, below: apex, into: &sink)
            }
        }
        guard former != owner.virtualIPs else { return }
        for address in Set(former).symmetricDifference(owner.virtualIPs) {
            let isHeld = owner.virtualIPs.contains(address) || change.new.endpoints.contains(address)
            lead(address, owner, isHeld: isHeld, below: apex, into: &sink)
        }
    }

    /// A Service that addresses are being led to.
    private struct LeadOwner {
        let number: ServiceTable.Number
        let names: ServiceNames?
        let isTellable: Bool
        let view: View
        let virtualIPs: [IPAddress]
        /// The addresses that several of its labels go by.
        let shared: Set<IPAddress>
    }

    /// Tells what an address leads to now that one of its Services has it or has it no more.
    private mutating func lead(
        _ address: IPAddress, _ owner: LeadOwner, isHeld: Bool, below apex: DomainName, into sink: inout ChangeSink
    ) {
        guard let zone = reverse.note(address, heldBy: owner.number, isHeld, into: &sink) else { return }
        let isAlone = reverse.isAlone(owner.number, at: address)
        if isAlone, owner.isTellable {
            if owner.virtualIPs.contains(address) {
                return setLead(address, .service(owner.number), zone, into: &sink)
            }
            if owner.shared.isEmpty || !owner.shared.contains(address) {
                return setLead(address, .endpoint(owner.number), zone, into: &sink)
            }
        }
        let holders = isAlone ? [owner.number] : reverse.holders(of: address)
        guard !holders.isEmpty else {
            if spelledAddresses.remove(address) != nil { sink.remove(ReverseZone.name(of: address)) }
            return sink.removeAddress(address)
        }
        let name = ReverseZone.name(of: address)
        // None while those who had the address before have not been asked yet.
        let targets =
            isAlone
            ? owner.names.map { Self.targets(of: address, in: owner.view, $0) } ?? []
            : targets(of: address, holders, below: apex)
        guard !targets.isEmpty else { return }
        sink.set(name, zone: zone, answers: [reverse.answer(name, targets)])
        spelledAddresses.insert(address)
        sink.setAddress(address, .name, zone: zone)
    }

    private mutating func setLead(
        _ address: IPAddress, _ lead: AddressLead, _ zone: DomainName, into sink: inout ChangeSink
    ) {
        sink.setAddress(address, lead, zone: zone)
        let wasSpelled = !spelledAddresses.isEmpty && spelledAddresses.remove(address) != nil
        guard wasSpelled || !sink.held.isEmpty else { return }
        let name = ReverseZone.name(of: address)
        if wasSpelled || sink.held.contains(name) { sink.replace(name) }
    }
}

extension HeldServiceNames {
    /// Forgets the names that exist again.
    fileprivate mutating func forget(what records: ServiceRecords, _ view: ClusterZone.View) {
        var known = Set(records.children.map(\.labels))
        var endpoints: Set<Endpoint> = []
        for place in view.endpoints.places() {
            let label = view.endpoints.label(place)
            // The names of other clusters' endpoints lie elsewhere.
            if view.hasEndpointNames, view.endpoints.slices[place.slice].sourceCluster.isEmpty {
                known.insert([UInt8(truncatingIfNeeded: label.count)] + label)
            }
            endpoints.insert(Endpoint(address: view.endpoints.address(place), label: label))
        }
        children.removeAll { known.contains($0.labels) }
        self.endpoints.subtract(endpoints)
    }
}

extension ServiceRecords {
    /// Adds names that go on existing, and endpoints that their addresses go on leading to.
    fileprivate mutating func add(_ held: HeldServiceNames) {
        children += held.children
        endpoints.add(held.endpoints)
        guard !held.children.isEmpty, visibility == .ownerOnly else { return }
        // Names below an alias go on, but only those.
        visibility = .all
        endpoints.portSetIndices = endpoints.portSetIndices.map { _ in EndpointRecords.unnamed }
    }
}

extension EndpointRecords {
    func address(_ index: Int) -> IPAddress {
        index < v4.count ? .v4(v4[index]) : .v6(v6[index - v4.count])
    }

    /// Adds endpoints without names, behind those with the same address.
    fileprivate mutating func add(_ others: Set<HeldServiceNames.Endpoint>) {
        var items = (0..<count).map { index in
            (
                address: address(index), label: labelOffsets.isEmpty ? 0 : labelOffsets[index],
                set: portSetIndices.isEmpty ? 0 : portSetIndices[index], order: index
            )
        }
        for other in others {
            labels.append(UInt8(truncatingIfNeeded: other.label.count))
            items.append((other.address, UInt32(truncatingIfNeeded: labels.count), Self.unnamed, items.count))
            labels.append(contentsOf: other.label)
        }
        items.sort {
            ($0.address.family == .ipv6 ? 1 : 0, $0.address.value, $0.order) < (
                $1.address.family == .ipv6 ? 1 : 0, $1.address.value, $1.order
            )
        }
        v4 = []
        v6 = []
        for item in items {
            switch item.address {
            case .v4(let value): v4.append(value)
            case .v6(let value): v6.append(value)
            }
        }
        labelOffsets = items.map(\.label)
        portSetIndices = items.map(\.set)
    }
}
