import DNS
import Registry

/// The names of one Service and what they answer (Kubernetes DNS specification 1.1.0, sections 2.3 to 2.6).
struct ServiceNames {
    /// The name of the Service itself.
    let owner: DomainName
    private let ttl: UInt32
    private let namesEndpointsByPod: Bool

    /// A name with its answers.
    typealias Entry = (name: DomainName, answers: [TypedAnswer])

    init?(_ service: NamespacedName, settings: ClusterZoneSettings) {
        guard let owner = DomainName(labels: [service.name, service.namespace, "svc"], under: settings.apex) else {
            return nil
        }
        self.owner = owner
        ttl = settings.ttl
        namesEndpointsByPod = settings.namesEndpointsByPod
    }

    /// One address of one endpoint that takes part in answers.
    struct EndpointAddress {
        let name: DomainName
        let address: IPAddress
        let ports: [EndpointSlice.Port]
    }

    /// The ready addresses of the slices, in their order.
    func endpoints(of slices: [EndpointSlice]) -> [EndpointAddress] {
        slices.flatMap { slice in
            guard slice.addressType != .fqdn else { return [EndpointAddress]() }
            return slice.endpoints.filter(\.isReady).flatMap { endpoint in
                endpoint.addresses.compactMap { text in
                    guard let address = IPAddress(text),
                        let name = DomainName(labels: [label(of: endpoint, address: text)], under: owner)
                    else { return nil }
                    return EndpointAddress(name: name, address: address, ports: slice.ports)
                }
            }
        }
    }

    /// The one label an endpoint goes by: its hostname, else its Pod's name where asked for, else its address.
    private func label(of endpoint: EndpointSlice.Endpoint, address: String) -> String {
        if !endpoint.hostname.isEmpty { return endpoint.hostname }
        if namesEndpointsByPod, (1...63).contains(endpoint.targetName.utf8.count) { return endpoint.targetName }
        return AddressLabel.text(of: address)
    }

    /// All names of the Service; none at all for one that does not exist in DNS.
    func entries(of service: Service, endpoints: [EndpointAddress]) -> [Entry] {
        switch service.kind {
        case .externalName: externalName(service)
        case _ where service.isHeadless: headless(endpoints)
        default: clusterIP(service, endpoints)
        }
    }

    // MARK: ExternalName

    private func externalName(_ service: Service) -> [Entry] {
        // An address is no name: resolvers would ask the root for a top-level domain of digits.
        guard IPAddress(service.externalName) == nil, let target = DomainName(service.externalName) else { return [] }
        let record = Record(owner: owner, ttl: ttl, data: .cname(target))
        return [
            (
                owner,
                [
                    TypedAnswer(type: .cname, records: [record]),
                    TypedAnswer(type: .a, records: [record], isAlias: true),
                    TypedAnswer(type: .aaaa, records: [record], isAlias: true),
                ]
            )
        ]
    }

    // MARK: ClusterIP

    private func clusterIP(_ service: Service, _ endpoints: [EndpointAddress]) -> [Entry] {
        let addresses = service.virtualIPs
        func answers(_ name: DomainName, ports: [Service.Port]) -> [TypedAnswer] {
            let pairs = ports.flatMap { port in
                addresses.map { Pair(target: owner, port: port.port, address: $0) }
            }
            return self.answers(name, addresses: addresses, pairs: pairs)
        }
        var entries: [Entry] = [(owner, answers(owner, ports: service.ports))]
        entries += named(service.ports.map { ($0.name, $0.transport) }).flatMap { port -> [Entry] in
            let matching = service.ports.filter { $0.name == port.name && $0.transport == port.transport }
            return portEntries(port) { answers($0, ports: matching) }
        }
        return withoutRepeatedParents(entries) + endpointEntries(endpoints)
    }

    // MARK: Headless

    private func headless(_ endpoints: [EndpointAddress]) -> [Entry] {
        // No ready endpoint: the name does not exist.
        guard !endpoints.isEmpty else { return [] }
        func answers(_ name: DomainName, _ isMatching: (EndpointSlice.Port) -> Bool, all: Bool) -> [TypedAnswer] {
            let matching = endpoints.map { ($0, $0.ports.filter(isMatching)) }
            let pairs = matching.flatMap { endpoint, ports in
                self.pairs(endpoint, ports: ports, countsWithoutPorts: all)
            }
            let addresses = matching.filter { all || !$0.1.isEmpty }.map(\.0.address)
            return self.answers(name, addresses: addresses, pairs: pairs)
        }
        var entries: [Entry] = [(owner, answers(owner, { _ in true }, all: true))]
        let ports = named(endpoints.flatMap { $0.ports.map { ($0.name, $0.transport) } })
        entries += ports.flatMap { port -> [Entry] in
            portEntries(port) { name in
                answers(name, { $0.name == port.name && $0.transport == port.transport }, all: false)
            }
        }
        return withoutRepeatedParents(entries) + endpointEntries(endpoints)
    }

    // MARK: Endpoints

    /// The names of single endpoints, which Services of every kind but ExternalName have.
    private func endpointEntries(_ endpoints: [EndpointAddress]) -> [Entry] {
        var order: [DomainName] = []
        var groups: [DomainName: [EndpointAddress]] = [:]
        for endpoint in endpoints {
            if groups[endpoint.name]?.append(endpoint) == nil {
                groups[endpoint.name] = [endpoint]
                order.append(endpoint.name)
            }
        }
        return order.map { name in
            let group = groups[name] ?? []
            let pairs = group.flatMap { self.pairs($0, ports: $0.ports, countsWithoutPorts: true) }
            return (name, answers(name, addresses: group.map(\.address), pairs: pairs))
        }
    }

    // MARK: Answers

    /// A port at an address: one candidate for an SRV record.
    private struct Pair {
        let target: DomainName
        /// nil counts for the weight, yet makes no record: an endpoint without ports.
        let port: Int?
        let address: IPAddress
    }

    private func pairs(_ endpoint: EndpointAddress, ports: [EndpointSlice.Port], countsWithoutPorts: Bool) -> [Pair] {
        guard !ports.isEmpty || !countsWithoutPorts else {
            return [Pair(target: endpoint.name, port: nil, address: endpoint.address)]
        }
        return ports.map { Pair(target: endpoint.name, port: $0.port, address: endpoint.address) }
    }

    private func answers(_ name: DomainName, addresses: [IPAddress], pairs: [Pair]) -> [TypedAnswer] {
        var answers = addressAnswers(name, addresses)
        var seen: Set<SRVKey> = []
        var records: [Record] = []
        var additionals: [Record] = []
        var known: Set<Record> = []
        // The weight is shared among all candidates, both families and repeated ones included, as upstream has it.
        let weight = UInt16(max(1, 100 / max(1, pairs.count)))
        for pair in pairs {
            guard let number = pair.port, let port = UInt16(exactly: number) else { continue }
            if seen.insert(SRVKey(target: pair.target, port: port)).inserted {
                records.append(
                    Record(
                        owner: name, ttl: ttl,
                        data: .srv(priority: 0, weight: weight, port: port, target: pair.target)))
            }
            let additional = Record(owner: pair.target, ttl: ttl, data: .address(pair.address.bytes))
            if known.insert(additional).inserted { additionals.append(additional) }
        }
        if !records.isEmpty { answers.append(TypedAnswer(type: .srv, records: records, additionals: additionals)) }
        return answers
    }

    private struct SRVKey: Hashable {
        let target: DomainName
        let port: UInt16
    }

    private func addressAnswers(_ name: DomainName, _ addresses: [IPAddress]) -> [TypedAnswer] {
        var seen: Set<IPAddress> = []
        let distinct = addresses.filter { seen.insert($0).inserted }
        return [(IPFamily.ipv4, RecordType.a), (.ipv6, .aaaa)].compactMap { family, type in
            let records = distinct.filter { $0.family == family }.map {
                Record(owner: name, ttl: ttl, data: .address($0.bytes))
            }
            return records.isEmpty ? nil : TypedAnswer(type: type, records: records)
        }
    }

    // MARK: Port names

    private struct NamedPort: Hashable {
        let name: String
        let transport: TransportProtocol
    }

    private func named(_ ports: [(String, TransportProtocol)]) -> [NamedPort] {
        var seen: Set<NamedPort> = []
        return ports.map { NamedPort(name: $0, transport: $1) }.filter { !$0.name.isEmpty && seen.insert($0).inserted }
    }

    /// `_port._proto.service` and the empty non-terminal above it (RFC 8020).
    private func portEntries(_ port: NamedPort, answers: (DomainName) -> [TypedAnswer]) -> [Entry] {
        guard let parent = DomainName(labels: ["_" + port.transport.lowercased], under: owner),
            let name = DomainName(labels: ["_" + port.name], under: parent)
        else { return [] }
        return [(parent, []), (name, answers(name))]
    }

    private func withoutRepeatedParents(_ entries: [Entry]) -> [Entry] {
        var seen: Set<DomainName> = []
        return entries.filter { seen.insert($0.name).inserted }
    }
}

/// Addresses as a single label.
enum AddressLabel {
    /// Dots and colons become dashes; a trailing dash, which no host name may have, gets a zero.
    static func text(of address: String) -> String {
        let text = String(address.map { $0 == "." || $0 == ":" ? "-" : $0 }).lowercased()
        return text.hasSuffix("-") ? text + "0" : text
    }
}
