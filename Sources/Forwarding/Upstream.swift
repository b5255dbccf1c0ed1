import Corefile
import DNS
import NIOCore
import Pipeline
import Synchronization

/// One server that questions are forwarded to, with what was learned about it.
final class Upstream: Sendable {
    /// How long an upstream that refused EDNS is asked without it.
    static let plainTime = Duration.seconds(900)

    private struct State {
        var caseKeeping = CaseKeeping()
        /// Until when questions go out without EDNS.
        var plainUntil: ContinuousClock.Instant?
        var health = UpstreamHealth()
        /// Whether it is asked no more.
        var isRetired = false
    }

    let place: UpstreamPlace
    private let metrics: UpstreamMetrics
    private let datagrams: DatagramPool
    private let streams: StreamPool
    private let state = Mutex(State())

    init(
        _ place: UpstreamPlace, _ terms: StreamPool.Terms, loop: DatagramLoop, group: any EventLoopGroup,
        metrics: UpstreamMetrics, areDescriptorsScarce: @escaping @Sendable () -> Bool
    ) {
        self.place = place
        self.metrics = metrics
        datagrams = DatagramPool(
            place, loop: loop, metrics: metrics, areDescriptorsScarce: areDescriptorsScarce)
        streams = StreamPool(
            place, terms, on: group, metrics: metrics, areDescriptorsScarce: areDescriptorsScarce)
    }

    /// Asks, and takes what the upstream says; without EDNS, or with letters as they are, where it gets lost otherwise.
    ///
    /// - Parameter overStream: TCP, also where the upstream is not asked over TLS.
    nonisolated(nonsending) func ask(
        _ question: UpstreamQuestion, overStream: Bool, until deadline: ContinuousClock.Instant
    ) async -> Result<DNSMessage, UpstreamFailure> {
        let start = ContinuousClock.now
        let overStream = overStream || place.usesTLS
        var manner = manner(of: question, overStream: overStream, at: start)
        var reply: Reply
        switch await exchange(question, manner, until: deadline) {
        case .success(let first): reply = first
        case .failure(let failure): return .failure(failure)
        }
        var question = question
        if manner.spelling.hasEDNS, reply.refusesEDNS, !question.options.isEmpty {
            // What a client put in says nothing of the upstream, and must not change how others are asked.
            question.options = []
            switch await exchange(question, manner, until: deadline) {
            case .success(let bare): reply = bare
            case .failure(let failure): return .failure(failure)
            }
        }
        if manner.spelling.hasEDNS, reply.refusesEDNS {
            manner.spelling.hasEDNS = false
            metrics.countPlainRetry()
            if case .success(let plain) = await exchange(question, manner, until: deadline) {
                reply = plain
                if !plain.refusesEDNS { state.withLock { $0.plainUntil = start + Self.plainTime } }
            }
        }
        if manner.mixesCase, case .askPlainly = advice(on: reply, to: question, manner) {
            manner.spelling.name = question.name.wire
            manner.mixesCase = false
            if case .success(let plain) = await exchange(question, manner, until: deadline) {
                if plain.hasRecords { state.withLock { $0.caseKeeping.noteLost(at: .now) } }
                reply = plain
            }
        }
        metrics.observe(reply.message.code, start.duration(to: .now))
        return .success(reply.message)
    }

    /// How a question goes out.
    private struct Manner {
        var spelling: UpstreamQuestion.Spelling
        var overStream: Bool
        /// Whether the case of letters is ours.
        var mixesCase: Bool
        /// Whether the reply must repeat it.
        var isExact: Bool
    }

    private struct Reply {
        var message: DNSMessage
        var isSpelledAlike: Bool

        var hasRecords: Bool { !message.answers.isEmpty }

        /// As servers from before EDNS do (RFC 6891 §7), or those with another version.
        var refusesEDNS: Bool {
            switch message.code {
            case .formatError, .notImplemented: message.edns == nil
            case .badVersion: true
            default: false
            }
        }
    }

    private func manner(
        of question: UpstreamQuestion, overStream: Bool, at now: ContinuousClock.Instant
    ) -> Manner {
        let (mixes, isExact, hasEDNS) = state.withLock { state in
            let mixes = !overStream && state.caseKeeping.mixes(at: now)
            return (mixes, state.caseKeeping.isExact, state.plainUntil.map { now >= $0 } ?? true)
        }
        let name =
            mixes ? MixedCase.spelling(of: question.name, RandomBits.shared.next) : question.name.wire
        return Manner(
            spelling: UpstreamQuestion.Spelling(
                name: name, hasEDNS: hasEDNS, paddingBlock: place.usesTLS ? 128 : 0),
            overStream: overStream, mixesCase: mixes, isExact: mixes && isExact)
    }

    private func advice(on reply: Reply, to question: UpstreamQuestion, _ manner: Manner) -> CaseKeeping.Advice {
        // What was cut says nothing about records.
        guard !reply.message.isTruncated else { return .take }
        return state.withLock { state in
            state.caseKeeping.note(
                isSpelledAlike: reply.isSpelledAlike, hasRecords: reply.hasRecords,
                isMixed: manner.spelling.name != question.name.wire, at: .now)
        }
    }

    nonisolated(nonsending) private func exchange(
        _ question: UpstreamQuestion, _ manner: Manner, until deadline: ContinuousClock.Instant
    ) async -> Result<Reply, UpstreamFailure> {
        let message = question.message(id: 0, manner.spelling)
        let questionEnd = 12 + manner.spelling.name.count + 4
        let raw: DatagramReply
        if manner.overStream {
            switch await streams.exchange(message, questionEnd: questionEnd, until: deadline) {
            case .success(let reply): raw = reply
            case .failure(let failure): return .failure(failure)
            }
        } else {
            let result = await datagrams.exchange(
                message, questionEnd: questionEnd, isExact: manner.isExact, until: deadline)
            switch result {
            case .success(let reply): raw = reply
            case .failure(let failure):
                if failure.sawOtherCase { state.withLock { $0.caseKeeping.noteChanged() } }
                return .failure(failure.reason)
            }
        }
        guard var reply = DNSMessage.read(raw.bytes, isCut: raw.isCut) else {
            return .failure(UpstreamFailure(.malformed, "\(place): unpacking the reply failed"))
        }
        reply.isTruncated = reply.isTruncated || raw.isCut
        return .success(Reply(message: reply, isSpelledAlike: raw.isSpelledAlike))
    }

    /// Counts and drops the records of a reply that do not belong to its question; nil where it leads over more aliases
    /// than are followed.
    func cleaned(_ message: DNSMessage, for question: UpstreamQuestion) -> DNSMessage? {
        guard let cleaned = message.cleaned(for: question.name) else { return nil }
        let stray = message.recordCount - cleaned.recordCount
        if stray > 0 { metrics.countStrayRecords(stray) }
        return cleaned
    }

    // MARK: Health

    func isDown(limit: Int) -> Bool { state.withLock { $0.health.isDown(limit: limit) } }

    /// Notes that a question failed; true where checks must begin.
    func noteError(limit: Int) -> Bool { state.withLock { !$0.isRetired && $0.health.noteError(limit: limit) } }

    /// Checks once whether the upstream answers anything at all, within a second.
    ///
    /// - Returns: whether another check must follow.
    nonisolated(nonsending) func check(_ check: ForwardSettings.HealthCheck, overStream: Bool) async -> Bool {
        var question = UpstreamQuestion(check.name, .ns)
        question.isRecursionDesired = check.isRecursionDesired
        let spelling = UpstreamQuestion.Spelling(name: check.name.wire, hasEDNS: false)
        let message = question.message(id: 0, spelling)
        let deadline = ContinuousClock.now + .seconds(1)
        let questionEnd = 12 + spelling.name.count + 4
        let isWell: Bool
        if overStream || place.usesTLS {
            let result = await streams.exchange(message, questionEnd: questionEnd, until: deadline)
            isWell = if case .success = result { true } else { false }
        } else {
            let result = await datagrams.exchange(
                message, questionEnd: questionEnd, isExact: false, until: deadline)
            isWell = if case .success = result { true } else { false }
        }
        if !isWell { metrics.countFailedCheck() }
        return state.withLock { $0.health.noteCheck(succeeded: isWell) && !$0.isRetired }
    }

    /// Lets go of the connections, and has checks end; for an upstream that is asked no more.
    func retire() {
        state.withLock { $0.isRetired = true }
        streams.retire()
    }
}

extension DNSMessage {
    fileprivate var recordCount: Int { answers.count + authorities.count + additionals.count }

    /// As `read`; of a message that did not fit our buffer, what came of it counts as cut by the sender.
    fileprivate static func read(_ bytes: [UInt8], isCut: Bool) -> DNSMessage? {
        guard isCut, bytes.count >= 12 else { return read(bytes) }
        var bytes = bytes
        bytes[2] |= 0x02
        return read(bytes)
    }
}
