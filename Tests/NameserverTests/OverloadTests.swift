import DNS
import Pipeline
import TestSupport
import Testing

@testable import Nameserver

@Suite("Queries under way", .timeLimit(.minutes(1)))
struct OverloadTests {
    private static func server(_ gate: Gate, _ underWay: QueriesUnderWay) -> TestServer {
        let stage = StubStage { query, _ in
            await gate.pass(query.name)
            return .address(1, for: query)
        }
        return TestServer(
            table: .init(), routes: [ServerBlockRoute(zone: .root, label: "dns://:53", chain: Chain([stage]))],
            underWay: underWay)
    }

    @Test("So many may wait; the next one is told SERVFAIL at once, and when one is done there is room again")
    func bound() async throws {
        let gate = Gate()
        let underWay = QueriesUnderWay(limit: 3)
        let server = Self.server(gate, underWay)
        let (replies, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let origin = TestOrigin { reply in
            continuation.yield(reply)
            return true
        }
        for index in 0..<3 {
            server.withReply(to: TestQuery("n\(index).test.").bytes, .udp, origin) { outcome, _ in
                #expect(outcome == .later)
            }
        }
        #expect(underWay.count == 3)
        let refused = try server.ask(TestQuery("n3.test.", edns: TestQuery.EDNS()))
        #expect(refused.code == 2)
        #expect(refused.opt?.options[15]?.starts(with: [0, 0] + Array("too many".utf8)) == true)
        gate.release(try TestServer.name("n1.test."))
        var iterator = replies.makeAsyncIterator()
        let first = try TestReply(try #require(await iterator.next()))
        #expect(first.answers.first?.owner == (try TestServer.name("n1.test.")))
        await until { underWay.count != 3 }
        server.withReply(to: TestQuery("n4.test.").bytes, .udp, origin) { outcome, _ in #expect(outcome == .later) }
        gate.open()
        for _ in 0..<3 { #expect(try TestReply(try #require(await iterator.next())).code == 0) }
    }

    @Test("What takes too long is answered SERVFAIL, once, and cancelled; it counts until its task ends")
    func expiry() async throws {
        let gate = Gate()
        let underWay = QueriesUnderWay(limit: 3, time: .seconds(10))
        let server = Self.server(gate, underWay)
        let (replies, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let origin = TestOrigin { reply in
            continuation.yield(reply)
            return true
        }
        server.withReply(to: TestQuery("n.test.").bytes, .udp, origin) { outcome, _ in #expect(outcome == .later) }
        underWay.expire(now: .now.advanced(by: .seconds(9)))
        #expect(underWay.count == 1)
        underWay.expire(now: .now.advanced(by: .seconds(10)))
        underWay.expire(now: .now.advanced(by: .seconds(11)))
        #expect(underWay.count == 1)
        gate.open()
        await until { underWay.count == 0 }
        continuation.finish()
        var codes: [Int] = []
        for await reply in replies { codes.append(try TestReply(reply).code) }
        #expect(codes == [2])
        #expect(server.state.counters.totals().drops["timeout"] == 1)
    }

    @Test("A cancelled stage may answer in time: nothing is sent twice")
    func cancelled() async throws {
        let underWay = QueriesUnderWay(limit: 3, time: .zero)
        let stage = StubStage { query, _ in
            try? await Task.sleep(for: .seconds(3600))
            return .address(1, for: query)
        }
        let server = TestServer(
            table: .init(), routes: [ServerBlockRoute(zone: .root, label: "dns://:53", chain: Chain([stage]))],
            underWay: underWay)
        let (replies, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let origin = TestOrigin { reply in
            continuation.yield(reply)
            return true
        }
        server.withReply(to: TestQuery("n.test.").bytes, .udp, origin) { outcome, _ in #expect(outcome == .later) }
        underWay.expire(now: .now)
        await until { underWay.count == 0 }
        continuation.finish()
        var count = 0
        for await _ in replies { count += 1 }
        #expect(count == 1)
    }
}
