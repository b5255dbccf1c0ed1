import ClusterZone
import DNS
import Pipeline
import Registry
import Testing

@testable import ClusterServing

/// A cluster with aliases of all kinds, asked through the `kubernetes` stage alone.
struct ClusterUnderTest {
    let publisher: ZonePublisher
    /// What the server's other zones say, by name.
    let elsewhere: Elsewhere

    /// The server's other zones: `www.example.org` has an address, `no.example.org` does not exist, `down.test` fails,
    /// and everything else is nobody's.
    struct Elsewhere: Lookups {
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response {
            let name = "\(query.name)"
            switch name {
            case "www.example.org.":
                var response = Response(.noError, isAuthoritative: true)
                guard query.type == .a else { return response }
                response.answers = [Record(owner: query.name, ttl: 60, data: .address([192, 0, 2, 53]))]
                return response
            case "no.example.org.": return Response(.nxDomain, isAuthoritative: true)
            case "down.test.": return .failed("forward", "no answer", ExtendedError(.notReady))
            default: return .unanswered()
            }
        }
    }

    /// The next stage: answers everything, so that names handed on are told from names denied.
    struct Next: Stage {
        var directive: String { "next" }

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            var response = Response(.noError)
            response.source = directive
            return response
        }
    }

    /// - Parameter isRead: whether the cluster has told of all its objects.
    init(
        pods: PodNameMode = .insecure, fallsThrough: [DomainName] = [], isRead: Bool = true
    ) async throws {
        let apex = try Self.name("cluster.local.")
        let soa = StartOfAuthority(
            primary: try Self.name("ns.dns.cluster.local."), mailbox: try Self.name("hostmaster.cluster.local."),
            serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 5)
        publisher = ZonePublisher(
            settings: ClusterZoneSettings(
                apex: apex, reverseApexes: [try Self.name("in-addr.arpa.")], podNames: pods,
                apexRecords: [Record(owner: apex, ttl: 5, data: soa.data)]),
            fallsThrough: fallsThrough)
        elsewhere = Elsewhere()
        await publisher.start()
        guard isRead else { return }
        let kinds = publisher.selection.kinds
        await publisher.apply(.snapshotBegins(kinds))
        await publisher.apply(.changes(try Self.objects(pods: pods).map { .put($0) }))
        await publisher.apply(.snapshotEnds(kinds))
    }

    private static func objects(pods: PodNameMode) throws -> [DiscoveryObject] {
        var aliases = [
            "ext": "www.example.org", "extnx": "no.example.org", "away": "www.elsewhere.test", "fails": "down.test",
            "gone": "nil.prod.svc.cluster.local", "self": "self.prod.svc.cluster.local",
            "ping": "Pong.prod.svc.cluster.local", "pong": "PING.prod.svc.cluster.local",
        ]
        for index in 0..<12 {
            aliases["a\(index)"] = "\(index == 11 ? "web" : "a\(index + 1)").prod.svc.cluster.local"
        }
        let web = DiscoveryService(
            id("web"), target: .virtualIPs([try #require(IPAddress("10.96.0.10"))]),
            ports: [DiscoveryPort(name: "http", number: 80)])
        var objects: [DiscoveryObject] = [.namespace("prod"), .service(web)]
        objects += aliases.map { .service(DiscoveryService(id($0.key), target: .alias($0.value))) }
        if pods == .verified {
            objects.append(.pod(try #require(DiscoveryPod(id("p"), phase: "Running", podIP: "10.244.0.9"))))
        }
        return objects
    }

    private static func id(_ name: String) -> NamespacedName { NamespacedName(namespace: "prod", name: name) }

    static func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    func ask(
        _ text: String, _ type: RecordType = .a, fallsThrough: [DomainName] = [], access: (any AccessRules)? = nil
    ) async throws -> Response {
        let peer = PipelineQuery.Peer(try #require(IPAddress("192.0.2.77")), port: 4711)
        var query = PipelineQuery(
            name: try Self.name(text), type: type, client: peer, server: peer, transport: .udp, received: .now,
            lookups: elsewhere)
        query.access = access
        let stage = ClusterStage(zones: publisher.zones, fallsThrough: fallsThrough)
        return await Chain([stage, Next()]).respond(to: query)
    }
}
