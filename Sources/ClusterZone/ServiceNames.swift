import DNS
import Registry

/// The names of one Service in one zone and what they answer (Kubernetes DNS specification 1.1.0, sections 2.3 to 2.6).
///
/// A ServiceImport has the same names in a multicluster zone, but that its endpoints stand below their cluster.
struct ServiceNames {
    /// The name of the Service itself.
    let owner: DomainName
    let settings: ClusterZoneSettings

    /// A name that does not stand for a single endpoint.
    enum Fixed: Hashable {
        case owner
        /// `_proto`, the empty non-terminal above ports (RFC 8020).
        case transport(TransportProtocol)
        /// `_port._proto`.
        case port(NamedPort)
        /// The cluster that endpoints stand below, or an empty non-terminal above it.
        case cluster(String)
        /// `_zone`, `pin._zone` and `prefer._zone`: empty non-terminals.
        case zones
        case pins
        case preferences
        /// The endpoints of a zone alone, and those before all others.
        case pin(String)
        case preference(String)
    }

    struct NamedPort: Hashable {
        let name: String
        let transport: TransportProtocol
    }

    /// The ports of a Service or of a slice by the name that leads to them.
    struct PortsByName {
        private let ports: [DiscoveryPort]
        /// nil for a few, which are looked through sooner.
        private let groups: [NamedPort: [DiscoveryPort]]?

        init(_ ports: [DiscoveryPort]) {
            self.ports = ports
            groups =
                ports.count > 8
                ? Dictionary(grouping: ports) { NamedPort(name: $0.name, transport: $0.transport) } : nil
        }

        subscript(_ port: NamedPort) -> [DiscoveryPort] {
            if let groups { return groups[port] ?? [] }
            return ports.filter { $0.name == port.name && $0.transport == port.transport }
        }
    }

    init?(_ service: NamespacedName, apex: DomainName, settings: ClusterZoneSettings) {
        guard let owner = DomainName(labels: [service.name, service.namespace, "svc"], under: apex) else { return nil }
        self.owner = owner
        self.settings = settings
    }

    // MARK: Which names there are

    /// The names of a Service; none for one that does not exist in DNS.
    static func fixed(
        of service: DiscoveryService?, _ endpoints: EndpointView, settings: ClusterZoneSettings, isImport: Bool
    ) -> [Fixed] {
        guard let service else { return [] }
        var names: [Fixed] = [.owner]
        switch service.target {
        case .alias(let text):
            // An address is no name: resolvers would ask the root for a top-level domain of digits.
            return IPAddress(text) == nil && DomainName(text) != nil ? names : []
        case .virtualIPs:
            guard !settings.ignoresEmptyServices || !endpoints.isEmpty else { return [] }
            names += ports(service.ports)
        case .endpoints:
            // No ready endpoint: the name does not exist.
            guard !endpoints.isEmpty else { return [] }
            var last: [DiscoveryPort] = []
            for slice in endpoints.slices where slice.ports != last {
                names += ports(slice.ports)
                last = slice.ports
            }
            if settings.answersByZone, !isImport {
                names += [.zones, .pins, .preferences]
                let zones = endpoints.slices.flatMap(\.endpoints.zones)
                names += zones.map { .pin($0) } + zones.map { .preference($0) }
            }
        }
        if isImport {
            for cluster in endpoints.slices.map(\.sourceCluster) {
                let labels = cluster.split(separator: ".", omittingEmptySubsequences: false)
                names += labels.indices.map { .cluster(labels[$0...].joined(separator: ".")) }
            }
        }
        // A few, nearly always.
        guard names.count > 8 else {
            var distinct: [Fixed] = []
            for name in names where !distinct.contains(name) { distinct.append(name) }
            return distinct
        }
        var seen: Set<Fixed> = []
        return names.filter { seen.insert($0).inserted }
    }

    private static func ports(_ ports: [DiscoveryPort]) -> [Fixed] {
        ports.filter { !$0.name.isEmpty }.flatMap { port -> [Fixed] in
            [.transport(port.transport), .port(NamedPort(name: port.name, transport: port.transport))]
        }
    }

    /// The name in this zone; nil where it would be none.
    func name(of fixed: Fixed) -> DomainName? {
        switch fixed {
        case .owner: owner
        case .transport(let transport): DomainName(labels: ["_" + transport.lowercased], under: owner)
        case .port(let port):
            DomainName(labels: ["_" + port.name, "_" + port.transport.lowercased], under: owner)
        case .cluster(let cluster): below(owner, cluster)
        case .zones: DomainName(labels: ["_zone"], under: owner)
        case .pins: DomainName(labels: ["pin", "_zone"], under: owner)
        case .preferences: DomainName(labels: ["prefer", "_zone"], under: owner)
        case .pin(let zone): name(of: .pins).flatMap { below($0, zone) }
        case .preference(let zone): name(of: .preferences).flatMap { below($0, zone) }
        }
    }

    /// The name of an endpoint by its label, and by its cluster where that is not empty.
    func name(ofEndpoint label: [UInt8], cluster: String) -> DomainName? {
        parent(ofEndpointsIn: cluster).flatMap { DomainName(label: label, under: $0) }
    }

    private func parent(ofEndpointsIn cluster: String) -> DomainName? {
        cluster.isEmpty ? owner : below(owner, cluster)
    }

    private func below(_ parent: DomainName, _ labels: String) -> DomainName? {
        DomainName(labels: labels.split(separator: ".", omittingEmptySubsequences: false), under: parent)
    }

    // MARK: What they answer

    func answers(_ fixed: Fixed, of service: DiscoveryService, _ endpoints: OrderedEndpoints) -> [TypedAnswer] {
        guard let name = name(of: fixed) else { return [] }
        switch (service.target, fixed) {
        case (.alias(let text), .owner): return alias(text)
        case (.virtualIPs(let addresses), .owner): return virtual(name, addresses, service.ports)
        case (.virtualIPs(let addresses), .port(let port)):
            return virtual(name, addresses, endpoints.ports(of: service)[port])
        case (.endpoints, .owner):
            return answers(name, content(endpoints, port: nil))
        case (.endpoints, .port(let port)):
            // Nearly always all endpoints have the one port.
            return answers(name, content(endpoints, port: isAll(port, endpoints.view) ? nil : port))
        case (.endpoints, .pin(let zone)), (.endpoints, .preference(let zone)):
            // A zone is named for the endpoints in it, so there is always one to prefer.
            let own = endpoints.places.filter { endpoints.view.zone($0) == zone }
            return answers(name, content(OrderedEndpoints(endpoints.view, own), port: nil))
        default: return []
        }
    }

    /// Whether the endpoints have no other port.
    func isAll(_ port: NamedPort, _ view: EndpointView) -> Bool {
        view.slices.allSatisfy { slice in
            !slice.ports.isEmpty
                && slice.ports.allSatisfy { $0.name == port.name && $0.transport == port.transport }
        }
    }

    /// The answers to the name of an endpoint: those of all addresses that go by it.
    func answers(_ name: DomainName, _ endpoints: EndpointView, _ places: [EndpointView.Place]) -> [TypedAnswer] {
        guard places.count == 1, let place = places.first else {
            return answers(name, content(OrderedEndpoints(endpoints, places), port: nil))
        }
        // Nearly all names of a cluster are those of single endpoints.
        let address = record(name, endpoints.address(place))
        var answers = [TypedAnswer(type: address.type, records: [address])]
        let ports = endpoints.slices[place.slice].ports
        let weight = Self.weight(ports.count)
        let services = Self.numbers(ports).map {
            Record(owner: name, ttl: settings.ttl, data: Self.srv(weight, $0, name))
        }
        if !services.isEmpty { answers.append(TypedAnswer(type: .srv, records: services, additionals: [address])) }
        return answers
    }

    private func alias(_ text: String) -> [TypedAnswer] {
        guard let target = DomainName(text) else { return [] }
        let record = Record(owner: owner, ttl: settings.ttl, data: .cname(target))
        return [
            TypedAnswer(type: .cname, records: [record]), TypedAnswer(type: .a, records: [record], isAlias: true),
            TypedAnswer(type: .aaaa, records: [record], isAlias: true),
        ]
    }

    private func virtual(_ name: DomainName, _ addresses: [IPAddress], _ ports: [DiscoveryPort]) -> [TypedAnswer] {
        var seen: Set<IPAddress> = []
        let distinct = addresses.filter { seen.insert($0).inserted }
        let weight = Self.weight(ports.count * addresses.count)
        var known: Set<UInt16> = []
        let numbers = distinct.isEmpty ? [] : ports.compactMap(\.number).filter { known.insert($0).inserted }
        var content = Content()
        content.v4 = distinct.filter { $0.family == .ipv4 }.map { .address($0.bytes) }
        content.v6 = distinct.filter { $0.family == .ipv6 }.map { .address($0.bytes) }
        content.services = numbers.map { Self.srv(weight, $0, owner) }
        content.additionals = distinct.map { record(owner, $0) }
        return answers(name, content)
    }

    /// What endpoints answer, whatever the name.
    struct Content {
        fileprivate var v4: [RecordData] = []
        fileprivate var v6: [RecordData] = []
        fileprivate var services: [RecordData] = []
        fileprivate var additionals: [Record] = []
    }

    private func answers(_ name: DomainName, _ content: Content) -> [TypedAnswer] {
        [
            (RecordType.a, content.v4, []), (.aaaa, content.v6, []), (.srv, content.services, content.additionals),
        ].compactMap { type, data, additionals in
            guard !data.isEmpty else { return nil }
            return TypedAnswer(
                type: type, records: data.map { Record(owner: name, ttl: settings.ttl, data: $0) },
                additionals: additionals)
        }
    }

    /// - Parameter port: counts these ports only; nil for all.
    private func content(_ endpoints: OrderedEndpoints, port: NamedPort?) -> Content {
        if port == nil, let known = endpoints.known(for: owner) { return known }
        let view = endpoints.view
        let ports = port.map(endpoints.ports) ?? view.slices.map(\.ports)
        var content = Content()
        var pairs = 0
        var last: IPAddress?
        for place in endpoints.places {
            let matching = ports[place.slice].count
            // An endpoint without ports counts for the weight, though it makes no record.
            pairs += port == nil ? max(1, matching) : matching
            guard port == nil || matching > 0 else { continue }
            let address = view.address(place)
            // They come in order, so what is repeated stands together.
            guard address != last else { continue }
            last = address
            switch address {
            case .v4:
                if content.v4.count <= Self.largestMessage / 16 { content.v4.append(.address(address.bytes)) }
            case .v6:
                if content.v6.count <= Self.largestMessage / 28 { content.v6.append(.address(address.bytes)) }
            }
        }
        addServices(to: &content, endpoints, ports, weight: Self.weight(pairs))
        if port == nil { endpoints.keep(content, for: owner) }
        return content
    }

    private func addServices(
        to content: inout Content, _ endpoints: OrderedEndpoints, _ ports: [[DiscoveryPort]], weight: UInt16
    ) {
        let view = endpoints.view
        // One endpoint with one port repeats nothing.
        let isSingle = endpoints.places.count == 1 && ports[endpoints.places[0].slice].count < 2
        var seen: Set<UInt64> = []
        var size = 0
        for place in endpoints.places {
            guard let parent = parent(ofEndpointsIn: view.slices[place.slice].sourceCluster) else { continue }
            for case let number? in ports[place.slice].lazy.map(\.number) where size <= Self.largestMessage {
                let bytes = view.withLabel(place) { Self.srv(weight, number, $0, under: parent) }
                let isNew = isSingle || seen.insert(bytes.withUnsafeBytes(EndpointView.digest)).inserted
                // Different ones may have the same digest.
                guard bytes.count <= 6 + 255, isNew || !content.services.contains(where: { $0.bytes == bytes }) else {
                    continue
                }
                content.services.append(RecordData(type: .srv, bytes: bytes))
                size += 12 + bytes.count
            }
            // Where not even the answer fits, nothing else does.
            guard size <= Self.largestMessage else { return }
        }
        var last: (place: EndpointView.Place, name: DomainName)?
        for place in endpoints.places where ports[place.slice].contains(where: { $0.number != nil }) {
            let cluster = view.slices[place.slice].sourceCluster
            guard let target = name(ofEndpoint: view.label(place), cluster: cluster) else { continue }
            // They come in order, so what is repeated stands together.
            if let last, view.address(last.place) == view.address(place), last.name == target { continue }
            last = (place, target)
            content.additionals.append(record(target, view.address(place)))
        }
    }

    /// The weight is shared among all candidates, both families and repeated ones included, as upstream has it.
    static func weight(_ pairs: Int) -> UInt16 { UInt16(max(1, 100 / max(1, pairs))) }

    /// The numbers of ports, each once.
    static func numbers(_ ports: [DiscoveryPort]) -> [UInt16] {
        var numbers: [UInt16] = []
        numbers.reserveCapacity(ports.count)
        // A few, nearly always; of many, as strangers may write them, a set knows which.
        if ports.count <= 16 {
            for port in ports { if let number = port.number, !numbers.contains(number) { numbers.append(number) } }
        } else {
            var known: Set<UInt16> = []
            for port in ports { if let number = port.number, known.insert(number).inserted { numbers.append(number) } }
        }
        return numbers
    }

    /// Bytes; what does not fit any message need not be made.
    private static let largestMessage = 65535

    private func record(_ owner: DomainName, _ address: IPAddress) -> Record {
        Record(owner: owner, ttl: settings.ttl, data: .address(address.bytes))
    }

    private static func srv(_ weight: UInt16, _ port: UInt16, _ target: DomainName) -> RecordData {
        .srv(priority: 0, weight: weight, port: port, target: target)
    }

    /// The data of an SRV record, made in one piece of memory; the label has 1 to 63 bytes.
    private static func srv(
        _ weight: UInt16, _ port: UInt16, _ label: UnsafeRawBufferPointer, under parent: DomainName
    ) -> [UInt8] {
        let length = 7 + label.count + parent.wire.count
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            for (index, number) in [UInt8(0), 0, UInt8(weight >> 8), UInt8(weight & 255)].enumerated() {
                buffer.initializeElement(at: index, to: number)
            }
            buffer.initializeElement(at: 4, to: UInt8(port >> 8))
            buffer.initializeElement(at: 5, to: UInt8(port & 255))
            buffer.initializeElement(at: 6, to: UInt8(truncatingIfNeeded: label.count))
            _ = buffer[7...].initialize(fromContentsOf: label.bindMemory(to: UInt8.self))
            _ = buffer[(7 + label.count)...].initialize(fromContentsOf: parent.wire)
            count = length
        }
    }
}

/// Endpoints with their places in order, which several names are made from; for one thread.
final class OrderedEndpoints {
    let view: EndpointView
    /// Ordered only where they are asked for.
    private(set) lazy var places = view.places()
    private var content: (owner: DomainName, content: ServiceNames.Content)?
    private lazy var portsByName = view.slices.map { ServiceNames.PortsByName($0.ports) }
    private var servicePorts: (id: NamespacedName, ports: ServiceNames.PortsByName)?

    init(_ view: EndpointView) {
        self.view = view
    }

    init(_ view: EndpointView, _ places: [EndpointView.Place]) {
        self.view = view
        self.places = places
    }

    /// What the endpoints answer under a Service's name, if that has been made.
    func known(for owner: DomainName) -> ServiceNames.Content? { content?.owner == owner ? content?.content : nil }

    func keep(_ content: ServiceNames.Content, for owner: DomainName) { self.content = (owner, content) }

    /// The ports that a name leads to, of each slice.
    func ports(_ port: ServiceNames.NamedPort) -> [[DiscoveryPort]] { portsByName.map { $0[port] } }

    /// The ports of the Service whose endpoints these are.
    func ports(of service: DiscoveryService) -> ServiceNames.PortsByName {
        if let servicePorts, servicePorts.id == service.id { return servicePorts.ports }
        let ports = ServiceNames.PortsByName(service.ports)
        servicePorts = (service.id, ports)
        return ports
    }
}
