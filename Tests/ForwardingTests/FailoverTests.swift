import DNS
import Logging
import Pipeline
import Synchronization
import Testing

@testable import Forwarding

@Suite("One upstream after the other")
struct FailoverTests {
    private static func refusing(_ code: ResponseCode) async throws -> ScriptedUpstream {
        try await ScriptedUpstream { [.send($0.reply { $0.code = code })] }
    }

    private static func answering(_ last: UInt8) async throws -> ScriptedUpstream {
        try await ScriptedUpstream { [.send($0.address(last))] }
    }

    /// A port that no datagrams are taken at.
    private static func closed() async throws -> ScriptedUpstream {
        let upstream = try await answering(0)
        await upstream.refuseDatagrams()
        return upstream
    }

    @Test("A host that refuses is told by its error at once, and the next upstream answers")
    func refused() async throws {
        let (gone, well) = (try await Self.closed(), try await Self.answering(2))
        let asker = try Asker("forward . \(gone.address) \(well.address) {\npolicy sequential\n}")
        #expect(try await asker.ask("www.example.org").lastBytes == [2])
        let alone = try Asker("forward . \(gone.address)")
        let response = try await alone.ask("www.example.org")
        let failure = try #require(response.failure)
        #expect(
            failure.contains(/(read|write) udp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: (read|write): connection refused/))
        #expect(response.code == .serverFailure && response.extendedError?.code == .networkError)
        #expect(response.extendedError?.text == failure)
    }

    @Test("An upstream that is silent costs one attempt")
    func silent() async throws {
        let (silent, well) = (try await ScriptedUpstream { _ in [] }, try await Self.answering(2))
        let asker = try Asker("forward . \(silent.address) \(well.address) {\npolicy sequential\n}") {
            $0.times = .short
        }
        #expect(try await asker.ask("www.example.org").lastBytes == [2])
        #expect(silent.asked.count == 1)
    }

    @Test("SERVFAIL is an answer, unless failover names it")
    func failover() async throws {
        let (bad, worse, well) = (
            try await Self.refusing(.serverFailure), try await Self.refusing(.refused), try await Self.answering(3)
        )
        let all = "\(bad.address) \(worse.address) \(well.address)"
        let plain = try Asker("forward . \(all) {\npolicy sequential\n}")
        #expect(try await plain.ask("www.example.org").code == .serverFailure)
        let over = try Asker("forward . \(all) {\npolicy sequential\nfailover SERVFAIL REFUSED\n}")
        #expect(try await over.ask("www.example.org").lastBytes == [3])
    }

    @Test("Where all fail over, the last upstream's answer is passed on")
    func lastAnswer() async throws {
        let (bad, worse) = (try await Self.refusing(.serverFailure), try await Self.refusing(.refused))
        let asker = try Asker(
            "forward . \(bad.address) \(worse.address) {\npolicy sequential\nfailover SERVFAIL REFUSED\n}")
        #expect(try await asker.ask("www.example.org").code == .refused)
    }

    @Test("max_connect_attempts ends the search")
    func attempts() async throws {
        let gone = try await Self.closed()
        let silent = try await ScriptedUpstream { _ in [] }
        let asker = try Asker(
            "forward . \(gone.address) \(silent.address) {\npolicy sequential\nmax_connect_attempts 1\n}")
        #expect(try await asker.ask("www.example.org").failure?.contains("connection refused") == true)
        #expect(silent.asked.isEmpty)
    }

    @Test("next asks the following forward line, and so does next_on_nodata")
    func nextLine() async throws {
        let (missing, empty, well) = (
            try await Self.refusing(.nxDomain), try await Self.refusing(.noError), try await Self.answering(3)
        )
        let asker = try Asker(
            """
            forward . \(missing.address) {
                next NXDOMAIN
            }
            forward . \(empty.address) {
                next_on_nodata
            }
            forward . \(well.address)
            """)
        #expect(try await asker.ask("www.example.org").lastBytes == [3])
        let last = try Asker("forward . \(missing.address) {\nnext NXDOMAIN\n}")
        #expect(try await last.ask("www.example.org").code == .nxDomain, "nobody is next")
    }

    @Test("The first line that takes a name answers; except and other names go to the next plugin")
    func names() async throws {
        let (lab, all) = (try await Self.answering(1), try await Self.answering(2))
        let asker = try Asker(
            """
            forward lab.example.org \(lab.address)
            forward example.org \(all.address) {
                except secret.example.org example.org
            }
            """)
        #expect(try await asker.ask("a.LAB.example.org").lastBytes == [1])
        #expect(try await asker.ask("example.org").lastBytes == [2], "the name itself is always taken")
        #expect(try await asker.ask("xsecret.test").code.rawValue == 10)
        #expect(try await asker.ask("www.secret.example.org").code.rawValue == 10)
    }

    @Test("A network stands for all its reverse zones")
    func reverse() async throws {
        let upstream = try await Self.answering(1)
        let asker = try Asker("forward 192.0.2.0/23 \(upstream.address)")
        #expect(try await asker.ask("1.2.0.192.in-addr.arpa").code == .noError)
        #expect(try await asker.ask("1.3.0.192.in-addr.arpa").code == .noError)
        #expect(try await asker.ask("1.4.0.192.in-addr.arpa").code.rawValue == 10)
    }

    // MARK: Health

    @Test("After an error the upstream is checked until it answers; meanwhile others are asked")
    func health() async throws {
        let isWell = Mutex(false)
        let sick = try await ScriptedUpstream { asked in
            guard isWell.withLock({ $0 }) else { return [] }
            return [.send(asked.address(1))]
        }
        let other = try await Self.answering(2)
        let clock = SteppedClock()
        let asker = try Asker(
            """
            forward . \(sick.address) \(other.address) {
                policy sequential
                max_fails 1
                health_check 300ms no_rec domain check.example
            }
            """
        ) { surroundings in
            surroundings.times = .short
            surroundings.clock = clock
        }
        let run = Task { await asker.stage.run() }
        defer { run.cancel() }
        #expect(try await asker.ask("www.example.org").lastBytes == [2])
        var sleeps = clock.sleeps.makeAsyncIterator()
        // The first two checks fail: more than max_fails.
        let first = await sleeps.next()
        clock.step()
        let second = await sleeps.next()
        #expect(first == .milliseconds(300) && second == first)
        let before = sick.asked.filter { $0.message.question?.type == .a }.count
        #expect(try await asker.ask("www.example.org").lastBytes == [2])
        #expect(sick.asked.filter { $0.message.question?.type == .a }.count == before, "it is down")
        let checks = sick.asked.filter { $0.message.question?.type == .ns }
        #expect(checks.count == 2)
        #expect(checks.allSatisfy { !$0.message.isRecursionDesired })
        #expect(checks.allSatisfy { $0.message.question?.name == DomainName("check.example") })
        let failures = asker.metrics.counter(
            "coredns_proxy_healthcheck_failures_total", "", ["proxy_name": "forward", "to": sick.address])
        #expect(failures.value == 2)
        isWell.withLock { $0 = true }
        clock.step()
        // Nobody tells that a check was well but the upstream's being asked again.
        var answer = try await asker.ask("www.example.org").lastBytes
        while answer != [1] { answer = try await asker.ask("www.example.org").lastBytes }
        #expect(sick.asked.filter { $0.message.question?.type == .ns }.count == 3)
    }

    @Test(
        "Where all are down one is asked at random, or nobody with failfast_all_unhealthy_upstreams",
        arguments: [false, true])
    func allDown(failsFast: Bool) async throws {
        let silent = try await ScriptedUpstream { _ in [] }
        let clock = SteppedClock()
        let asker = try Asker(
            """
            forward . \(silent.address) {
                max_fails 1
                \(failsFast ? "failfast_all_unhealthy_upstreams" : "")
            }
            """
        ) { surroundings in
            surroundings.times = .short
            surroundings.clock = clock
        }
        let run = Task { await asker.stage.run() }
        defer { run.cancel() }
        #expect(try await asker.ask("www.example.org").code == .serverFailure)
        var sleeps = clock.sleeps.makeAsyncIterator()
        _ = await sleeps.next()
        clock.step()
        _ = await sleeps.next()
        let before = silent.asked.count
        let response = try await asker.ask("www.example.org")
        #expect(response.code == .serverFailure)
        #expect(silent.asked.count - before == (failsFast ? 0 : 1))
        if failsFast { #expect(response.failure == "no healthy proxies") }
        let broken = asker.metrics.counter(
            "coredns_forward_healthcheck_broken_total", "", ["from": ".", "to": silent.address])
        #expect(broken.value == 1)
    }

    // MARK: Bounds

    @Test("max_concurrent refuses one question too many")
    func concurrency() async throws {
        let (asked, arrivals) = AsyncStream.makeStream(of: Void.self)
        let upstream = try await ScriptedUpstream { _ in
            arrivals.yield()
            return []
        }
        let asker = try Asker("forward . \(upstream.address) {\nmax_concurrent 1\n}") { $0.times = .short }
        let first = Task { try await asker.ask("first.example.org") }
        var iterator = asked.makeAsyncIterator()
        await iterator.next()
        let second = try await asker.ask("second.example.org")
        #expect(second.code == .refused)
        #expect(second.failure == "concurrent queries exceeded maximum 1")
        #expect(try await first.value.code == .serverFailure)
        #expect(asker.metrics.counter("coredns_forward_max_concurrent_rejects_total", "").value == 1)
    }

    @Test("A client has no more than its share of questions under way")
    func share() async throws {
        let (asked, arrivals) = AsyncStream.makeStream(of: Void.self)
        let upstream = try await ScriptedUpstream { _ in
            arrivals.yield()
            return []
        }
        let asker = try Asker("forward . \(upstream.address)") { surroundings in
            surroundings.times = .short
            surroundings.limits = QuestionLimits(total: 2, share: 1)
        }
        let first = Task { try await asker.ask("first.example.org") }
        var iterator = asked.makeAsyncIterator()
        await iterator.next()
        let second = try await asker.ask("second.example.org")
        #expect(second.code == .refused && second.failure == "too many questions of one client under way")
        #expect(try await first.value.code == .serverFailure)
    }

    @Test("Zone transfers are refused", arguments: [RecordType.axfr, .ixfr])
    func transfers(_ type: RecordType) async throws {
        let upstream = try await Self.answering(1)
        let asker = try Asker("forward example.org \(upstream.address)")
        #expect(try await asker.ask("example.org", type, transport: .tcp).code == .refused)
        #expect(try await asker.ask("example.net", type).code.rawValue == 10, "others' business")
        #expect(upstream.asked.isEmpty)
    }

    @Test("Equal questions share one exchange; each asker gets its own spelling")
    func flights() async throws {
        let (asked, arrivals) = AsyncStream.makeStream(of: Void.self)
        let upstream = try await ScriptedUpstream { asked in
            arrivals.yield()
            // The first datagram gets no reply: the second attempt does, when everybody waits.
            return asked.number == 0 ? [] : [.send(asked.address())]
        }
        let asker = try Asker("forward . \(upstream.address)") { $0.times = .short }
        let first = Task { try await asker.ask("www.example.org") }
        var iterator = asked.makeAsyncIterator()
        await iterator.next()
        let spellings = ["WWW.example.org", "www.EXAMPLE.org", "www.example.ORG"]
        try await withThrowingTaskGroup(of: (String, Response).self) { group in
            for spelling in spellings { group.addTask { (spelling, try await asker.ask(spelling)) } }
            for try await (spelling, response) in group {
                #expect(response.answers.first?.owner.wire == DomainName(spelling)?.wire)
            }
        }
        #expect(try await first.value.lastBytes == [1])
        #expect(upstream.asked.count == 2)
        #expect(asker.metrics.counter("swiftlet_forward_shared_flights_total", "").value == 3)
    }

    @Test("Questions that differ in DO, CD or the subnet are not shared")
    func differentQuestions() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    _ = try await asker.ask("www.example.org") { query in
                        if number == 1 { query.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) }
                        if number == 2 { query.isCheckingDisabled = true }
                        if number == 3 {
                            query.edns = EDNS(
                                udpPayload: 1232,
                                options: [EDNSOption(OptionCode(rawValue: 8), [0, 1, 24, 0, 192, 0, 2])])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(upstream.asked.count >= 4)
        #expect(asker.metrics.counter("swiftlet_forward_shared_flights_total", "").value == 0)
    }
}
