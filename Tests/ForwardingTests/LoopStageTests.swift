import Corefile
import DNS
import Logging
import Pipeline
import Registry
import Synchronization
import Testing

@testable import Forwarding

@Suite("loop")
struct LoopStageTests {
    /// A loop stage of which the test knows the server behind it.
    private static func stage(
        _ upstream: ScriptedUpstream, clock: SteppedClock = SteppedClock(), onLoop: @escaping @Sendable (String) -> Void
    ) throws -> LoopStage {
        let corefile = try CorefileParser.corefile(Array("example.org {\nloop\n}".utf8), file: "Corefile")
        let settings = try #require(try corefile.blocks.first?.settings(LoopSettings.self))
        let port = upstream.port
        return LoopStage(
            settings, logger: Logger(label: "test"), clock: clock,
            address: { PipelineQuery.Peer(.v4(0), port: port) }, onLoop: onLoop)
    }

    private static func query(_ name: DomainName, _ type: RecordType = .hinfo) -> PipelineQuery {
        PipelineQuery(
            name: name, type: type, client: .init(.v4(0x7f00_0001), port: 4242),
            server: .init(.v4(0x7f00_0001), port: 53), transport: .udp, received: .now, lookups: Asker.Silence())
    }

    /// Has the stage probe a server that hands each question to it, and waits for the probe.
    @Test("The third sight of our own question is a loop, told once in CoreDNS's words; its case does not matter")
    func detected() async throws {
        let (probes, probed) = AsyncStream.makeStream(of: DomainName.self)
        let upstream = try await ScriptedUpstream { asked in
            if let name = asked.message.question?.name { probed.yield(name) }
            return []
        }
        let told = Mutex<[String]>([])
        let stage = try Self.stage(upstream) { text in told.withLock { $0.append(text) } }
        let run = Task { await stage.run() }
        defer { run.cancel() }
        var iterator = probes.makeAsyncIterator()
        let name = try #require(await iterator.next())
        #expect(name.isWithin(try #require(DomainName("example.org"))) && name.labelCount == 4)
        let end = Chain([Asker.End()])
        for _ in 0..<2 {
            #expect(await stage.respond(to: Self.query(name), next: end).code.rawValue == 10)
            _ = await stage.respond(to: Self.query(name, .a), next: end)
        }
        #expect(told.withLock { $0 } == [])
        for _ in 0..<3 { _ = await stage.respond(to: Self.query(name.lowercased), next: end) }
        #expect(
            told.withLock { $0 } == ["Seen \"HINFO IN \(name)\" to 127.0.0.1:53 more than twice, loop detected"])
    }

    @Test("A name seen in a former probe, or guessed, stops nobody")
    func strangers() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.reply { $0.code = .serverFailure })] }
        let told = Mutex(0)
        let stage = try Self.stage(upstream) { _ in told.withLock { $0 += 1 } }
        // Ends with the first answer.
        await stage.run()
        let name = try #require(upstream.asked.first?.message.question?.name)
        for _ in 0..<5 {
            _ = await stage.respond(to: Self.query(name), next: Chain([Asker.End()]))
            _ = await stage.respond(
                to: Self.query(try #require(DomainName("1.2.example.org"))), next: Chain([Asker.End()]))
        }
        #expect(told.withLock { $0 } == 0)
    }

    @Test("The server is asked again, for another name, until it answers")
    func again() async throws {
        let upstream = try await ScriptedUpstream { $0.number == 0 ? [] : [.send($0.reply())] }
        let clock = SteppedClock()
        let stage = try Self.stage(upstream, clock: clock) { _ in }
        let run = Task { await stage.run() }
        var sleeps = clock.sleeps.makeAsyncIterator()
        _ = await sleeps.next()
        clock.step()
        await run.value
        let names = upstream.asked.compactMap { $0.message.question?.name }
        #expect(names.count == 2 && names.first != names.last)
    }

    @Test("A server that forwards to itself is found out within one question")
    func realLoop() async throws {
        // The upstream hands what it gets to the stages, as the server would, and they forward to it.
        let stages = Mutex<Chain?>(nil)
        let upstream = try await ScriptedUpstream { asked in
            guard let question = asked.message.question, let chain = stages.withLock({ $0 }) else { return [] }
            Task { await chain.respond(to: Self.query(question.name, question.type)) }
            return []
        }
        let (loops, found) = AsyncStream.makeStream(of: String.self)
        let loop = try Self.stage(upstream) { found.yield($0) }
        let forward = try Asker("forward . \(upstream.address)").stage
        stages.withLock { $0 = Chain([loop, forward]) }
        let run = Task { await loop.run() }
        defer { run.cancel() }
        var iterator = loops.makeAsyncIterator()
        let text = try #require(await iterator.next())
        #expect(text.contains("loop detected"))
        stages.withLock { $0 = nil }
    }
}
