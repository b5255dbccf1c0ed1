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

    private static func query(_ name: String, _ lookups: any Lookups = NoLookups()) throws -> PipelineQuery {
        let peer = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)
        return PipelineQuery(
            name: try Self.name(name), type: .a, client: peer, server: peer, transport: .udp, received: .now,
            lookups: lookups)
    }

    private static func chain(_ start: String) throws -> AliasChain { AliasChain(of: try query(start)) }

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

    /// The server's other zones, as told.
    private struct Elsewhere: Lookups {
        let found: Response
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { found }
    }

    private static let target = DomainName("b.example.net.") ?? .root

    /// The answer to `a.example.`, an alias of `b.example.net.`, of which is said what is found.
    private static func answer(_ found: Response) async throws -> Response {
        let query = try query("a.example.", Elsewhere(found: found))
        var chain = AliasChain(of: query)
        _ = chain.follow(to: target)
        var response = Response(.noError, isAuthoritative: true)
        response.answers = [Record(owner: query.name, ttl: 5, data: .cname(target))]
        return await chain.continued(query, after: response)
    }

    @Test(
        "Outside of the zone the target's answer follows the alias, with its code, from authority: without RA and AD",
        arguments: [ResponseCode.noError, .nxDomain, .serverFailure, .refused, .notImplemented])
    func outside(_ code: ResponseCode) async throws {
        var found = Response(code)
        found.isRecursionAvailable = true
        found.isAuthenticData = true
        if code == .noError { found.answers = [Record(owner: Self.target, ttl: 5, data: .address([192, 0, 2, 1]))] }
        found.authorities = [Record(owner: Self.target, ttl: 5, data: .ns(Self.target))]
        let response = try await Self.answer(found)
        #expect(response.code == code && response.isAuthoritative)
        #expect(!response.isRecursionAvailable && !response.isAuthenticData)
        #expect(response.answers.map(\.type) == (code == .noError ? [.cname, .a] : [.cname]))
        #expect(response.authorities == [])
    }

    @Test("A target that nobody here is asked for leaves the alias alone, by whichever code that is told")
    func unanswered() async throws {
        let end = await Chain([]).respond(to: try Self.query("b.example.net."))
        #expect(end.code == .serverFailure)
        let elsewhere = await Router([]).respond(to: try Self.query("b.example.net."))
        #expect(elsewhere.code == .refused)
        for found in [end, elsewhere] {
            let response = try await Self.answer(found)
            #expect(response.code == .noError && response.isAuthoritative)
            #expect(response.answers.map(\.type) == [.cname])
            #expect(response.failure == nil && response.extendedError == nil)
        }
    }

    @Test("SERVFAIL of a target has an extended error: the target's own, or that its servers gave no reason")
    func failure() async throws {
        let own = Response.failed("forward", "no answer", ExtendedError(.networkError))
        #expect(try await Self.answer(own).extendedError?.code == .networkError)
        #expect(try await Self.answer(Response(.serverFailure)).extendedError?.code == .noReachableAuthority)
        #expect(try await Self.answer(.failed("", "too much")).extendedError?.code == .other)
        #expect(try await Self.answer(Response(.refused)).extendedError == nil)
    }
}
