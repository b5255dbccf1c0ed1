import DNS
import Forwarding
import Pipeline
import TestSupport
import Testing

@Suite struct CacheBoundsTests {
    @Test func theNumberOfAnswersIsBounded() async throws {
        let bench = try CacheBench("cache {\nsuccess 1024\ndenial 1500\n}") { query in
            query.type == .a ? Sample.address(query) : Sample.denial(.nxDomain)
        }
        for index in 0..<2500 {
            _ = try await bench.ask("n\(index).example")
            _ = try await bench.ask("n\(index).example", .mx)
        }
        let counts = bench.stage.counts
        #expect(counts.success <= 1024 && counts.success > 850)
        #expect(counts.denial <= 1500 && counts.denial > 1200)
        let text = bench.metrics.text()
        #expect(
            text.contains(
                "coredns_cache_evictions_total{server=\"dns://:53\",type=\"success\",zones=\".\",view=\"\"} "
                    + "\(2500 - counts.success)\n"))
    }

    @Test func whatIsAskedForAgainStays() async throws {
        let bench = try CacheBench("cache {\nsuccess 1024\n}") { Sample.address($0) }
        for index in 0..<4000 {
            _ = try await bench.ask("n\(index).example")
            if index % 16 == 0 { _ = try await bench.ask("popular.example") }
        }
        #expect(bench.source.queries.filter { $0.name == DomainName("popular.example") }.count == 1)
    }

    @Test("Memory is bounded whatever the answers' sizes", arguments: [1, 40, 400, 4000])
    func memoryIsBounded(records: Int) async throws {
        let limit = 1 << 20
        let bench = try CacheBench("cache {\nsuccess 1000000\n}", byteLimit: limit) { query in
            var response = Sample.address(query)
            response.answers = (0..<records).map { index in
                Record(
                    owner: query.name, ttl: 300, data: .address([10, 0, UInt8(index >> 8 & 255), UInt8(index & 255)]))
            }
            response.additionals = (0..<records).compactMap { index in
                DomainName(labels: ["x\(index)"], under: query.name).map {
                    Record(owner: $0, ttl: 300, data: .address([1, 1, 1, 1]))
                }
            }
            return response
        }
        let count = min(2000, 8000 / records)
        for index in 0..<count {
            #expect(try await bench.ask("n\(index).example").answers.count == records)
            guard bench.stage.counts.bytes <= limit else {
                Issue.record("\(bench.stage.counts.bytes) bytes are kept")
                return
            }
        }
        let counts = bench.stage.counts
        #expect(records >= 40 ? counts.success == 0 : counts.success > 300)
        if records >= 40 {
            #expect(
                bench.metrics.text().contains(
                    "coredns_cache_drops_total{server=\"dns://:53\",zones=\".\",view=\"\"} \(count)\n"))
        }
    }

    @Test func aBigAnswerReplacesAnOldOneEvenWhereItIsNotKept() async throws {
        let bench = try CacheBench("cache {\nserve_stale\n}", byteLimit: 1 << 20) { Sample.address($0) }
        _ = try await bench.ask("a.example")
        #expect(bench.stage.counts.success == 1)
        bench.clock.advance(by: .seconds(400))
        bench.source.answer { query in
            var response = Sample.address(query)
            response.answers = (0..<200).map {
                Record(owner: query.name, ttl: 300, data: .address([1, 2, 3, UInt8($0)]))
            }
            return response
        }
        _ = try await bench.ask("a.example")
        await bench.stage.idle()
        #expect(bench.stage.counts.success == 0 && bench.stage.counts.bytes == 0)
    }

    /// The cache against a list of what was answered when; a miss may always be (evictions), a wrong hit never.
    @Test func randomHistoriesMatchAModel() async throws {
        var random = SeededGenerator.announced()
        let bench = try CacheBench("cache {\nsuccess 1024 60 5\ndenial 1024 30 5\n}") { _ in Sample.failure() }
        struct Known {
            var number: UInt8
            var isDenial: Bool
            var ttl: Int
            var storedAt: Int
        }
        var model: [String: Known] = [:]
        var now = 0
        var hits = 0
        for step in 0..<4000 {
            if Int.random(in: 0..<8, using: &random) == 0 {
                let seconds = Int.random(in: 0...7, using: &random)
                now += seconds
                bench.clock.advance(by: .seconds(seconds))
            }
            let index = Int.random(in: 0..<64, using: &random)
            let name = index % 2 == 0 ? "N\(index).example" : "n\(index).EXAMPLE"
            let number = UInt8(truncatingIfNeeded: step)
            let ttl = Int.random(in: 0...90, using: &random)
            let isDenial = Bool.random(using: &random)
            bench.source.answer { query in
                var response =
                    isDenial
                    ? Sample.denial(.nxDomain, ttl: UInt32(ttl)) : Sample.address(query, ttl: UInt32(ttl), last: number)
                response.additionals = [Record(owner: query.name, ttl: 90, data: .address([10, 0, 0, number]))]
                return response
            }
            let before = bench.source.count
            let response = try await bench.ask(Bool.random(using: &random) ? name : name.lowercased())
            let key = name.lowercased()
            if bench.source.count > before {
                if let known = model[key], now - known.storedAt < known.ttl { Issue.record("a miss without need") }
                model[key] = Known(
                    number: number, isDenial: isDenial, ttl: min(max(ttl, 5), isDenial ? 30 : 60), storedAt: now)
            } else {
                hits += 1
            }
            let known = try #require(model[key])
            #expect(now - known.storedAt < known.ttl)
            #expect((response.code == .nxDomain) == known.isDenial)
            #expect(response.additionals.map(\.data.bytes) == [[10, 0, 0, known.number]])
            #expect(response.additionals.map(\.ttl) == [UInt32(known.ttl - (now - known.storedAt))])
        }
        #expect(hits > 200)
    }

    @Test func manyTasksAtOnceGetWhatBelongsToTheirName() async throws {
        let bench = try CacheBench("cache {\nsuccess 1024\nprefetch 1 1m 90%\nserve_stale\n}", byteLimit: 1 << 18) {
            query in
            var response = Sample.address(query, ttl: 5)
            response.additionals = [Record(owner: query.name, ttl: 5, data: .ptr(query.name))]
            return response
        }
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(task))
                    var wrong = 0
                    for step in 0..<800 {
                        if step % 100 == 0 { bench.clock.advance(by: .seconds(3)) }
                        guard
                            let response = try? await bench.ask("n\(Int.random(in: 0..<2000, using: &random)).example"),
                            let record = response.additionals.first
                        else {
                            wrong += 1
                            continue
                        }
                        if record.data.target != record.owner { wrong += 1 }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
        await bench.stage.idle()
        #expect(bench.stage.counts.success <= 1024 && bench.stage.counts.bytes <= 1 << 18)
    }
}
