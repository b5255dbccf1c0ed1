import DNS
import Registry

extension ServiceNames {
    /// Whether the names can be told as a whole: their owner is short enough, and spelled in lower case.
    var areTellable: Bool {
        owner.wire.count <= ServiceRecords.maximumOwnerLength && !owner.wire.contains { $0 &- 0x41 < 26 }
    }

    /// The records of a Service and of the names below it, but those of topology zones and of other clusters'
    /// endpoints; nil where neither a name nor an address leads to any.
    ///
    /// - Parameter spellsOut: says what the Service's own name and ports answer apart from the endpoints.
    func records(
        of service: DiscoveryService?, _ packing: EndpointPacking, _ view: EndpointView, spellsOut: Bool = false
    ) -> ServiceRecords? {
        let fixed = Self.fixed(of: service, view, settings: settings, isImport: false)
        guard let service, !fixed.isEmpty else {
            guard Self.areLedTo(service, view) else { return nil }
            var records = ServiceRecords(owner: owner, ttl: settings.ttl, answers: .records([]))
            records.visibility = .hidden
            records.endpoints = packing.records
            return records
        }
        let ordered = OrderedEndpoints(view)
        var records = ServiceRecords(
            owner: owner, ttl: settings.ttl, answers: ownAnswers(service, packing, ordered, spellsOut))
        records.endpoints = packing.records
        if case .alias = service.target {
            records.visibility = .ownerOnly
            return records
        }
        // Names are the same whatever their case; those of a few are compared sooner than hashed.
        var places: [[UInt8]: Int] = [:]
        let isMany = fixed.count > 16
        for name in fixed {
            guard let labels = childLabels(name) else { continue }
            let content = content(name, service, ordered, alike: records.answers)
            let known = isMany ? places[labels] : records.children.firstIndex { $0.labels == labels }
            if let known {
                records.children[known].content = content
            } else {
                if isMany { places[labels] = records.children.count }
                records.children.append(ServiceRecords.Child(labels: labels, content))
            }
        }
        for (label, places) in packing.spelledOut {
            guard let name = name(ofEndpoint: label, cluster: "") else { continue }
            records.children.append(
                ServiceRecords.Child(
                    labels: [UInt8(truncatingIfNeeded: label.count)] + label,
                    .records(answers(name, view, places))))
        }
        return records
    }

    /// Whether addresses lead to the names of a Service, be they there or not.
    static func areLedTo(_ service: DiscoveryService?, _ view: EndpointView) -> Bool {
        !view.isEmpty || service?.virtualIPs.isEmpty == false
    }

    private func ownAnswers(
        _ service: DiscoveryService, _ packing: EndpointPacking, _ ordered: OrderedEndpoints, _ spellsOut: Bool
    ) -> ServiceRecords.Answers {
        switch service.target {
        case .endpoints where packing.isUniform && !spellsOut:
            return .endpoints(weight: Self.weight(packing.weightUnits))
        case .virtualIPs(let addresses):
            guard let known = Self.serviceAddresses(addresses) else { break }
            let numbers = addresses.isEmpty ? [] : Self.numbers(service.ports)
            guard numbers.count <= Self.manyPorts else { break }
            return .addresses(
                known, ServicePorts(weight: Self.weight(service.ports.count * addresses.count), numbers: numbers))
        case .alias, .endpoints: break
        }
        return .records(answers(.owner, of: service, ordered))
    }

    /// SRV records of so many ports fit a message in any case.
    private static var manyPorts: Int { 64 }

    /// Each address once; nil for more than two of a family, or for families that take turns.
    private static func serviceAddresses(_ addresses: [IPAddress]) -> ServiceAddresses? {
        guard addresses.count <= 4 else { return nil }
        var known = ServiceAddresses()
        var turns = 0
        var last: IPFamily?
        for address in addresses {
            switch address {
            case .v4(let value):
                guard !known.v4.contains(value) else { continue }
                known.v4.append(value)
            case .v6(let value):
                guard !known.v6.contains(value) else { continue }
                known.v6.append(value)
            }
            if last == nil { known.isIPv6First = address.family == .ipv6 }
            if last != address.family { turns += 1 }
            last = address.family
        }
        return turns <= 2 && known.v4.count <= 2 && known.v6.count <= 2 ? known : nil
    }

    /// The labels of a name that is told with the Service; nil for others, and for what would be no name.
    func childLabels(_ fixed: Fixed) -> [UInt8]? {
        var labels: [UInt8] = []
        func append(_ text: String) -> Bool {
            guard text.utf8.count < 63 else { return false }
            labels.append(UInt8(text.utf8.count + 1))
            labels.append(0x5f)
            for byte in text.utf8 { labels.append(DomainName.lowercased(byte)) }
            return true
        }
        switch fixed {
        case .transport(let transport):
            guard append(transport.lowercased) else { return nil }
        case .port(let port):
            labels.reserveCapacity(24)
            guard append(port.name), append(port.transport.lowercased) else { return nil }
        case .owner, .cluster, .zones, .pins, .preferences, .pin, .preference: return nil
        }
        return labels.count + owner.wire.count <= 255 ? labels : nil
    }

    private func content(
        _ fixed: Fixed, _ service: DiscoveryService, _ ordered: OrderedEndpoints, alike own: ServiceRecords.Answers
    ) -> ServiceRecords.Content {
        guard case .port(let port) = fixed else { return .empty }
        switch (service.target, own) {
        case (.virtualIPs(let addresses), .addresses):
            let ports = ordered.ports(of: service)[port]
            let numbers = addresses.isEmpty ? [] : Self.numbers(ports)
            guard numbers.count <= ServiceRecords.maximumPorts else { break }
            return .services(
                ServicePorts(weight: Self.weight(ports.count * addresses.count), numbers: numbers))
        case (.endpoints, .endpoints) where isAll(port, ordered.view): return .alike
        default: break
        }
        return .records(answers(fixed, of: service, ordered))
    }
}
