import DNS
import Pipeline
import Testing

@testable import Forwarding

@Suite struct CacheRefreshTests {
    // MARK: prefetch

    @Test func whatIsPopularIsAskedForBeforeItsTimeIsOver() async throws {
        let bench = try CacheBench("cache {\nprefetch 2 1m 20%\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(30))
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(50))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        #expect(try await bench.ask("a.example").answers.map(\.ttl) == [20])
        await bench.stage.idle()
        #expect(bench.source.count == 2)
        let refreshed = try await bench.ask("a.example")
        #expect(
            refreshed.answers == [
                Record(owner: try #require(DomainName("a.example")), ttl: 100, data: .address([192, 0, 2, 2]))
            ])
        #expect(
            bench.metrics.text().contains(
                "coredns_cache_prefetch_total{server=\"dns://:53\",zones=\".\",view=\"\"} 1\n"))
    }

    @Test func aGapBeginsTheCountAnew() async throws {
        let bench = try CacheBench("cache {\nprefetch 2 10s 20%\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        for _ in 0..<8 {
            bench.clock.advance(by: .seconds(11))
            _ = try await bench.ask("a.example")
        }
        await bench.stage.idle()
        #expect(bench.source.count == 1)
    }

    @Test func onePrefetchAtATime() async throws {
        let bench = try CacheBench("cache {\nprefetch 1 1m 90%\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(50))
        bench.source.hold()
        for _ in 0..<50 { #expect(try await bench.ask("a.example").answers.map(\.ttl) == [50]) }
        bench.source.release()
        await bench.stage.idle()
        #expect(bench.source.count == 2)
    }

    @Test func aRefreshCarriesNothingOfTheAsker() async throws {
        let bench = try CacheBench("cache {\nprefetch 1 1m 90%\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(50))
        var query = try testQuery("A.example")
        query.isRecursionDesired = false
        query.edns = EDNS(udpPayload: 1232, options: [EDNSOption(.cookie, [1, 2, 3, 4, 5, 6, 7, 8])])
        _ = await bench.ask(query)
        await bench.stage.idle()
        let refresh = try #require(bench.source.queries.last)
        #expect(bench.source.count == 2 && refresh.isRecursionDesired && refresh.edns?.options == [])
        #expect(try await bench.ask("a.example").answers.map(\.ttl) == [100])
    }

    @Test func refreshesAreBounded() async throws {
        let bench = try CacheBench("cache {\nprefetch 1 1m 90%\nsuccess 99840\n}") { Sample.address($0, ttl: 100) }
        let count = CacheStage.refreshLimit + 50
        for index in 0..<count { _ = try await bench.ask("n\(index).example") }
        bench.clock.advance(by: .seconds(50))
        bench.source.hold()
        for index in 0..<count { _ = try await bench.ask("n\(index).example") }
        await bench.source.asked(count + CacheStage.refreshLimit)
        bench.source.release()
        await bench.stage.idle()
        #expect(bench.source.count == count + CacheStage.refreshLimit)
        // What was left out is made up for by later hits.
        for index in 0..<count { _ = try await bench.ask("n\(index).example") }
        await bench.stage.idle()
        #expect(bench.source.count == 2 * count)
    }

    // MARK: serve_stale

    @Test func withoutServeStaleNothingTooOldIsGiven() async throws {
        let bench = try CacheBench { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(100))
        bench.source.answer { _ in Sample.failure() }
        #expect(try await bench.ask("a.example").code == .serverFailure)
    }

    @Test func immediateAnswersFirstAndAsksThen() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h immediate\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(3000))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        bench.source.hold()
        for _ in 0..<10 {
            let stale = try await bench.ask("A.example")
            #expect(stale.answers.map(\.ttl) == [0] && stale.answers.map(\.data.bytes) == [[192, 0, 2, 1]])
            #expect(stale.extendedError?.code.rawValue == 3)
            #expect(stale.answers.map(\.owner.description) == ["A.example."])
        }
        bench.source.release()
        await bench.stage.idle()
        #expect(bench.source.count == 2)
        let fresh = try await bench.ask("a.example")
        #expect(fresh.answers.map(\.data.bytes) == [[192, 0, 2, 2]] && fresh.extendedError == nil)
        let text = bench.metrics.text()
        #expect(text.contains("coredns_cache_served_stale_total{server=\"dns://:53\",zones=\".\",view=\"\"} 10\n"))
    }

    @Test func aRefreshAsksForTheWholeAnswer() async throws {
        for text in ["immediate", "verify"] {
            let bench = try CacheBench("cache {\nserve_stale 1h \(text)\n}") { Sample.address($0, ttl: 100) }
            _ = try await bench.ask("a.example")
            bench.clock.advance(by: .seconds(200))
            // Too long for a datagram, as `forward` then hands it on.
            bench.source.answer { query in
                var response = Sample.address(query, ttl: 100, last: 2)
                if !query.isForKeeping { (response.answers, response.isTruncated) = ([], true) }
                return response
            }
            _ = try await bench.ask("a.example")
            await bench.stage.idle()
            let fresh = try await bench.ask("a.example")
            #expect(fresh.answers.map(\.data.bytes) == [[192, 0, 2, 2]] && fresh.extendedError == nil, "\(text)")
            #expect(bench.source.queries.map(\.isForKeeping) == [false, true], "\(text)")
        }
    }

    @Test func whatMayNotBeKeptEndsWhatIsTooOldAsWell() async throws {
        let endings: [(String, @Sendable (PipelineQuery) -> Response)] = [
            ("NXDOMAIN without an SOA record", { _ in Sample.failure(.nxDomain) }),
            ("a TTL of 0", { Sample.address($0, ttl: 0, last: 2) }),
        ]
        for (reason, ending) in endings {
            let bench = try CacheBench("cache {\nsuccess 1000 3600 0\nserve_stale 1h\n}") {
                Sample.address($0, ttl: 100)
            }
            _ = try await bench.ask("a.example")
            bench.clock.advance(by: .seconds(200))
            bench.source.answer(ending)
            #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 1]], "\(reason)")
            await bench.stage.idle()
            let after = try await bench.ask("a.example")
            #expect(!after.answers.map(\.data.bytes).contains([192, 0, 2, 1]), "\(reason)")
            #expect(after.extendedError == nil && bench.stage.counts.success == 0, "\(reason)")
        }
    }

    @Test func aQuestionWithoutRecursionEndsNothing() async throws {
        for text in ["immediate", "verify", "verify 1s"] {
            let bench = try CacheBench("cache {\nserve_stale 1h \(text)\n}") { Sample.address($0, ttl: 100) }
            _ = try await bench.ask("a.example")
            bench.clock.advance(by: .seconds(200))
            // A resolver without a way out knows a referral at best.
            bench.source.answer { query in
                query.isRecursionDesired ? Sample.failure() : Sample.failure(.noError)
            }
            var query = try testQuery("a.example")
            query.isRecursionDesired = false
            _ = await bench.ask(query)
            await bench.stage.idle()
            #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 1]], "\(text)")
            await bench.stage.idle()
        }
    }

    @Test func theWindowEnds() async throws {
        let bench = try CacheBench("cache {\nserve_stale 10m\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(700))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 2]])
    }

    @Test func failuresLeaveWhatIsKnown() async throws {
        let bench = try CacheBench("cache {\nserve_stale\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        _ = try await bench.ask("nx.example", .mx)
        bench.clock.advance(by: .seconds(200))
        for failure in [Sample.failure(), Sample.failure(.refused), .failed("forward", "no reply")] {
            bench.source.answer { _ in failure }
            for _ in 0..<2 {
                #expect(try await bench.ask("a.example").answers.count == 1)
                await bench.stage.idle()
            }
        }
        bench.source.answer { _ in Sample.denial(.nxDomain, ttl: 100) }
        _ = try await bench.ask("a.example")
        await bench.stage.idle()
        #expect(try await bench.ask("a.example").code == .nxDomain)
        bench.source.answer { _ in Sample.failure() }
        bench.clock.advance(by: .seconds(150))
        for _ in 0..<2 {
            let stale = try await bench.ask("a.example")
            #expect(stale.code == .nxDomain && stale.extendedError?.code.rawValue == 19)
            await bench.stage.idle()
        }
    }

    @Test func theStaleTimeAndTheRecheckCanBeSet() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h immediate 30s 10s\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { _ in Sample.failure() }
        for _ in 0..<5 {
            #expect(try await bench.ask("a.example").answers.map(\.ttl) == [30])
            await bench.stage.idle()
        }
        #expect(bench.source.count == 2)
        bench.clock.advance(by: .seconds(10))
        _ = try await bench.ask("a.example")
        await bench.stage.idle()
        #expect(bench.source.count == 3)
    }

    @Test func verifyAsksFirst() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { _ in Sample.failure() }
        #expect(try await bench.ask("a.example").answers.map(\.ttl) == [0])
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 2]])
        #expect(bench.source.count == 3)
    }

    @Test func manyWhoVerifyShareOneQuestion() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        bench.source.hold()
        let query = try testQuery("a.example")
        try await withThrowingTaskGroup(of: Response.self) { group in
            for _ in 0..<20 { group.addTask { await bench.ask(query) } }
            await bench.source.asked(2)
            bench.source.release()
            for try await response in group { #expect(response.answers.map(\.data.bytes) == [[192, 0, 2, 2]]) }
        }
        #expect(bench.source.count == 2)
    }

    @Test func whoFindsTooManyWaitingHasWhatIsTooOld() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        bench.source.hold()
        let query = try testQuery("a.example")
        let (over, count) = (20, CacheStage.waiterLimit + 1 + 20)
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<count { group.addTask { await bench.ask(query).answers.flatMap(\.data.bytes) } }
            // While the source holds its answer, those who find no room are all who can end.
            for _ in 0..<over { #expect(try await group.next() == [192, 0, 2, 1]) }
            bench.source.release()
            for try await bytes in group { #expect(bytes == [192, 0, 2, 2]) }
        }
        #expect(bench.source.count == 2)
    }

    @Test func whatARefreshItselfAsksForDoesNotWaitForIt() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.hold()
        let query = try testQuery("a.example")
        async let leader = bench.ask(query)
        await bench.source.asked(2)
        // As a stage behind the cache would ask for the same name on the way.
        var nested = query
        nested.lookups = CacheLookups(bench: bench)
        let response = await nested.ask(query.name, .a)
        #expect(response.answers.map(\.ttl) == [0])
        bench.source.release()
        #expect(await leader.answers.map(\.ttl) == [100])
    }

    @Test func verifyGivesUpAfterItsTime() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify 100ms\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        bench.source.hold()
        let query = try testQuery("a.example")
        async let slow = bench.ask(query)
        await bench.source.asked(2)
        await bench.clock.endSleep()
        #expect(await slow.answers.map(\.ttl) == [0])
        // The question goes on, and its answer is kept.
        #expect(try await bench.ask("a.example").answers.map(\.ttl) == [0])
        bench.source.release()
        await bench.stage.idle()
        #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 2]])
        #expect(bench.source.count == 2)
    }

    @Test func verifyWithATimeTakesTheAnswerThatIsInTime() async throws {
        let bench = try CacheBench("cache {\nserve_stale 1h verify 100ms\n}") { Sample.address($0, ttl: 100) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(200))
        bench.source.answer { Sample.address($0, ttl: 100, last: 2) }
        #expect(try await bench.ask("a.example").answers.map(\.data.bytes) == [[192, 0, 2, 2]])
        await bench.clock.endSleep()
    }
}

/// Asks the bench's cache, as the server itself would.
struct CacheLookups: Lookups {
    let bench: CacheBench

    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { await bench.ask(query) }
}
