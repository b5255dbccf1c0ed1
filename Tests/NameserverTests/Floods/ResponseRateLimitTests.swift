import DNS
import Pipeline
import Registry
import Testing

@testable import Nameserver

/// Replies to one question, as they go out.
private enum Replies {
    static let soa = Record(
        owner: name("Example.org."), ttl: 5,
        data: RecordData(type: .soa, bytes: [0, 0] + [UInt8](repeating: 0, count: 20)))

    static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }

    static func reply(_ response: Response, to question: TestQuery) throws -> [UInt8] {
        let server = TestServer(
            table: .init(),
            routes: [
                ServerBlockRoute(zone: .root, label: "dns://:53", chain: Chain([StubStage { _, _ in response }]))
            ])
        return server.reply(to: question.bytes)
    }

    static func addresses(_ text: String, count: Int = 1) -> Response {
        var response = Response(.noError, isAuthoritative: true)
        response.answers = (0..<count).map {
            Record(owner: name(text), ttl: 5, data: .address([10, 0, 0, UInt8($0)]))
        }
        return response
    }

    static func denial(_ code: ResponseCode, authority: Record = soa) -> Response {
        var response = Response(code)
        response.authorities = [authority]
        return response
    }
}

@Suite struct ReplyCategoryTests {
    private func category(_ response: Response, _ question: TestQuery) throws -> ReplyCategory? {
        try Replies.reply(response, to: question).withUnsafeBytes { ReplyCategory($0) }
    }

    @Test func answersCountByNameAndType() throws {
        let lower = try category(Replies.addresses("a.example.org."), TestQuery("a.example.org."))
        let upper = try category(Replies.addresses("A.example.org."), TestQuery("A.EXAMPLE.org."))
        let other = try category(Replies.addresses("b.example.org."), TestQuery("b.example.org."))
        let text = try category(Replies.addresses("a.example.org."), TestQuery("a.example.org.", .txt))
        #expect(lower?.kind == .response)
        #expect(lower == upper)
        #expect(lower != other && lower != text)
    }

    @Test func denialsOfNamesCountByZone() throws {
        let names = ["a.example.org.", "b.c.EXAMPLE.org.", "example.org."]
        let all = try names.map { try category(Replies.denial(.nxDomain), TestQuery($0)) }
        #expect(all.allSatisfy { $0?.kind == .nxDomain && $0 == all[0] })
        let noData = try category(Replies.denial(.noError), TestQuery("a.example.org."))
        #expect(noData?.kind == .noData)
        #expect(noData?.subject == Replies.name("a.example.org.").wire)
    }

    @Test func referralsCountByTheZoneTheyLeadTo() throws {
        let cut = Record(
            owner: Replies.name("sub.example.org."), ttl: 5,
            data: RecordData(type: .ns, bytes: Replies.name("ns.example.org.").wire))
        let found = try category(Replies.denial(.noError, authority: cut), TestQuery("x.sub.example.org."))
        #expect(found?.kind == .referral && found?.subject == Replies.name("sub.example.org.").wire)
    }

    @Test("Errors count together", arguments: [ResponseCode.serverFailure, .refused, .notImplemented])
    func errors(_ code: ResponseCode) throws {
        let found = try category(Response(code), TestQuery("x.test."))
        #expect(found?.kind == .error && found?.subject == [])
    }

    @Test("No bytes are read that are not there") func cutReplies() throws {
        let whole = try Replies.reply(Replies.denial(.nxDomain), to: TestQuery("a.example.org."))
        for length in 0..<whole.count {
            Array(whole.prefix(length)).withUnsafeBytes { _ = ReplyCategory($0) }
            var part = Array(whole.prefix(length))
            part.withUnsafeMutableBytes { #expect(ResponseRateLimit.cut($0) <= length) }
        }
    }
}

@Suite struct ResponseRateLimitTests {
    private static func rules(_ perSecond: Int64, _ change: (inout ResponseRateLimit.Rules) -> Void = { _ in })
        -> ResponseRateLimit.Rules
    {
        var rules = ResponseRateLimit.Rules()
        rules.intervals = .init(repeating: 1_000_000_000 / perSecond, count: 5)
        change(&rules)
        return rules
    }

    /// What becomes of so many equal replies at one moment.
    private func verdicts(
        _ limit: ResponseRateLimit, _ reply: [UInt8], to client: String = "203.0.113.1", count: Int = 10
    ) throws -> [ResponseRateLimit.Verdict] {
        let client = try #require(IPAddress(client))
        return (0..<count).map { _ in
            var reply = reply
            return reply.withUnsafeMutableBytes { limit.decide($0, to: client, now: 5_000_000_000) }
        }
    }

    @Test func beyondTheLimitEverySecondReplyIsCutAndTheOthersGoNowhere() throws {
        let query = TestQuery("a.example.org.", edns: .init())
        let reply = try Replies.reply(Replies.addresses("a.example.org.", count: 20), to: query)
        let found = try verdicts(ResponseRateLimit(Self.rules(5)), reply)
        #expect(found.prefix(5).allSatisfy { $0 == .send })
        let cut = ResponseRateLimit.Verdict.sendCut(query.bytes.count)
        #expect(Array(found.dropFirst(5)) == [.drop, cut, .drop, cut, .drop])
    }

    @Test("A cut reply is the question and an OPT record, no longer than the query", arguments: [true, false])
    func cut(_ hasEDNS: Bool) throws {
        let query = TestQuery("a.example.org.", edns: hasEDNS ? .init() : nil)
        var reply = try Replies.reply(Replies.addresses("a.example.org.", count: 20), to: query)
        let length = reply.withUnsafeMutableBytes { ResponseRateLimit.cut($0) }
        let read = try TestReply(Array(reply.prefix(length)))
        #expect(length == query.bytes.count)
        #expect(read.isTruncated && read.answers.isEmpty && (read.opt != nil) == hasEDNS)
        #expect(read.question == Array(query.bytes[12..<(12 + read.question.count)]))
    }

    @Test func aNetworkIsOneClientAndOthersLoseNothing() throws {
        let reply = try Replies.reply(Replies.denial(.nxDomain), to: TestQuery("x.example.org."))
        let limit = ResponseRateLimit(Self.rules(5))
        #expect(try verdicts(limit, reply, count: 5).allSatisfy { $0 == .send })
        #expect(try verdicts(limit, reply, to: "203.0.113.99", count: 1) == [.drop])
        #expect(try verdicts(limit, reply, to: "203.0.114.1", count: 5).allSatisfy { $0 == .send })
        #expect(try verdicts(limit, reply, to: "2001:db8:0:100::1", count: 5).allSatisfy { $0 == .send })
        #expect(try verdicts(limit, reply, to: "2001:db8:0:1ff::9", count: 1) == [.drop])
        #expect(try verdicts(limit, reply, to: "2001:db8:0:200::9", count: 5).allSatisfy { $0 == .send })
    }

    @Test func exemptNetworksAndKindsWithoutALimitPass() throws {
        let reply = try Replies.reply(Response(.refused), to: TestQuery("x.example.org."))
        let limit = ResponseRateLimit(
            Self.rules(1) {
                $0.exempt = [CIDR("10.0.0.0/8"), CIDR("fd00::/8")].compactMap(\.self)
                $0.intervals[0] = 0
            })
        #expect(try verdicts(limit, reply, to: "10.1.2.3").allSatisfy { $0 == .send })
        #expect(try verdicts(limit, reply, to: "fd00::7").allSatisfy { $0 == .send })
        #expect(try verdicts(limit, reply).filter { $0 == .send }.count == 1)
        let answer = try Replies.reply(Replies.addresses("a.test."), to: TestQuery("a.test."))
        #expect(try verdicts(limit, answer).allSatisfy { $0 == .send })
    }

    @Test("A reply has at most so many times the bytes of its question", arguments: [1, 20])
    func amplification(_ count: Int) throws {
        let query = TestQuery("a.example.org.", edns: .init())
        let reply = try Replies.reply(Replies.addresses("a.example.org.", count: count), to: query)
        var rules = ResponseRateLimit.Rules()
        rules.amplification = 5
        let found = try verdicts(ResponseRateLimit(rules), reply, count: 3)
        let isLong = reply.count > 5 * query.bytes.count
        #expect(isLong == (count == 20))
        #expect(found.allSatisfy { $0 == (isLong ? .sendCut(query.bytes.count) : .send) })
    }

    @Test func requestsAreLimitedWhateverTheyAskAndNeverSlip() throws {
        var rules = ResponseRateLimit.Rules()
        rules.requestInterval = 200_000_000
        let limit = ResponseRateLimit(rules)
        let found = try (0..<10).flatMap { number in
            let name = "n\(number).test."
            return try verdicts(limit, Replies.reply(Replies.addresses(name), to: TestQuery(name)), count: 1)
        }
        #expect(found == [.send, .send, .send, .send, .send, .drop, .drop, .drop, .drop, .drop])
    }

    @Test func reportOnlyHoldsNothingBack() throws {
        let reply = try Replies.reply(Replies.addresses("a.test."), to: TestQuery("a.test."))
        let limit = ResponseRateLimit(Self.rules(1) { $0.reportsOnly = true })
        let found = try verdicts(limit, reply)
        #expect(found.first == .send && found.dropFirst().allSatisfy { $0 == .sendReported })
    }

    @Test func theLongestZoneDecides() throws {
        let limit = ResponseRateLimit(Self.rules(1))
        let limits = try #require(
            RateLimits([
                (zone: .root, limit: limit), (zone: Replies.name("free.test."), limit: nil),
                (zone: Replies.name("bound.free.test."), limit: limit),
            ]))
        #expect(RateLimits([(zone: .root, limit: nil)]) == nil)
        let client = try #require(IPAddress("203.0.113.1"))
        for (name, isLimited) in [("a.test.", true), ("A.free.test.", false), ("x.bound.FREE.test.", true)] {
            let reply = try Replies.reply(Replies.addresses(name), to: TestQuery(name))
            let kept = (0..<4).count { _ in
                var reply = reply
                return reply.withUnsafeMutableBytes {
                    limits.lengthToSend(of: $0, to: client, isProven: false) { _ in }
                } == reply.count
            }
            #expect(kept == (isLimited ? 1 : 4), "\(name)")
        }
    }
}

@Suite("Rate limits at sockets", .timeLimit(.minutes(3)))
struct RateLimitedListenerTests {
    /// Every answer is one too many, and is cut.
    private static func limitedContent(_ isLate: Bool) -> ListenerContent {
        var rules = ResponseRateLimit.Rules()
        rules.intervals[0] = 1_000_000_000 * 1000
        rules.slipRatio = 1
        var content = content(
            StubStage { query, _ in
                if isLate { await Task.yield() }
                return .address(7, for: query)
            })
        content.rateLimits = RateLimits([(zone: .root, limit: ResponseRateLimit(rules))])
        return content
    }

    @Test("Replies at once and later ones are limited over UDP; over TCP none is", arguments: [false, true])
    func limited(_ isLate: Bool) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1), Self.limitedContent(isLate))
        let udp = try TestSocket(.datagram, to: listener.addresses[0])
        let tcp = try TestSocket(.stream, to: listener.addresses[0])
        defer { for socket in [udp, tcp] { socket.close() } }
        // An interval above a second leaves nothing to save up: even the first one is too much.
        udp.send(TestQuery("a.test.").bytes)
        let cut = try TestReply(await onThread { udp.receive() })
        #expect(cut.isTruncated && cut.answers.isEmpty)
        tcp.send(TestSocket.framed(TestQuery("a.test.").bytes))
        #expect(try TestReply(await onThread { tcp.receiveMessage() }).answers.count == 1)
        #expect(listeners.counters.totals().drops["rate_limit_cut"] == 1)
        await listeners.stop()
    }

    @Test(
        "Who brings a good server cookie is not limited; without one, or with a wrong one, it is",
        arguments: [false, true])
    func verified(_ isLate: Bool) async throws {
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1), Self.limitedContent(isLate))
        let udp = try TestSocket(.datagram, to: listener.addresses[0])
        func ask(_ cookie: [UInt8]?) async throws -> TestReply {
            let edns = cookie.map { TestQuery.EDNS(options: [(10, $0)]) }
            udp.send(TestQuery("a.test.", edns: edns).bytes)
            return try TestReply(await onThread { udp.receive() })
        }
        let client: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let cookie = try #require(try await ask(client).opt?.options[10])
        #expect(cookie.count == 24)
        for _ in 1...5 { #expect(try await ask(cookie).answers.count == 1) }
        let wrong = cookie.dropLast() + [cookie[23] ^ 1]
        for other in [nil, client, Array(wrong)] {
            let reply = try await ask(other)
            #expect(reply.isTruncated && reply.answers.isEmpty)
        }
        #expect(try await ask(cookie).answers.count == 1)
        udp.close()
        await listeners.stop()
    }
}
