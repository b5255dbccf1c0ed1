import DNS
import Testing

@testable import Nameserver

@Suite("Aliases and computed names")
struct QueryPipelineTests {
    /// A name without its zone, the code, the answers and whether an SOA stands in the authority section.
    struct Chain: CustomTestStringConvertible, Sendable {
        let name: String
        let code: Int
        let aliases: Int
        let address: [UInt8]?
        let hasSOA: Bool
        var testDescription: String { name }

        init(_ name: String, _ code: Int = 0, aliases: Int, _ address: [UInt8]? = nil, hasSOA: Bool = false) {
            (self.name, self.code, self.aliases, self.address, self.hasSOA) = (name, code, aliases, address, hasSOA)
        }
    }

    @Test(
        "Aliases are followed, eight at most, through all zones served here",
        arguments: [
            Chain("ext", aliases: 1, [192, 0, 2, 53]), Chain("extnx", 3, aliases: 1), Chain("away", aliases: 1),
            Chain("gone", aliases: 1, hasSOA: true), Chain("self", aliases: 1), Chain("ping", aliases: 2),
            Chain("a11", aliases: 1, [10, 96, 0, 10]), Chain("a6", aliases: 6, [10, 96, 0, 10]),
            Chain("a5", aliases: 7, [10, 96, 0, 10]), Chain("a3", aliases: 8), Chain("a0", aliases: 8),
        ])
    func chains(_ expected: Chain) throws {
        let reply = try TestServer().ask(TestQuery(expected.name + ".prod.svc.cluster.local."))
        #expect(reply.code == expected.code)
        #expect(reply.isAuthoritative)
        #expect(reply.answers.filter { $0.type == .cname }.count == expected.aliases)
        #expect(reply.answers.filter { $0.type == .a }.map(\.data.bytes) == (expected.address.map { [$0] } ?? []))
        #expect(reply.authorities.map(\.type) == (expected.hasSOA ? [.soa] : []))
        for (alias, next) in zip(reply.answers, reply.answers.dropFirst()) {
            #expect(alias.data.target == next.owner, "each answer goes on where the last one led")
        }
    }

    @Test("An alias answers for itself; a target without the type asked leaves it alone")
    func aliasTypes() throws {
        let server = try TestServer()
        let alias = try server.ask(TestQuery("ext.prod.svc.cluster.local.", .cname))
        #expect(alias.answers.map(\.type) == [.cname])
        let missing = try server.ask(TestQuery("ext.prod.svc.cluster.local.", .aaaa))
        #expect(missing.code == 0)
        #expect(missing.answers.map(\.type) == [.cname])
        #expect(missing.authorities == [])
    }

    @Test("Names of Pods are computed where their Namespace exists")
    func computedNames() throws {
        let server = try TestServer()
        let reply = try server.ask(TestQuery("10-0-0-9.prod.pod.cluster.local."))
        #expect(reply.flags == 0x8500)
        #expect(reply.answers.map(\.data.bytes) == [[10, 0, 0, 9]])
        let other = try server.ask(TestQuery("10-0-0-9.prod.pod.cluster.local.", .aaaa))
        #expect(other.code == 0)
        #expect(other.authorities.count == 1)
        #expect(try server.ask(TestQuery("10-0-0-9.none.pod.cluster.local.")).code == 3)
        #expect(try server.ask(TestQuery("10-0-0-8.prod.pod.cluster.local.")).code == 3)
    }
}
