import Corefile
import DNS
import Forwarding
import Nameserver
import Pipeline
import Registry
import Telemetry

/// Whole answers over UDP, as a worker gives them: the query in a buffer, which the reply replaces.
enum AnswerOperations {
    private static let count = 20_000
    /// Queries that are answered between two looks at the clock, as with a busy socket.
    private static let batch = 64

    static func all(_ cluster: SampleCluster) throws -> [Operation] {
        let edns = EDNS(udpPayload: 1232)
        let cookie = EDNS(udpPayload: 1232, options: [EDNSOption(.cookie, [1, 2, 3, 4, 5, 6, 7, 8])])
        let headless = Packets([
            DNSMessage.query(id: 1, name: try SampleCluster.name(HeadlessService.name), type: .a, edns: edns)
        ])
        func answering(_ name: String, _ packets: Packets, rotates: Bool = false) throws -> Operation {
            try operation(
                "UDP answer: " + name, packets,
                ListenerContent(
                    router: router([CacheStage(CacheSettings(zones: [.root]), metrics: Metrics())]),
                    readyAnswers: ReadyAnswers(cluster.table, rotates: rotates)))
        }
        return [
            try answering("A", .questions(.a)),
            try answering("A, loadbalance", .questions(.a), rotates: true),
            try answering("A, EDNS", .questions(.a, edns: edns)),
            try answering("A, cookie", .questions(.a, edns: cookie)),
            try answering("AAAA, no data", .questions(.aaaa)),
            try answering("SRV", .questions(.srv, prefix: "_http._tcp.")),
            try answering("NXDOMAIN", .questions(.a, prefix: "x")),
            try answering("A of \(SampleCluster.endpointCount) endpoints, loadbalance", headless, rotates: true),
        ] + (try cacheHits())
    }

    /// What a worker gives out of the cache itself, and the same answers through their stages.
    private static func cacheHits() throws -> [Operation] {
        let names = (0..<1000).map { "www-\($0).example.org." }
        let packets = Packets(
            try names.map { DNSMessage.query(id: 1, name: try SampleCluster.name($0), type: .a) })
        let cache = CacheStage(CacheSettings(zones: [.root]), metrics: Metrics())
        let slow = ListenerContent(router: router([cache, Upstream()]))
        var fast = slow
        fast.cachedAnswers = CachedAnswers(cache, route: 0, rotates: true, passage: .free, server: "dns://:53")
        // The first pass through the stages fills the cache.
        return [
            try operation("UDP answer: A from the cache, by stages", packets, slow, passes: names.count),
            try operation("UDP answer: A from the cache", packets, fast),
        ]
    }

    private static func router(_ stages: [any Stage]) -> Router {
        Router([ServerBlockRoute(zone: .root, label: "dns://:53", chain: Chain(stages), isCounted: true)])
    }

    /// - Parameter passes: queries that are answered before the counting begins.
    private static func operation(
        _ name: String, _ packets: Packets, _ content: ListenerContent, passes: Int = 1
    ) throws -> Operation {
        let responder = Responder(ListenerState(content), transport: .udp)
        let capacity = 4096
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity + Responder.slack, alignment: 16)
        guard let base = buffer.baseAddress else { throw SetupError("no memory") }
        func answer(_ number: Int) -> Responder.Outcome {
            let query = packets[number]
            buffer.copyMemory(from: query)
            return responder.respond(base, length: query.count, capacity: capacity, isIPv6: false, from: Origin())
        }
        responder.enter()
        defer { responder.leave() }
        for number in 0..<passes {
            let first = answer(number)
            guard case .reply(let length) = first, length > 12 else { throw SetupError("\(name): \(first)") }
        }
        return Operation(name, count: count) { count in
            var number = 0
            while number < count {
                responder.enter()
                for _ in 0..<batch {
                    keep(answer(number))
                    number += 1
                }
                responder.leave()
            }
        }
    }

    private struct Origin: QueryOrigin {
        let client = PipelineQuery.Peer(.v4(0xc000_0201), port: 4000)
        let server = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)

        func makeReturnPath() -> ReturnPath { { _ in true } }
    }

    /// Who would be asked for what is not in the cache.
    private struct Upstream: Stage {
        let directive = "forward"

        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            var response = Response(.noError)
            response.isRecursionAvailable = true
            response.source = directive
            response.answers = [Record(owner: query.name, ttl: 3600, data: .address([192, 0, 2, 1]))]
            return response
        }
    }
}
