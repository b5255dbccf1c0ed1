import ClusterZone
import DNS
import Pipeline
import Registry
import Testing

@testable import ClusterServing

@Suite("The stage of the cluster's zones")
struct ClusterStageTests {
    /// A Service, the code, the number of aliases in the answer, the address at their end, and whether an SOA stands
    /// in the authority section.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let code: ResponseCode
        let aliases: Int
        let address: [UInt8]?
        let hasSOA: Bool
        var testDescription: String { name }

        init(
            _ name: String, _ code: ResponseCode = .noError, aliases: Int, _ address: [UInt8]? = nil,
            hasSOA: Bool = false
        ) {
            (self.name, self.code, self.aliases, self.address, self.hasSOA) = (name, code, aliases, address, hasSOA)
        }
    }

    enum Cases {
        static let all = [
            Case("ext", aliases: 1, [192, 0, 2, 53]), Case("extnx", .nxDomain, aliases: 1), Case("away", aliases: 1),
            Case("fails", .serverFailure, aliases: 1), Case("gone", aliases: 1, hasSOA: true),
            Case("self", aliases: 1), Case("ping", aliases: 2), Case("a11", aliases: 1, [10, 96, 0, 10]),
            Case("a6", aliases: 6, [10, 96, 0, 10]), Case("a5", aliases: 7, [10, 96, 0, 10]),
            Case("a1", aliases: 11, [10, 96, 0, 10]), Case("a0", aliases: 11),
        ]
    }

    @Test("Aliases are followed, eleven at most, through all zones served here (RFC 6604 §3)", arguments: Cases.all)
    func aliases(_ expected: Case) async throws {
        let reply = try await ClusterUnderTest().ask("\(expected.name).prod.svc.cluster.local.")
        #expect(reply.code == expected.code)
        #expect(reply.isAuthoritative)
        #expect(reply.source == "kubernetes")
        #expect(reply.answers.filter { $0.type == .cname }.count == expected.aliases)
        #expect(reply.answers.filter { $0.type == .a }.map(\.data.bytes) == (expected.address.map { [$0] } ?? []))
        #expect(reply.authorities.map(\.type) == (expected.hasSOA ? [.soa] : []))
        for (alias, next) in zip(reply.answers, reply.answers.dropFirst()) {
            #expect(alias.data.target == next.owner, "each answer goes on where the last one led")
        }
    }

    /// Lets one name be asked for by nobody.
    private final class Rules: AccessRules {
        let secret: DomainName

        init(secret: DomainName) {
            self.secret = secret
        }

        func verdict(
            onTarget name: DomainName, of query: PipelineQuery
        ) -> (isAllowed: Bool, dependsOnAsker: Bool) { (name != secret, name == secret) }
    }

    @Test("An alias to a name that must not be asked for is answered alone, and for its asker only")
    func refusedTarget() async throws {
        let rules = Rules(secret: try ClusterUnderTest.name("a9.prod.svc.cluster.local."))
        let cluster = try await ClusterUnderTest()
        let refused = try await cluster.ask("a8.prod.svc.cluster.local.", access: rules)
        #expect(refused.code == .noError && refused.answers.map(\.type) == [.cname] && refused.dependsOnAsker)
        #expect(refused.authorities == [] && refused.additionals == [])
        let allowed = try await cluster.ask("a10.prod.svc.cluster.local.", access: rules)
        #expect(allowed.answers.map(\.type) == [.cname, .cname, .a] && !allowed.dependsOnAsker)
        // What the server's other zones say is for their rules.
        let outside = try await cluster.ask("ext.prod.svc.cluster.local.", access: rules)
        #expect(outside.answers.map(\.type) == [.cname, .a])
    }

    @Test("A target that fails leaves its reason with the alias")
    func failingTarget() async throws {
        let reply = try await ClusterUnderTest().ask("fails.prod.svc.cluster.local.")
        #expect(reply.failure == "no answer")
        #expect(reply.extendedError == ExtendedError(.notReady))
    }

    @Test(
        "A target that the stages behind do not know, nor any other block, leaves the alias alone",
        arguments: [".", "cluster.local."])
    func nobodyElse(_ zone: String) async throws {
        let stage = ClusterStage(zones: try await ClusterUnderTest().publisher.zones)
        let server = Router([
            ServerBlockRoute(zone: try ClusterUnderTest.name(zone), label: "dns://:53", chain: Chain([stage]))
        ])
        let peer = PipelineQuery.Peer(.v4(0x7f00_0001), port: 4711)
        let query = PipelineQuery(
            name: try ClusterUnderTest.name("ext.prod.svc.cluster.local."), type: .a, client: peer, server: peer,
            transport: .udp, received: .now, lookups: server)
        let reply = await server.respond(to: query)
        #expect(reply.code == .noError && reply.isAuthoritative && reply.failure == nil)
        #expect(reply.answers.map(\.type) == [.cname])
    }

    @Test("An alias answers for itself; a target without the type asked leaves it alone")
    func aliasTypes() async throws {
        let cluster = try await ClusterUnderTest()
        #expect(try await cluster.ask("ext.prod.svc.cluster.local.", .cname).answers.map(\.type) == [.cname])
        let missing = try await cluster.ask("ext.prod.svc.cluster.local.", .aaaa)
        #expect(missing.code == .noError)
        #expect(missing.answers.map(\.type) == [.cname])
        #expect(missing.authorities == [])
    }

    @Test("Names of Pods are computed where their Namespace exists")
    func computedNames() async throws {
        let cluster = try await ClusterUnderTest()
        let reply = try await cluster.ask("10-0-0-9.prod.pod.cluster.local.")
        #expect(reply.code == .noError)
        #expect(reply.answers.map(\.data.bytes) == [[10, 0, 0, 9]])
        let other = try await cluster.ask("10-0-0-9.prod.pod.cluster.local.", .aaaa)
        #expect(other.code == .noError)
        #expect(other.authorities.count == 1)
        #expect(try await cluster.ask("10-0-0-9.prod.pod.cluster.local.", .any).answers.map(\.type) == [.hinfo])
        #expect(try await cluster.ask("10-0-0-9.none.pod.cluster.local.").code == .nxDomain)
    }

    @Test("Before the cluster is known nothing is denied; what is fixed is answered")
    func notReady() async throws {
        let cluster = try await ClusterUnderTest(isRead: false)
        #expect(!cluster.publisher.isComplete)
        let reply = try await cluster.ask("web.prod.svc.cluster.local.")
        #expect(reply.code == .serverFailure)
        #expect(reply.extendedError == ExtendedError(.notReady))
        #expect(reply.authorities.map(\.type) == [.soa])
        #expect(try await cluster.ask("cluster.local.", .soa).answers.map(\.type) == [.soa])
    }

    @Test("A name that does not exist is handed on where the zone falls through, and before that it is not known")
    func fallthrough_() async throws {
        let reverse = try ClusterUnderTest.name("in-addr.arpa.")
        for isRead in [true, false] {
            let cluster = try await ClusterUnderTest(fallsThrough: [reverse], isRead: isRead)
            let reply = try await cluster.ask("9.9.9.9.in-addr.arpa.", .ptr, fallsThrough: [reverse])
            #expect(reply.source == "next")
            let denied = try await cluster.ask("none.prod.svc.cluster.local.", fallsThrough: [reverse])
            #expect(denied.code == (isRead ? .nxDomain : .serverFailure))
        }
    }

    @Test("Names of other zones, and other classes, are the next stage's; transfers are refused")
    func others() async throws {
        let cluster = try await ClusterUnderTest()
        #expect(try await cluster.ask("www.example.org.").source == "next")
        #expect(try await cluster.ask("cluster.local.", .axfr).code == .refused)
    }

    @Test("What goes is denied at once, and comes back as it was")
    func changes() async throws {
        let cluster = try await ClusterUnderTest()
        let id = NamespacedName(namespace: "prod", name: "web")
        await cluster.publisher.apply(.changes([.delete(DiscoveryKey(.service, id))]))
        #expect(try await cluster.ask("web.prod.svc.cluster.local.").code == .nxDomain)
        let address = try #require(IPAddress("10.96.0.11"))
        await cluster.publisher.apply(.changes([.put(.service(DiscoveryService(id, target: .virtualIPs([address]))))]))
        #expect(
            try await cluster.ask("web.prod.svc.cluster.local.").answers.map(\.data.bytes) == [[10, 96, 0, 11]])
    }
}

@Suite("The directory of the cluster's zones")
struct ClusterDirectoryTests {
    @Test("Only the part of the zone whose names are worked out asks the stages for what is not there")
    func podNames() async throws {
        let cluster = try await ClusterUnderTest(pods: .insecure)
        let reader = cluster.publisher.zones.table.makeReader()
        reader.enter()
        defer { reader.leave() }
        let directory = reader.directory
        #expect(!directory.isNested)
        func asksStages(_ text: String) throws -> Bool {
            let wire = try ClusterUnderTest.name(text).wire
            let index = wire.withUnsafeBytes { bytes in
                bytes.baseAddress.map { directory.longestMatch($0, length: wire.count) } ?? -1
            }
            return directory[index].pointee.asksPipelineOnMiss
        }
        #expect(try !asksStages("none.prod.svc.cluster.local."))
        #expect(try asksStages("10-0-0-9.prod.pod.cluster.local."))
        #expect(try !asksStages("9.9.9.9.in-addr.arpa."))
    }
}
