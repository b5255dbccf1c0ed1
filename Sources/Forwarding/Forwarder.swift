import Corefile
import DNS
import Logging
import NIOCore
import NIOSSL
import Pipeline
import Synchronization
import Telemetry

/// One line of `forward`: which questions it takes, its upstreams, and how they are tried one after the other.
final class Forwarder: Sendable {
    /// The most time that a question may take, that one attempt may take, and that a connection may take to stand.
    struct Times: Sendable {
        var total = Duration.seconds(5)
        var attempt = Duration.seconds(2)
        var dial = Duration.seconds(5)
        /// See `StreamPace.leastPatience`.
        var leastPatience = StreamPace.leastPatience
    }

    /// How often each upstream is tried for one question at most.
    private static let roundLimit = 3
    /// The most questions that wait for the answer to an equal one.
    private static let waiterLimit = 1000

    let line: ForwardSettings.Line
    private let surroundings: ForwardStage.Surroundings
    private let times: Times
    private let terms: StreamPool.Terms
    private let order: UpstreamOrder
    private let metrics: ForwardMetrics
    let upstreams: Mutex<[Upstream]>
    private let underWay = Atomic<Int>(0)
    private let flights = QuestionFlights<FlightKey, Answer>(waiterLimit: waiterLimit)
    /// Upstreams that are to be checked.
    let checks: AsyncStream<Upstream>
    private let checksContinuation: AsyncStream<Upstream>.Continuation

    /// - Throws: an error at a word whose file cannot be used.
    init(_ line: ForwardSettings.Line, _ surroundings: ForwardStage.Surroundings) throws(CorefileError) {
        self.line = line
        self.surroundings = surroundings
        times = surroundings.times
        let usesTLS = line.targets.contains { if case .upstream(let place) = $0 { place.usesTLS } else { false } }
        let terms = StreamPool.Terms(
            expiry: line.expiry, age: line.connectionAge, idleLimit: line.idleConnectionLimit,
            tls: usesTLS ? try UpstreamTLS.context(line.tls) : nil, serverName: line.tlsServerName,
            dialTime: surroundings.times.dial, leastPatience: surroundings.times.leastPatience)
        self.terms = terms
        order = UpstreamOrder(line.policy)
        (checks, checksContinuation) = AsyncStream.makeStream()
        let places = try Self.places(line, surroundings)
        metrics = ForwardMetrics(
            surroundings.metrics, from: "\(line.from.first ?? .root)",
            to: places.map(\.description).joined(separator: "+"))
        let upstreams = places.map { Self.upstream($0, terms, surroundings) }
        self.upstreams = Mutex(upstreams)
    }

    deinit { checksContinuation.finish() }

    /// Whether a question is for this line.
    func takes(_ name: DomainName) -> Bool {
        guard line.from.contains(where: { name.isWithin($0) }) else { return false }
        // The name itself is always taken, whatever is excepted.
        return line.from.contains(name) || !line.exceptions.contains { name.isWithin($0) }
    }

    // MARK: Upstreams

    private static func places(
        _ line: ForwardSettings.Line, _ surroundings: ForwardStage.Surroundings
    ) throws(CorefileError) -> [UpstreamPlace] {
        var places: [UpstreamPlace] = []
        for target in line.targets {
            switch target {
            case .upstream(let place): places.append(place)
            case .file(let word):
                guard let text = surroundings.readFile(word.text) else {
                    throw word.error(
                        "is no file that can be read",
                        wanted: "write an address, or the path of a file like resolv.conf")
                }
                let found = ResolvConf.places(in: text)
                guard !found.isEmpty else {
                    throw word.error("names no upstream", wanted: "write a line nameserver ADDRESS into it")
                }
                places += found
            }
        }
        guard places.count <= ForwardSettings.upstreamLimit else {
            throw line.place.error(
                "has \(places.count) upstreams", wanted: "write at most \(ForwardSettings.upstreamLimit)")
        }
        return places
    }

    private static func upstream(
        _ place: UpstreamPlace, _ terms: StreamPool.Terms, _ surroundings: ForwardStage.Surroundings
    ) -> Upstream {
        var terms = terms
        if !place.usesTLS { terms.tls = nil }
        terms.serverName = place.serverName ?? terms.serverName
        return Upstream(
            place, terms, loop: surroundings.loop, group: surroundings.eventLoopGroup,
            metrics: UpstreamMetrics(surroundings.metrics, to: "\(place)"),
            areDescriptorsScarce: surroundings.areDescriptorsScarce)
    }

    /// The files that upstreams are read from.
    var files: [String] {
        line.targets.compactMap { if case .file(let word) = $0 { word.text } else { nil } }
    }

    /// Lets go of the connections to all upstreams; they are asked no more.
    func retire() {
        for upstream in upstreams.withLock({ $0 }) { upstream.retire() }
    }

    /// Reads the files anew. Upstreams that stay keep what was learned about them; where the files name none, all
    /// upstreams stay.
    func readFilesAgain() {
        let places: [UpstreamPlace]
        do {
            places = try Self.places(line, surroundings)
        } catch {
            surroundings.logger.warning("forward keeps its upstreams: \(error)")
            return
        }
        let former = upstreams.withLock { $0 }
        guard former.map(\.place) != places else { return }
        let new = places.map { place in
            former.first { $0.place == place } ?? Self.upstream(place, terms, surroundings)
        }
        upstreams.withLock { $0 = new }
        for upstream in former where !new.contains(where: { $0 === upstream }) { upstream.retire() }
        surroundings.logger.info(
            "forward \(line.from.first ?? .root) asks \(places.map(\.description).joined(separator: ", ")) now")
    }

    /// Checks an upstream until it answers, or the task ends.
    func check(_ upstream: Upstream, on clock: any Clock<Duration>) async {
        while await upstream.check(line.healthCheck, overStream: line.forcesTCP) {
            do { try await clock.sleep(for: line.healthCheck.interval) } catch { return }
        }
    }

    /// Where the upstreams are now, in the order of the line.
    var places: [UpstreamPlace] { upstreams.withLock { $0.map(\.place) } }

    // MARK: Questions

    /// What makes two questions equal: all that goes to the upstream, and how.
    private struct FlightKey: Hashable, Sendable {
        var question: UpstreamQuestion
        var overStream: Bool
        var wantsWhole: Bool
    }

    /// What the upstreams say.
    private struct Answer: Sendable {
        var response: Response
    }

    /// Answers a question that this line takes.
    nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response {
        if line.concurrencyLimit > 0 {
            let count = underWay.wrappingAdd(1, ordering: .relaxed).newValue
            defer { underWay.wrappingSubtract(1, ordering: .relaxed) }
            guard count <= line.concurrencyLimit else {
                metrics.concurrencyRejects.increment()
                var response = Response(.refused)
                response.source = ForwardSettings.directive
                response.failure = "concurrent queries exceeded maximum \(line.concurrencyLimit)"
                return response
            }
            return await share(query)
        }
        return await share(query)
    }

    nonisolated(nonsending) private func share(_ query: PipelineQuery) async -> Response {
        let question = UpstreamQuestion(query)
        let overStream = line.forcesTCP || !line.prefersUDP && query.transport.isStream
        let key = FlightKey(question: question, overStream: overStream, wantsWhole: wantsWhole(query))
        // A probe of `loop` that comes back must go out again, not wait for itself.
        guard question.type != .hinfo else { return spelled(await fetch(key).response, for: query.name) }
        guard let landing = await flights.land(key, { await fetch(key) }) else {
            metrics.flightRejects.increment()
            return .failed(ForwardSettings.directive, "too many equal questions under way")
        }
        if landing.isShared { metrics.sharedFlights.increment() }
        return spelled(landing.answer.response, for: query.name)
    }

    /// Whether an answer that does not fit a datagram is fetched by TCP at once.
    ///
    /// A client that came by UDP and takes no more than we asked for would get it cut from us as well: it hears TC, and
    /// comes again by TCP.
    private func wantsWhole(_ query: PipelineQuery) -> Bool {
        line.prefersUDP || query.isForKeeping || query.transport.isStream
            || (query.edns?.udpPayload ?? 0) > UpstreamQuestion.udpPayload
    }

    /// The answer in the asker's own spelling.
    private func spelled(_ response: Response, for name: DomainName) -> Response {
        var response = response
        AskersSpelling.apply(name, to: &response)
        return response
    }

    nonisolated(nonsending) private func fetch(_ key: FlightKey) async -> Answer {
        let start = ContinuousClock.now
        let deadline = start + times.total
        let upstreams = upstreams.withLock { $0 }
        var random = SharedRandomBits()
        let order = order.indices(count: upstreams.count, &random)
        var failure: UpstreamFailure?
        var refused: Answer?
        var position = 0
        var (down, failovers, tries, attempts) = (0, 0, 0, 0)
        while tries < Self.roundLimit * order.count, ContinuousClock.now < deadline {
            if position == order.count { (position, down) = (0, 0) }
            var upstream = upstreams[order[position]]
            position += 1
            if upstream.isDown(limit: line.failureLimit) {
                down += 1
                guard down >= order.count else { continue }
                metrics.brokenChecks.increment()
                if line.failsFast { break }
                // Then the checks are taken to be what is broken.
                upstream = upstreams.randomElement(using: &random) ?? upstream
            }
            tries += 1
            switch await ask(upstream, key, until: deadline) {
            case .success(let answer):
                guard line.failoverCodes.contains(answer.response.code) else { return answer }
                refused = answer
                failovers += 1
                if failovers >= order.count { return answer }
            case .failure(let error):
                failure = error
                if error.reason != .busy, upstream.noteError(limit: line.failureLimit) {
                    checksContinuation.yield(upstream)
                }
                attempts += 1
                let isLast = line.attemptLimit > 0 && attempts >= line.attemptLimit
                if isLast || down >= order.count { return failed(failure, refused) }
            }
        }
        return failed(failure, refused)
    }

    private func failed(_ failure: UpstreamFailure?, _ refused: Answer?) -> Answer {
        if let refused { return refused }
        let reason = failure ?? UpstreamFailure(.timeout, "no healthy proxies")
        return Answer(
            response: .failed(ForwardSettings.directive, reason.text, reason.extendedError))
    }

    /// One attempt at one upstream.
    nonisolated(nonsending) private func ask(
        _ upstream: Upstream, _ key: FlightKey, until deadline: ContinuousClock.Instant
    ) async -> Result<Answer, UpstreamFailure> {
        func end() -> ContinuousClock.Instant { min(deadline, ContinuousClock.now + times.attempt) }
        switch await upstream.ask(key.question, overStream: key.overStream, until: end()) {
        case .failure(let failure): return .failure(failure)
        case .success(var message):
            if message.isTruncated, key.wantsWhole, !key.overStream, !upstream.place.usesTLS,
                case .success(let whole) = await upstream.ask(key.question, overStream: true, until: end())
            {
                message = whole
            }
            return .success(answer(message, from: upstream, to: key.question))
        }
    }

    private func answer(_ message: DNSMessage, from upstream: Upstream, to question: UpstreamQuestion) -> Answer {
        guard let message = upstream.cleaned(message, for: question) else {
            let reason = "\(upstream.place): more than \(AnswerChain.aliasLimit) aliases"
            return Answer(response: .failed(ForwardSettings.directive, reason, ExtendedError(.other, reason)))
        }
        var response = Response(message.code, isAuthoritative: message.isAuthoritative)
        response.isRecursionAvailable = message.isRecursionAvailable
        response.isAuthenticData = message.isAuthenticData
        response.isTruncated = message.isTruncated
        response.answers = message.answers
        response.authorities = message.authorities
        response.additionals = message.additionals
        response.source = ForwardSettings.directive
        for option in message.edns?.options ?? [] {
            if option.code == .extendedError {
                if response.extendedError == nil { response.extendedError = ExtendedError(wire: option.data) }
            } else if option.code.mayDecideAnswer {
                response.options.append(option)
            }
        }
        return Answer(response: response)
    }
}

extension ExtendedError {
    /// Reads the data of the option (RFC 8914 §2); nil where it is none.
    fileprivate init?(wire: [UInt8]) {
        guard wire.count >= 2 else { return nil }
        var text = wire.dropFirst(2).prefix(1024)
        if text.last == 0 { text.removeLast() }
        self.init(
            ExtendedErrorCode(rawValue: UInt16(wire[0]) << 8 | UInt16(wire[1])),
            String(decoding: text, as: UTF8.self))
    }
}
