import AnswerTable
import ClusterServing
import ClusterZone
import DNS
import Registry

/// A cluster published as a server would: 2,000 Services with virtual IPs in six Namespaces and one headless Service.
struct SampleCluster {
    static let serviceCount = 2000
    /// The endpoints of the headless Service.
    static let endpointCount = 20
    private static let namespaces = ["shop", "payments", "search", "monitoring", "batch", "staging"]
    private static let roles = ["web", "api", "cache", "db", "queue"]

    let table: AnswerTable

    init() async throws {
        let publisher = try Self.makePublisher()
        table = publisher.zones.table
        let kinds = publisher.selection.kinds
        let services = try (0..<Self.serviceCount).map { index in
            guard let address = IPAddress("10.96.\(index / 250).\(1 + index % 250)") else {
                throw SetupError("no address for Service \(index)")
            }
            return DiscoveryChange.put(
                .service(
                    DiscoveryService(
                        Self.id(index), target: .virtualIPs([address]),
                        ports: [DiscoveryPort(name: "http", number: 80), DiscoveryPort(name: "https", number: 443)])))
        }
        let headless = HeadlessService(endpoints: Self.endpointCount, selection: publisher.selection)
        await publisher.start()
        await publisher.apply(.snapshotBegins(kinds))
        await publisher.apply(
            .changes(Self.namespaces.map { .put(.namespace($0)) } + services + headless.everything))
        await publisher.apply(.snapshotEnds(kinds))
    }

    /// A publisher of `cluster.local` that has published no cluster yet.
    static func makePublisher() throws -> ZonePublisher {
        let apex = try name("cluster.local.")
        let soa = StartOfAuthority(
            primary: try name("ns.dns.cluster.local."), mailbox: try name("hostmaster.cluster.local."), serial: 1,
            refresh: 7200, retry: 1800, expire: 86400, minimum: 5)
        return ZonePublisher(
            settings: ClusterZoneSettings(
                apex: apex, reverseApexes: [try name("in-addr.arpa."), try name("ip6.arpa.")], podNames: .disabled,
                apexRecords: [
                    Record(owner: apex, ttl: 5, data: soa.data),
                    Record(owner: apex, ttl: 5, data: .ns(try name("ns.dns.cluster.local."))),
                ]),
            // Which names collide is the same each time: where few are asked for, it is seen in the counts.
            table: AnswerTable(seed: 0x5377_6674))
    }

    static func name(_ text: String) throws -> DomainName {
        guard let name = DomainName(text) else { throw SetupError("\(text) is no name") }
        return name
    }

    private static func id(_ index: Int) -> NamespacedName {
        NamespacedName(
            namespace: namespaces[index % namespaces.count],
            name: "\(roles[index / namespaces.count % roles.count])-\(index)")
    }

    /// The name of a Service, by its number.
    static func serviceName(_ index: Int) -> String {
        let id = id(index)
        return "\(id.name).\(id.namespace).svc.cluster.local."
    }
}

/// A headless Service with endpoints that have hostnames, in slices of 100.
struct HeadlessService {
    static let endpointsPerSlice = 100
    static let name = "headless.shop.svc.cluster.local."

    private let endpoints: Int
    private let selection: DiscoverySelection

    init(endpoints: Int, selection: DiscoverySelection) {
        (self.endpoints, self.selection) = (endpoints, selection)
    }

    /// The Service and all its slices.
    var everything: [DiscoveryChange] {
        let service = DiscoveryService(
            NamespacedName(namespace: "shop", name: "headless"), target: .endpoints,
            ports: [DiscoveryPort(name: "http", number: 80)])
        let slices = (0...((endpoints - 1) / Self.endpointsPerSlice)).map { slice($0, changed: false) }
        return [.put(.service(service))] + slices
    }

    /// A slice as it is; or with another address of its first endpoint.
    func slice(_ number: Int, changed: Bool) -> DiscoveryChange {
        var builder = DiscoverySlice.Builder(selection)
        builder.id = NamespacedName(namespace: "shop", name: "headless-\(number)")
        builder.service = "headless"
        builder.ports = [DiscoveryPort(name: "http", number: 80)]
        let first = number * Self.endpointsPerSlice
        for index in first..<min(first + Self.endpointsPerSlice, endpoints) {
            let network = changed && index == first ? 200 : 100
            builder.append(
                addresses: ["10.\(network).\(index / 250).\(1 + index % 250)"], isReady: true, hostname: "pod-\(index)")
        }
        return .put(.endpointSlice(builder.build()))
    }
}
