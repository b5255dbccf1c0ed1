import AnswerTable
import ClusterServing
import Corefile
import DNS
import NIOSSL
import Nameserver
import Pipeline
import Registry
import Stages
import Synchronization

/// A Corefile made into listeners, stages and pages, before any of it is in service.
struct Assembly: Sendable {
    /// An address that queries come by.
    struct ListenerKey: Hashable, Sendable, Comparable {
        let scheme: ServerKey.Scheme
        let address: ListenAddress
        /// Whether the host may do without: the other family's half of "all addresses".
        let isOptional: Bool

        static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.scheme.rawValue, lhs.address.isIPv6 ? 1 : 0, "\(lhs.address)")
                < (rhs.scheme.rawValue, rhs.address.isIPv6 ? 1 : 0, "\(rhs.address)")
        }

        static func == (lhs: Self, rhs: Self) -> Bool { lhs.scheme == rhs.scheme && lhs.address == rhs.address }

        func hash(into hasher: inout Hasher) {
            hasher.combine(scheme)
            hasher.combine(address)
        }
    }

    /// A server block with its stages.
    struct Block: Sendable {
        let block: ServerBlock
        let made: StageFactory.Made
        let isCounted: Bool
        /// Whether the order of addresses in ready-made answers changes from one to the next.
        let rotates: Bool
        let timeouts: Timeouts
        let tls: TLSConfiguration?
        /// nil: as many as there are processors.
        let workers: Int?
        /// What `rrl` limits, and in which zones.
        let rateLimit: (limit: ResponseRateLimit, zones: [DomainName])?
        let listeners: [(key: ListenerKey, zones: [DomainName])]
        /// Where the block is reached once it listens.
        let place: BlockPlace
    }

    let blocks: [Block]
    /// In an order that does not depend on that of the file.
    let listeners: [ListenerKey]
    let clusterKeys: [KubernetesSettings]

    /// Makes everything that can be made without opening a socket.
    ///
    /// - Throws: `CorefileError` for what the file says, other errors for files and registries that it names.
    static func make(
        _ corefile: Corefile, _ surroundings: ServingSurroundings, clusters: ClusterSet<KubernetesSettings>
    ) async throws -> Assembly {
        let problems = CorefileCheck.problems(of: corefile, interfaces: HostInterfaces.addresses)
        if let first = problems.first { throw first }
        var blocks: [Block] = []
        do {
            for block in corefile.blocks {
                let place = BlockPlace()
                let factory = StageFactory(
                    block: block, surroundings: surroundings, clusters: clusters,
                    address: { place.peer })
                let made = try await factory.make()
                do {
                    blocks.append(try assembled(block, made, place))
                } catch {
                    if let key = made.clusterKey { await clusters.release([key]) }
                    throw error
                }
            }
        } catch {
            await clusters.release(blocks.compactMap(\.made.clusterKey))
            throw error
        }
        return Assembly(
            blocks: blocks, listeners: Set(blocks.flatMap { $0.listeners.map(\.key) }).sorted(),
            clusterKeys: blocks.compactMap(\.made.clusterKey))
    }

    private static func assembled(_ block: ServerBlock, _ made: StageFactory.Made, _ place: BlockPlace) throws -> Block
    {
        let balance = try block.settings(LoadBalanceSettings.self)
        var timeouts = Timeouts()
        if let wanted = try block.settings(TimeoutsSettings.self) {
            timeouts.read = wanted.read ?? timeouts.read
            timeouts.write = wanted.write ?? timeouts.write
            timeouts.idle = wanted.idle ?? timeouts.idle
        }
        let sockets = try block.settings(MultisocketSettings.self)
        return Block(
            block: block, made: made, isCounted: try block.settings(PrometheusSettings.self) != nil,
            rotates: balance.map { $0.weights == nil && $0.preferred.isEmpty } ?? false, timeouts: timeouts,
            tls: try block.settings(TLSSettings.self).map { try ServerCertificate.configuration($0, at: block.start) },
            workers: sockets.flatMap(\.sockets),
            rateLimit: try block.settings(RRLSettings.self).map {
                (ResponseRateLimit(.init($0)), $0.zones)
            }, listeners: try listeners(of: block), place: place)
    }

    private static func listeners(of block: ServerBlock) throws(CorefileError) -> [(
        key: ListenerKey, zones: [DomainName]
    )] {
        let bound = try block.settings(BindSettings.self)?.addresses()
        var zones: [ListenerKey: [DomainName]] = [:]
        for key in block.keys {
            let addresses =
                bound?.map { (ListenAddress(bytes: $0.bytes, port: key.port), false) }
                ?? [
                    (ListenAddress(bytes: [UInt8](repeating: 0, count: 4), port: key.port), false),
                    (ListenAddress(bytes: [UInt8](repeating: 0, count: 16), port: key.port), true),
                ]
            for (address, isOptional) in addresses {
                zones[ListenerKey(scheme: key.scheme, address: address, isOptional: isOptional), default: []]
                    .append(key.zone)
            }
        }
        return zones.map { (key: $0.key, zones: $0.value) }
    }

    // MARK: What a listener answers with

    /// - Parameter port: the one that is listened on, where the key's is 0.
    func content(of key: ListenerKey, port: UInt16) -> ListenerContent {
        let address = key.address.with(port: port)
        let own = blocks.flatMap { block in
            block.listeners.filter { $0.key == key }.flatMap { listener in listener.zones.map { (block, $0) } }
        }
        let routes = own.map { block, zone in
            ServerBlockRoute(
                zone: zone, label: Self.label(key.scheme, address), chain: Chain(block.made.stages),
                takesChaos: block.made.takesChaos, isCounted: block.isCounted)
        }
        let router = Router(routes)
        var content = ListenerContent(router: router)
        if let first = own.first?.0 {
            content.timeouts = first.timeouts
        }
        content.rateLimits = RateLimits(Self.rateLimitScopes(own))
        for (block, _) in own {
            guard let cluster = block.made.cluster, let passage = block.made.readyPassage else { continue }
            let apexes = cluster.publisher.apexes
            let zones = own.filter { $0.0.place === block.place }.map(\.1)
            // Questions for the cluster's zones must be this block's to answer.
            let isOwn = apexes.allSatisfy { apex in
                router.index(of: apex, .a).map { zones.contains(routes[$0].zone) } ?? false
            }
            guard isOwn else { continue }
            content.readyAnswers = ReadyAnswers(
                cluster.publisher.zones.table, rotates: block.rotates, passage: passage,
                server: Self.label(key.scheme, address))
            break
        }
        content.cachedAnswers = cachedAnswers(own, server: Self.label(key.scheme, address))
        return content
    }

    /// What limits the replies of each block, and of each zone that `rrl` names in it.
    private static func rateLimitScopes(
        _ own: [(Block, DomainName)]
    ) -> [(zone: DomainName, limit: ResponseRateLimit?)] {
        own.flatMap { block, zone -> [(zone: DomainName, limit: ResponseRateLimit?)] in
            guard let (limit, zones) = block.rateLimit else { return [(zone, nil)] }
            // Names of the block outside of those zones pass by.
            let named = zones.filter { $0.isWithin(zone) }.map { (zone: $0, limit: Optional(limit)) }
            return zones.contains { zone.isWithin($0) } ? [(zone, limit)] : [(zone, nil)] + named
        }
    }

    /// What the cache of the root's block has kept, for names of no other block.
    private func cachedAnswers(_ own: [(Block, DomainName)], server: String) -> CachedAnswers? {
        guard let root = own.firstIndex(where: { $0.1.isRoot }), let cache = own[root].0.made.cache else { return nil }
        var passage = cache.passage
        passage.heldNames += own.map(\.1).filter { !$0.isRoot }.map { .within($0) }
        return CachedAnswers(
            cache.stage, route: root, rotates: own[root].0.rotates, passage: passage, server: server)
    }

    /// The certificate of a listener: that of the first of its blocks that has one.
    func tls(of key: ListenerKey) -> TLSConfiguration? {
        guard key.scheme != .dns else { return nil }
        return blocks.lazy.filter { $0.listeners.contains { $0.key == key } }.compactMap(\.tls).first
    }

    /// The threads of a listener: as many as the first of its blocks that says so wants.
    func workers(of key: ListenerKey) -> Int? {
        blocks.lazy.filter { $0.listeners.contains { $0.key == key } }.compactMap(\.workers).first
    }

    /// Tells the clusters which zones are answered by others.
    ///
    /// - Parameter former: a configuration that answers from the same clusters meanwhile.
    func shareZones(beside former: Assembly? = nil) async {
        for block in blocks {
            guard let cluster = block.made.cluster else { continue }
            let others =
                blocks.filter { $0.place !== block.place }.flatMap { $0.block.zones }
                + (former?.blocks ?? []).filter { $0.made.cluster !== cluster }.flatMap { $0.block.zones }
            await cluster.publisher.setOtherZones(
                Set(others).filter { other in cluster.publisher.apexes.contains { other != $0 && other.isWithin($0) } }
                    .sorted())
        }
    }

    /// The server as CoreDNS names it in metrics: `dns://:53` for all addresses.
    static func label(_ scheme: ServerKey.Scheme, _ address: ListenAddress) -> String {
        "\(scheme.rawValue)://" + (address.isWildcard ? ":\(address.port)" : "\(address)")
    }
}

/// Where a server block is reached, once it is.
final class BlockPlace: Sendable {
    private let known = Mutex<PipelineQuery.Peer?>(nil)

    var peer: PipelineQuery.Peer? { known.withLock { $0 } }

    /// - Parameter address: what is listened on; a loopback address stands for all addresses.
    func set(_ address: ListenAddress) {
        let loopback = address.isIPv6 ? IPAddress("::1") : IPAddress("127.0.0.1")
        guard let host = address.isWildcard ? loopback : IPAddress(address.host) else { return }
        known.withLock { $0 = PipelineQuery.Peer(host, port: address.port) }
    }
}
