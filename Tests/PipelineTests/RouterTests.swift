import DNS
import Pipeline
import Registry
import Testing

/// Says which server block was asked.
private struct NamedStage: Stage {
    let directive: String
    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = Response(.noError)
        response.source = directive
        response.failure = "\(query.serverLabel) \(query.zone)"
        return response
    }
}

@Suite("Questions find their server block")
struct RouterTests {
    private static func route(_ zone: String, chaos: Bool = false, transfers: Bool = false) -> ServerBlockRoute {
        ServerBlockRoute(
            zone: DomainName(zone) ?? .root, label: "dns://:53", chain: Chain([NamedStage(directive: zone)]),
            takesChaos: chaos, takesTransfers: transfers)
    }

    private static func ask(
        _ router: Router, _ name: String, _ type: RecordType = .a, _ recordClass: RecordClass = .internet
    ) async -> Response {
        let peer = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)
        var query = PipelineQuery(
            name: DomainName(name) ?? .root, type: type, client: peer, server: peer, transport: .udp, received: .now,
            lookups: router)
        query.recordClass = recordClass
        return await router.respond(to: query)
    }

    struct Case: Sendable {
        let name: String
        let type: RecordType
        let zone: String?

        init(_ name: String, _ type: RecordType = .a, _ zone: String?) {
            (self.name, self.type, self.zone) = (name, type, zone)
        }
    }

    @Test(
        "The longest zone wins, without case; DS at an apex is the parent's, but not the root's",
        arguments: [
            Case("example.org.", .a, "example.org."), Case("WWW.Example.ORG.", .a, "example.org."),
            Case("xexample.org.", .a, "."), Case("a.sub.example.org.", .a, "sub.example.org."), Case("org.", .a, "."),
            Case(".", .a, "."), Case("sub.example.org.", .ds, "example.org."),
            Case("a.sub.example.org.", .ds, "sub.example.org."), Case("example.org.", .ds, "example.org."),
            Case("com.", .ds, "."), Case(".", .ds, "."),
        ])
    func longest(_ expected: Case) async {
        let router = Router(["example.org.", "Sub.Example.org.", "."].map { Self.route($0) })
        let response = await Self.ask(router, expected.name, expected.type)
        #expect(response.source.lowercased() == expected.zone)
        #expect(response.failure?.lowercased() == "dns://:53 \(expected.zone ?? "")")
    }

    @Test("A name of no zone is refused, without authority")
    func refused() async {
        let router = Router([Self.route("example.org.")])
        #expect(await Self.ask(router, "org.") == .unanswered())
        #expect(await Self.ask(router, "ample.org.") == .unanswered())
        #expect(await Self.ask(Router([]), ".") == .unanswered())
    }

    @Test("CH and transfers reach only blocks that take them; other classes none")
    func flags() async {
        let router = Router([
            Self.route("plain."), Self.route("bind.", chaos: true), Self.route("moved.", transfers: true),
        ])
        #expect(await Self.ask(router, "version.bind.", .txt, .chaos).source == "bind.")
        #expect(await Self.ask(router, "x.plain.", .txt, .chaos).code == .refused)
        #expect(await Self.ask(router, "version.bind.", .txt, .any).code == .refused)
        for type in [RecordType.axfr, .ixfr] {
            #expect(await Self.ask(router, "moved.", type).source == "moved.")
            #expect(await Self.ask(router, "plain.", type).code == .refused)
        }
    }

    @Test("The first of several blocks with one zone answers")
    func duplicates() async {
        let router = Router([Self.route("a."), Self.route("A.", chaos: true)])
        #expect(await Self.ask(router, "a.", .txt, .chaos).code == .refused)
    }
}
