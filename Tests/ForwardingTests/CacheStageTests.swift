import Corefile
import DNS
import Forwarding
import Pipeline
import Synchronization
import Telemetry
import Testing

@Suite struct CacheStageTests {
    @Test func aHitAsksNobodyAndCountsDown() async throws {
        let bench = try CacheBench { Sample.address($0) }
        let first = try await bench.ask("www.example.org")
        #expect(first.answers.map(\.ttl) == [300])
        bench.clock.advance(by: .milliseconds(100_900))
        let second = try await bench.ask("www.example.org")
        #expect(second.answers.map(\.ttl) == [200])
        #expect(second.source == "cache" && second.isRecursionAvailable && !second.isAuthoritative)
        bench.clock.advance(by: .milliseconds(199_100))
        _ = try await bench.ask("www.example.org")
        #expect(bench.source.count == 2)
        #expect(first.answers.map(\.ttl) == [300], "a reply that is already given does not change")
    }

    @Test func everyReplyKeepsItsOwnAskersSpelling() async throws {
        let bench = try CacheBench { query in
            var response = Sample.address(query)
            response.additionals = [Record(owner: query.name, ttl: 300, data: .address([192, 0, 2, 9]))]
            return response
        }
        for name in ["WWW.Example.org", "www.example.ORG", "www.example.org"] {
            let response = try await bench.ask(name)
            #expect(response.answers.map(\.owner.description) == [name + "."])
            #expect(response.additionals.map(\.owner.description) == [name + "."])
        }
        #expect(bench.source.count == 1)
    }

    @Test func questionsThatDifferShareNothing() async throws {
        let bench = try CacheBench { Sample.address($0) }
        var queries = [try testQuery("a.example"), try testQuery("b.example"), try testQuery("a.example", .txt)]
        var query = try testQuery("a.example")
        query.edns = EDNS(udpPayload: 1232, isDNSSECOK: true)
        queries.append(query)
        query.isCheckingDisabled = true
        queries.append(query)
        query.edns = nil
        queries.append(query)
        query = try testQuery("a.example")
        query.recordClass = RecordClass(rawValue: 3)
        queries.append(query)
        for query in queries + queries { _ = await bench.ask(query) }
        // The TXT question is answered by an address alone and not kept.
        #expect(bench.source.count == queries.count + 1)
    }

    @Test("Not kept, or not even looked for", arguments: PassingCase.all)
    func passes(_ passing: PassingCase) async throws {
        let bench = try CacheBench("cache example.org") { passing.response($0) }
        var query = try testQuery(passing.name, passing.type)
        passing.change(&query)
        for _ in 0..<2 { _ = await bench.ask(query) }
        #expect(bench.source.count == 2)
        #expect(bench.stage.counts.success + bench.stage.counts.denial == 0)
    }

    @Test func theResponseBitsAreKept() async throws {
        let bench = try CacheBench { query in
            var response = Sample.address(query)
            response.isAuthoritative = true
            response.isAuthenticData = true
            response.options = [EDNSOption(.nsid, [1])]
            return response
        }
        let plain = try await bench.ask("a.example")
        #expect(!plain.isAuthenticData, "who does not ask for AD does not get it")
        #expect(plain.options == [EDNSOption(.nsid, [1])])
        #expect(bench.source.queries.map(\.isAuthenticDataWanted) == [true])
        var query = try testQuery("a.example")
        query.isAuthenticDataWanted = true
        let hit = await bench.ask(query)
        #expect(hit.isAuthenticData && hit.isAuthoritative && hit.options.isEmpty)
        #expect(try await bench.ask("a.example").isAuthenticData == false)
        #expect(bench.source.count == 1)
    }

    @Test func signaturesGoOnlyToThoseWhoWantThem() async throws {
        let bench = try CacheBench { query in
            var response = Sample.address(query)
            response.answers.append(Sample.signature(query.name, of: .a, from: 0, until: 1_800_001_000))
            return response
        }
        for _ in 0..<2 { #expect(try await bench.ask("a.example").answers.map(\.type) == [.a]) }
        var query = try testQuery("a.example")
        query.edns = EDNS(udpPayload: 1232, isDNSSECOK: true)
        for _ in 0..<2 { #expect(await bench.ask(query).answers.count == 2) }
        #expect(bench.source.count == 2)
    }

    @Test("The time an answer is kept", arguments: LifetimeCase.all)
    func lifetime(_ lifetime: LifetimeCase) async throws {
        let bench = try CacheBench(lifetime.corefile) { query in lifetime.response(query) }
        var query = try testQuery("a.example")
        query.edns = EDNS(udpPayload: 1232, isDNSSECOK: true)
        _ = await bench.ask(query)
        bench.clock.advance(by: .seconds(lifetime.seconds) - .milliseconds(1))
        _ = await bench.ask(query)
        #expect(bench.source.count == 1)
        bench.clock.advance(by: .milliseconds(1))
        _ = await bench.ask(query)
        #expect(bench.source.count == 2)
    }

    @Test func keepttlShowsTheTimeItCameWith() async throws {
        let bench = try CacheBench("cache {\nkeepttl\n}") { Sample.address($0) }
        _ = try await bench.ask("a.example")
        bench.clock.advance(by: .seconds(250))
        #expect(try await bench.ask("a.example").answers.map(\.ttl) == [300])
        bench.clock.advance(by: .seconds(50))
        _ = try await bench.ask("a.example")
        #expect(bench.source.count == 2)
    }

    @Test func disabledZonesAreNotKept() async throws {
        let bench = try CacheBench("cache {\ndisable success a.example\ndisable denial b.example\n}") { query in
            query.type == .a ? Sample.address(query) : Sample.denial(.noError)
        }
        for _ in 0..<2 {
            for (name, type) in [
                ("x.a.example", RecordType.a), ("a.example", .mx), ("b.example", .a), ("b.example", .mx),
            ] {
                _ = try await bench.ask(name, type)
            }
        }
        #expect(bench.source.count == 6)
        #expect(bench.stage.counts.success == 1 && bench.stage.counts.denial == 1)
    }

    @Test func whatIsNewForgetsWhatItContradicts() async throws {
        let bench = try CacheBench("cache {\nprefetch 1 1m 90%\n}") { Sample.address($0) }
        _ = try await bench.ask("a.example")
        bench.source.answer { _ in Sample.denial(.nxDomain) }
        bench.clock.advance(by: .seconds(100))
        #expect(try await bench.ask("a.example").code == .noError)
        await bench.stage.idle()
        #expect(try await bench.ask("a.example").code == .nxDomain)
        #expect(bench.stage.counts.success == 0 && bench.stage.counts.denial == 1)
        bench.source.answer { Sample.address($0, last: 7) }
        bench.clock.advance(by: .seconds(250))
        _ = try await bench.ask("a.example")
        await bench.stage.idle()
        #expect(try await bench.ask("a.example").code == .noError)
        #expect(bench.stage.counts.success == 1 && bench.stage.counts.denial == 0)
    }

    @Test func aCachedFailureSaysSo() async throws {
        let bench = try CacheBench { _ in Sample.failure() }
        #expect(try await bench.ask("a.example").extendedError == nil)
        let hit = try await bench.ask("a.example")
        #expect(hit.code == .serverFailure && hit.extendedError?.code.rawValue == 13)
        bench.clock.advance(by: .seconds(5))
        _ = try await bench.ask("a.example")
        #expect(bench.source.count == 2)
    }

    @Test func countsAsCoreDNSDoes() async throws {
        let bench = try CacheBench { query in
            query.type == .a ? Sample.address(query) : Sample.denial(.noError)
        }
        for type in [RecordType.a, .a, .mx, .mx, .mx] { _ = try await bench.ask("a.example", type) }
        let text = bench.metrics.text()
        for line in [
            #"coredns_cache_requests_total{server="dns://:53",zones=".",view=""} 5"#,
            #"coredns_cache_misses_total{server="dns://:53",zones=".",view=""} 2"#,
            #"coredns_cache_hits_total{server="dns://:53",type="success",zones=".",view=""} 1"#,
            #"coredns_cache_hits_total{server="dns://:53",type="denial",zones=".",view=""} 2"#,
            #"coredns_cache_entries{server="dns://:53",type="success",zones=".",view=""} 1"#,
            #"coredns_cache_entries{server="dns://:53",type="denial",zones=".",view=""} 1"#,
            #"coredns_cache_evictions_total{server="dns://:53",type="denial",zones=".",view=""} 0"#,
            #"coredns_cache_prefetch_total{server="dns://:53",zones=".",view=""} 0"#,
            #"coredns_cache_served_stale_total{server="dns://:53",zones=".",view=""} 0"#,
            #"coredns_cache_drops_total{server="dns://:53",zones=".",view=""} 0"#,
        ] {
            #expect(text.contains(line + "\n"))
        }
        #expect(text.contains(#"swiftlet_cache_bytes{server="dns://:53",zones=".",view=""} "#))
    }
}

struct PassingCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var name = "www.example.org"
    var type = RecordType.a
    var change: @Sendable (inout PipelineQuery) -> Void = { _ in }
    var response: @Sendable (PipelineQuery) -> Response = { Sample.address($0) }

    static let all: [PassingCase] = [
        PassingCase(testDescription: "a name outside of the zones", name: "www.example.com"),
        PassingCase(testDescription: "a client subnet") {
            $0.edns = EDNS(udpPayload: 1232, options: [EDNSOption(OptionCode(rawValue: 8), [0, 1, 24, 0, 10, 0, 0])])
        },
        PassingCase(testDescription: "an option that goes on to upstreams") {
            $0.edns = EDNS(udpPayload: 1232, options: [EDNSOption(OptionCode(rawValue: 65001), [1])])
        },
        PassingCase(testDescription: "no recursion wanted") { $0.isRecursionDesired = false },
        PassingCase(testDescription: "NOTIFY") { $0.opcode = .notify },
        PassingCase(testDescription: "a transfer", type: .axfr),
        PassingCase(testDescription: "TKEY", type: RecordType(rawValue: 249)),
        PassingCase(testDescription: "type 0", type: RecordType(rawValue: 0)),
        PassingCase(testDescription: "an answer of kubernetes", response: changed { $0.source = "kubernetes" }),
        PassingCase(testDescription: "an answer to one client", response: changed { $0.dependsOnAsker = true }),
        PassingCase(testDescription: "a cut answer", response: changed { $0.isTruncated = true }),
        PassingCase(testDescription: "silence", response: changed { $0.isSilent = true }),
        PassingCase(testDescription: "a failure of our own", response: { _ in .failed("forward", "no reply") }),
        PassingCase(testDescription: "REFUSED", response: { _ in Sample.failure(.refused) }),
        PassingCase(testDescription: "FORMERR", response: { _ in Sample.failure(.formatError) }),
        PassingCase(testDescription: "NXDOMAIN without an SOA record", response: { _ in Sample.failure(.nxDomain) }),
        PassingCase(
            testDescription: "an empty answer without an SOA record", response: { _ in Sample.failure(.noError) }),
        PassingCase(
            testDescription: "a CNAME into nothing without an SOA record",
            response: changed { $0.answers = [Record(owner: .root, ttl: 60, data: .cname(.root))] }),
        PassingCase(
            testDescription: "a signature that is not valid any more",
            change: { $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) },
            response: changed { $0.answers.append(Sample.signature(.root, of: .a, from: 0, until: 1_799_999_999)) }),
        PassingCase(
            testDescription: "a signature that is not valid yet",
            change: { $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) },
            response: changed {
                $0.answers.append(Sample.signature(.root, of: .a, from: 1_800_000_001, until: 1_800_009_999))
            }),
        PassingCase(
            testDescription: "a signature that is too short to be one",
            change: { $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) },
            response: changed {
                let data = RecordData(type: RecordType(rawValue: 46), bytes: [0, 1, 13])
                $0.answers.append(Record(owner: .root, ttl: 60, data: data))
            }),
    ]

    private static func changed(
        _ change: @escaping @Sendable (inout Response) -> Void
    ) -> @Sendable (PipelineQuery) -> Response {
        { query in
            var response = Sample.address(query)
            change(&response)
            return response
        }
    }
}

struct LifetimeCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var corefile = "cache"
    var seconds: Int
    var response: @Sendable (PipelineQuery) -> Response

    static let all: [LifetimeCase] = [
        LifetimeCase(testDescription: "its own", seconds: 300) { Sample.address($0) },
        LifetimeCase(testDescription: "at least 5 s", seconds: 5) { Sample.address($0, ttl: 0) },
        LifetimeCase(testDescription: "at most an hour", seconds: 3600) { Sample.address($0, ttl: 86400) },
        LifetimeCase(testDescription: "top bit set", seconds: 5) { Sample.address($0, ttl: 1 << 31) },
        LifetimeCase(testDescription: "a denial half an hour", seconds: 1800) { _ in
            Sample.denial(.nxDomain, ttl: 86400, minimum: 86400)
        },
        LifetimeCase(testDescription: "the SOA's minimum, behind an alias", seconds: 60) { _ in
            var response = Sample.denial(.noError, ttl: 3600, minimum: 60)
            response.answers = [Record(owner: .root, ttl: 3600, data: .cname(.root))]
            return response
        },
        LifetimeCase(testDescription: "the SOA's minimum", seconds: 60) { _ in
            Sample.denial(.noError, ttl: 3600, minimum: 60)
        },
        LifetimeCase(testDescription: "the least of all records", seconds: 20) { query in
            var response = Sample.address(query)
            response.additionals = [Record(owner: .root, ttl: 20, data: .address([1, 2, 3, 4]))]
            return response
        },
        LifetimeCase(testDescription: "cache 30", corefile: "cache 30", seconds: 30) { Sample.address($0) },
        LifetimeCase(testDescription: "success MINTTL", corefile: "cache {\nsuccess 9984 3600 600\n}", seconds: 600) {
            Sample.address($0)
        },
        LifetimeCase(
            testDescription: "the maximum over the minimum", corefile: "cache {\nsuccess 9984 10 600\n}", seconds: 10
        ) {
            Sample.address($0)
        },
        LifetimeCase(testDescription: "denial", corefile: "cache {\ndenial 9984 7200 1\n}", seconds: 300) { _ in
            Sample.denial(.nxDomain)
        },
        LifetimeCase(testDescription: "servfail", corefile: "cache {\nservfail 2m\n}", seconds: 120) { _ in
            Sample.failure()
        },
        LifetimeCase(testDescription: "NOTIMP as SERVFAIL", seconds: 5) { _ in Sample.failure(.notImplemented) },
        LifetimeCase(testDescription: "a referral", seconds: 5) { _ in
            var response = Response(.noError)
            response.authorities = [Record(owner: .root, ttl: 3600, data: .ns(.root))]
            return response
        },
        LifetimeCase(testDescription: "no longer than a signature", seconds: 40) { query in
            var response = Sample.address(query)
            response.answers.append(Sample.signature(query.name, of: .a, from: 1_700_000_000, until: 1_800_000_040))
            return response
        },
    ]
}
