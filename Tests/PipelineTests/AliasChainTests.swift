import DNS
import Pipeline
import Registry
import Testing

@Suite("Chains of aliases")
struct AliasChainTests {
    private struct NoLookups: Lookups {
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { Response(.refused) }
    }

    private static func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    private static func chain(_ start: String) throws -> AliasChain {
        let peer = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)
        return AliasChain(
            of: PipelineQuery(
                name: try name(start), type: .a, client: peer, server: peer, transport: .udp, received: .now,
                lookups: NoLookups()))
    }

    @Test("Eleven aliases are followed, and none twice")
    func bounds() throws {
        var chain = try Self.chain("0.example.")
        for number in 1...11 {
            let target = try Self.name("\(number).example.")
            let isFollowed = chain.follow(to: target)
            #expect(isFollowed)
            #expect(chain.name == target)
        }
        #expect(chain.isFull)
        let isOneTooMany = chain.follow(to: try Self.name("12.example."))
        #expect(!isOneTooMany)
        var loop = try Self.chain("a.example.")
        let isLoop = loop.follow(to: try Self.name("A.example."))
        #expect(!isLoop)
    }

    @Test(
        "Outside of the zone the target's answer follows the aliases, with its code and denial",
        arguments: [ResponseCode.noError, .nxDomain, .serverFailure, .refused])
    func outside(_ code: ResponseCode) throws {
        let target = try Self.name("b.example.net.")
        var found = Response(code)
        found.isRecursionAvailable = true
        if code == .noError { found.answers = [Record(owner: target, ttl: 5, data: .address([192, 0, 2, 1]))] }
        if code == .nxDomain { found.authorities = [Record(owner: target, ttl: 5, data: .ns(target))] }
        var response = Response(.noError, isAuthoritative: true)
        let alias = Record(owner: try Self.name("a.example."), ttl: 5, data: .cname(target))
        response.answers = [alias]
        response.goOn(with: found, type: .a)
        #expect(response.isAuthoritative)
        #expect(response.code == (code == .refused ? .noError : code))
        #expect(response.answers == [alias] + found.answers)
        #expect(response.authorities == found.authorities)
        #expect(response.isRecursionAvailable == (code != .refused))
    }
}
