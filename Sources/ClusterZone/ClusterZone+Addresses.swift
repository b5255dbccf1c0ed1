import DNS
import Registry

/// What names of addresses lead to.
extension ClusterZone {
    mutating func refreshAddresses(
        _ number: ServiceTable.Number, _ id: NamespacedName, _ old: View, _ new: View, _ delta: EndpointDelta,
        into sink: inout ChangeSink
    ) {
        guard let apex = serviceApexes.first else { return }
        let own = ServiceNames(id, apex: apex, settings: settings)
        let (former, current) = (old.service?.virtualIPs ?? [], new.service?.virtualIPs ?? [])
        var changed = Set(delta.elements.map(\.address))
        if former != current { changed.formUnion(Set(former).symmetricDifference(current)) }
        // A virtual IP speaks for its Service only, whoever has the address besides.
        for address in changed {
            let isHeld = current.contains(address) || new.endpoints.contains(address)
            guard let (name, zone) = reverse.set(address, heldBy: number, isHeld, into: &sink) else { continue }
            let holders = reverse.holders(of: address)
            guard !holders.isEmpty else {
                sink.remove(name)
                continue
            }
            // None while those who had the address before have not been asked yet.
            let isAlone = holders.count == 1 && holders.first == number
            let targets =
                isAlone
                ? own.map { Self.targets(of: address, in: new, $0) } ?? []
                : targets(of: address, holders, below: apex)
            if !targets.isEmpty { sink.set(name, zone: zone, answers: [reverse.answer(name, targets)]) }
        }
    }

    /// One virtual IP stands before all endpoints; of several Services the first by namespace and name.
    func targets(
        of address: IPAddress, _ holders: [ServiceTable.Number], below apex: DomainName
    ) -> [DomainName] {
        let slots = holders.compactMap { number in state.services[number].map { (number, $0.id) } }
            .sorted { $0.1 < $1.1 }
        var names: [DomainName] = []
        for (number, id) in slots {
            let view = view(number)
            guard let schema = ServiceNames(id, apex: apex, settings: settings) else { continue }
            let targets = Self.targets(of: address, in: view, schema)
            if view.service?.virtualIPs.contains(address) == true { return targets }
            names += targets
        }
        return Self.distinct(names)
    }

    /// What an address stands for in one Service.
    static func targets(of address: IPAddress, in view: View, _ names: ServiceNames) -> [DomainName] {
        if view.service?.virtualIPs.contains(address) == true { return [names.owner] }
        return distinct(
            view.endpoints.places(of: address).compactMap {
                names.name(ofEndpoint: view.endpoints.label($0), cluster: "")
            })
    }

    static func distinct(_ names: [DomainName]) -> [DomainName] {
        guard names.count > 1 else { return names }
        var seen: Set<DomainName> = []
        return names.filter { seen.insert($0).inserted }
    }
}
