import ClusterServing
import ClusterZone
import DNS
import KeptState
import Pipeline
import Registry
import StaticZones
import TestSupport
import Testing

@testable import Serving

@Suite("Answers from a kept state")
struct StartingAnswersTests {
    /// Nobody else answers.
    private struct Nobody: Lookups {
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { Response(.refused) }
    }

    private static func settings() throws -> ClusterZoneSettings {
        let apex = try #require(DomainName("cluster.local."))
        let soa = StartOfAuthority(
            primary: try #require(DomainName("ns.dns.cluster.local.")), mailbox: apex, serial: 1, refresh: 7200,
            retry: 1800, expire: 86400, minimum: 5)
        return ClusterZoneSettings(
            apex: apex, reverseApexes: ["in-addr.arpa.", "ip6.arpa."].compactMap { DomainName($0) },
            localAddresses: [.v4(0x0a00_0007)], apexRecords: [Record(owner: apex, ttl: 5, data: soa.data)])
    }

    /// A small cluster of all sorts: addresses stand in several Services, names in several Namespaces.
    private static func objects(_ generator: inout SeededGenerator, _ selection: DiscoverySelection)
        -> [DiscoveryObject]
    {
        var objects: [DiscoveryObject] = [.namespace("prod"), .namespace("test")]
        for namespace in ["prod", "test", "none"] {
            for number in 0..<6 {
                let id = NamespacedName(namespace: namespace, name: "svc-\(number)")
                let address = Int.random(in: 1...4, using: &generator)
                let target: DiscoveryService.Target =
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: .alias("svc-\(Int.random(in: 0..<6, using: &generator)).prod.svc.cluster.local")
                    case 1: .endpoints
                    default: .virtualIPs([.v4(0x0a60_0000 + UInt32(address)), .v6(UInt128(0xfd00 + address))])
                    }
                objects.append(
                    .service(DiscoveryService(id, target: target, ports: [DiscoveryPort(name: "http", number: 80)])))
                for slice in 0..<Int.random(in: 0...2, using: &generator) {
                    var builder = DiscoverySlice.Builder(selection)
                    builder.id = NamespacedName(namespace: namespace, name: "\(id.name)-\(slice)")
                    builder.service = id.name
                    builder.ports = [DiscoveryPort(name: "http", number: 8080)]
                    for _ in 0..<3 {
                        let host = Int.random(in: 0...9, using: &generator)
                        builder.append(
                            addresses: ["10.0.0.\(host)"], isReady: true, hostname: host < 5 ? "" : "host-\(host)")
                    }
                    objects.append(.endpointSlice(builder.build()))
                }
            }
            for number in 0..<3 {
                let id = NamespacedName(namespace: namespace, name: "pod-\(number)")
                if let pod = DiscoveryPod(id, phase: "Running", podIP: "10.0.1.\(number)") { objects.append(.pod(pod)) }
            }
        }
        return objects
    }

    private static func kept(_ objects: [DiscoveryObject], _ selection: DiscoverySelection) throws -> KeptState {
        let kinds = selection.kinds.map { kind in
            StoredKind(
                kind, version: "1",
                entries: objects.filter { $0.key.kind == kind }.map {
                    StoredKind.Entry(id: $0.key.id, version: 1, object: $0)
                })
        }
        let bytes = StoredState(savedAt: .now, kinds: kinds).bytes(server: "s", selection: selection)
        return try KeptState(bytes, server: "s", selection: selection)
    }

    private enum Questions {
        static let names: [String] = {
            let zone = "cluster.local."
            var names = [zone, "svc.\(zone)", "ns.dns.\(zone)", "pod.\(zone)", "no.such.name.\(zone)"]
            for namespace in ["prod", "test", "none", "x"] {
                names += ["\(namespace).svc.\(zone)", "\(namespace).pod.\(zone)"]
                for number in 0..<7 {
                    let service = "svc-\(number).\(namespace).svc.\(zone)"
                    names += [
                        service, "_tcp.\(service)", "_http._tcp.\(service)", "SVC-\(number).\(namespace).svc.\(zone)",
                    ]
                    names += (0..<10).flatMap { ["host-\($0).\(service)", "10-0-0-\($0).\(service)"] }
                }
                names += (0..<4).map { "10-0-1-\($0).\(namespace).pod.\(zone)" }
            }
            names += (0..<11).map { "\($0).0.0.10.in-addr.arpa." } + (0..<5).map { "\($0).0.96.10.in-addr.arpa." }
            names += ["10.in-addr.arpa.", "0.0.10.in-addr.arpa.", "1.10.in-addr.arpa.", "x.10.in-addr.arpa."]
            let zeros = String(repeating: "0.", count: 28)
            names +=
                ["1.0.d.f.", "5.0.d.f.", "9.0.d.f."].map { "\($0)\(zeros)ip6.arpa." } + ["0.ip6.arpa.", "1.ip6.arpa."]
            return names
        }()
    }

    private static func ask(_ stage: ClusterStage, _ name: DomainName, _ type: RecordType) async -> Response {
        let peer = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)
        let query = PipelineQuery(
            name: name, type: type, client: peer, server: peer, transport: .udp, received: .now, lookups: Nobody())
        var response = await stage.respond(to: query, next: Chain([]))
        // Serials are the times at which zones were made.
        response.authorities = response.authorities.map {
            $0.type == .soa ? Record(owner: $0.owner, ttl: $0.ttl, data: RecordData(type: .soa, bytes: [])) : $0
        }
        if type == .soa { response.answers = [] }
        return response
    }

    private static func publish(_ objects: [DiscoveryObject], _ settings: ClusterZoneSettings) async -> ZonePublisher {
        let publisher = ZonePublisher(settings: settings)
        await publisher.start()
        let kinds = publisher.selection.kinds
        await publisher.apply(.snapshotBegins(kinds))
        await publisher.apply(.changes(objects.map { .put($0) }))
        await publisher.apply(.snapshotEnds(kinds))
        return publisher
    }

    private static func expectSame(
        _ answers: StartingAnswers, _ whole: ZonePublisher, _ generator: inout SeededGenerator
    ) async throws {
        let (kept, reference) = (ClusterStage(zones: answers.zones), ClusterStage(zones: whole.zones))
        for text in Questions.names.shuffled(using: &generator) {
            let name = try #require(DomainName(text))
            for type in [RecordType.a, .aaaa, .srv, .ptr, .ns] {
                await answers.prepare(name)
                let (found, expected) = (await ask(kept, name, type), await ask(reference, name, type))
                #expect(found == expected, "\(text) \(type)")
            }
        }
    }

    @Test("In whatever order names are asked, the answers are those of the whole zone")
    func sameAsWholeZone() async throws {
        var generator = SeededGenerator.announced()
        let settings = try Self.settings()
        for _ in 0..<4 {
            let objects = Self.objects(&generator, settings.selection)
            let state = try Self.kept(objects.shuffled(using: &generator), settings.selection)
            let answers = try #require(StartingAnswers(state, settings: settings))
            await answers.start()
            try await Self.expectSame(answers, await Self.publish(objects, settings), &generator)
        }
    }

    @Test("Names that strangers make up leave nothing behind")
    func strangers() async throws {
        var generator = SeededGenerator.announced()
        var settings = try Self.settings()
        settings.podNames = .verified
        let state = try Self.kept(Self.objects(&generator, settings.selection), settings.selection)
        let answers = try #require(StartingAnswers(state, settings: settings))
        await answers.start()
        let begin = await answers.askedCount
        for number in 0..<500 {
            for text in ["s\(number).n\(number).svc", "s\(number).prod.svc", "10-0-0-1.n\(number).pod"] {
                await answers.prepare(try #require(DomainName("\(text).cluster.local.")))
            }
        }
        #expect(await answers.askedCount == begin)
        await answers.prepare(try #require(DomainName("10-0-1-1.prod.pod.cluster.local.")))
        #expect(await answers.askedCount == begin + 1)
    }

    @Test("Changes that came later take the place of what was kept")
    func laterChanges() async throws {
        var generator = SeededGenerator.announced()
        let settings = try Self.settings()
        for _ in 0..<4 {
            let former = Self.objects(&generator, settings.selection)
            let current = Self.objects(&generator, settings.selection).filter { _ in Bool.random(using: &generator) }
            let currentKeys = Set(current.map(\.key))
            let gone = former.map(\.key).filter { !currentKeys.contains($0) }
            let changes = gone.map { DiscoveryChange.delete($0) } + current.map { .put($0) }
            let state = try Self.kept(former, settings.selection).followed(by: changes.shuffled(using: &generator))
            let answers = try #require(StartingAnswers(state, settings: settings))
            await answers.start()
            try await Self.expectSame(answers, await Self.publish(current, settings), &generator)
        }
    }

    @Test("A state that lacks a kind, or a zone of ServiceImports, is not answered from")
    func unfit() throws {
        var settings = try Self.settings()
        let state = try Self.kept([], settings.selection)
        #expect(StartingAnswers(state, settings: settings) != nil)
        let less = StoredState(savedAt: .now, kinds: [StoredKind(.service, version: "1")])
            .bytes(server: "s", selection: settings.selection)
        #expect(
            StartingAnswers(try KeptState(less, server: "s", selection: settings.selection), settings: settings) == nil)
        settings.multiclusterApexes = [settings.apex]
        #expect(StartingAnswers(state, settings: settings) == nil)
    }

    @Test(
        "Names of the reverse trees stand for ranges of addresses",
        arguments: [
            ("in-addr.arpa.", "0.0.0.0", "255.255.255.255"), ("10.in-addr.arpa.", "10.0.0.0", "10.255.255.255"),
            ("4.3.2.1.in-addr.arpa.", "1.2.3.4", "1.2.3.4"), ("5.4.3.2.1.in-addr.arpa.", nil, nil),
            ("256.in-addr.arpa.", nil, nil), ("01.in-addr.arpa.", nil, nil), ("x.in-addr.arpa.", nil, nil),
            ("d.f.ip6.arpa.", "fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("10.ip6.arpa.", nil, nil),
            ("ip6.arpa.", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("g.ip6.arpa.", nil, nil),
            ("example.org.", nil, nil), ("arpa.", nil, nil),
        ] as [(String, String?, String?)])
    func reverseNetworks(name: String, first: String?, last: String?) throws {
        let network = ReverseNetwork(try #require(DomainName(name)))
        #expect(network?.range.lowerBound == first.flatMap { IPAddress($0) })
        #expect(network?.range.upperBound == last.flatMap { IPAddress($0) })
        #expect(network.map(\.isAddress) == first.map { $0 == last })
    }
}
