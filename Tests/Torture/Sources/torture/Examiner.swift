import BenchmarkSupport
import Synchronization

/// A question under way.
struct Pending: Sendable {
    /// Who is to know the answer.
    enum Source: Sendable { case registry, upstream, configuration }

    let source: Source
    let key: Key
    /// The octets of the question section, which are to come back as they are.
    let question: [UInt8]
    let asked: ContinuousClock.Instant
}

/// How a question came to the server.
enum Way: Sendable {
    case datagram
    /// By the address of the interface that comes and goes.
    case interfaceDatagram
    case connection

    var silence: Set<Excuse> {
        switch self {
        case .datagram: [.silence]
        case .interfaceDatagram: [.silence, .silentInterface]
        case .connection: [.silence, .silentConnections]
        }
    }
}

/// Checks every reply against what is known to be right, and counts.
final class Examiner: Sendable {
    let truth: Truth
    let excuses: Excuses
    let strain: Strain
    private let state = Mutex((tally: Tally(), suspicions: [Suspicion]()))

    /// Something late, failed or missing that is nobody's fault where the cores were others' meanwhile.
    private struct Suspicion {
        let from: ContinuousClock.Instant
        let to: ContinuousClock.Instant
        /// How much of that time must have been lost.
        let excuse: Duration
        /// nil behind the first ones: they are counted only.
        let text: String?
    }

    init(_ truth: Truth, _ excuses: Excuses, _ strain: Strain = Strain()) {
        self.truth = truth
        self.excuses = excuses
        self.strain = strain
    }

    /// What came of all; once the last question is answered, as threads tell of their waits afterwards.
    var tally: Tally {
        let (tally, suspicions) = state.withLock { $0 }
        return suspicions.reduce(into: tally) { tally, suspicion in
            guard strain.lost(from: suspicion.from, to: suspicion.to) < suspicion.excuse else {
                tally.strained += 1
                return
            }
            tally.unexcused += 1
            if let text = suspicion.text { tally.complain(text) }
        }
    }

    private func suspect(
        _ suspicions: inout [Suspicion], from: ContinuousClock.Instant, to: ContinuousClock.Instant,
        excuse: Duration = Strain.notable, _ text: @autoclosure () -> String
    ) {
        suspicions.append(
            Suspicion(from: from, to: to, excuse: excuse, text: suspicions.count < 100 ? text() : nil))
    }

    /// A reply came.
    ///
    /// - Returns: Whether it is right and up to date.
    @discardableResult
    func take(_ packet: [UInt8], for pending: Pending, isCounted: Bool = true) -> Bool {
        let outcome = Self.examine(packet, pending, truth)
        guard isCounted else { return outcome.isRight }
        let now = ContinuousClock.now
        state.withLock { (state) in
            state.tally.checked += 1
            switch outcome {
            case .right(let time):
                if time > state.tally.slowest, !excuses.covers(.outdated, asked: pending.asked - Truth.grace) {
                    state.tally.slowest = time
                }
            case .outdated(let since):
                state.tally.outdated += 1
                let excuse: Excuse = pending.source == .configuration ? .outdatedConfiguration : .outdated
                guard !excuses.covers(excuse, outdatedSince: since, asked: pending.asked) else { return }
                let age = pending.asked - since
                suspect(
                    &state.suspicions, from: since, to: pending.asked, excuse: age - Truth.grace,
                    "outdated for \(age): \(describe(pending, packet))")
            case .failed:
                state.tally.failed += 1
                let excuse: Excuse = pending.source == .upstream ? .failedForwarding : .failure
                guard !excuses.covers(excuse, asked: pending.asked) else { return }
                suspect(
                    &state.suspicions, from: pending.asked - Load.patience, to: now,
                    "failed after \(now - pending.asked): \(describe(pending, packet))")
            case .wrong(let reason):
                state.tally.wrong += 1
                state.tally.complain("WRONG, \(reason): \(describe(pending, packet))")
            }
        }
        return outcome.isRight
    }

    /// No reply came in time.
    func miss(_ pending: Pending, by way: Way) {
        let now = ContinuousClock.now
        state.withLock { (state) in
            state.tally.missing += 1
            var valid = way.silence
            if pending.source == .upstream { valid.insert(.failedForwarding) }
            guard !valid.contains(where: { excuses.covers($0, asked: pending.asked) }) else { return }
            suspect(
                &state.suspicions, from: pending.asked, to: now,
                "no reply over \(way): \(pending.key.name) \(pending.key.type)")
        }
    }

    private func describe(_ pending: Pending, _ packet: [UInt8]) -> String {
        let given = Reply(packet)?.summary ?? "\(packet.count) octets"
        let right = pending.source == .registry ? "; right were \(truth.current(pending.key))" : ""
        return "\(pending.key.name) \(pending.key.type): \(given)\(right)"
    }

    // MARK: A reply

    private enum Outcome: Equatable {
        case right(after: Duration)
        case outdated(since: ContinuousClock.Instant)
        case failed
        case wrong(String)

        var isRight: Bool { if case .right = self { true } else { false } }
    }

    private static func examine(_ packet: [UInt8], _ pending: Pending, _ truth: Truth) -> Outcome {
        guard let reply = Reply(packet) else { return .wrong("unreadable") }
        guard reply.isResponse, reply.flags & 0x7900 == 0x0100 else { return .wrong("flags") }
        guard reply.question.elementsEqual(pending.question) else { return .wrong("another question") }
        if reply.isTruncated {
            // What an upstream cannot say over UDP is asked for over TCP by whoever wants to know.
            return pending.source == .upstream && reply.answer.isEmpty ? .failed : .wrong("truncated")
        }
        // What an upstream refuses is told as it is, as CoreDNS has it.
        if reply.responseCode == 2 || (reply.responseCode == 5 && pending.source == .upstream) {
            return reply.answer.isEmpty ? .failed : .wrong("records of a failure")
        }
        guard
            reply.answer.allSatisfy({
                $0.owner == pending.key.name && $0.recordClass == 1 && $0.type == pending.key.type
            })
        else { return .wrong("records of others") }
        let data = Set(reply.answer.map(\.data))
        guard data.count == reply.answer.count else { return .wrong("records twice") }
        let given: Answer
        switch reply.responseCode {
        case 0: given = data.isEmpty ? .noData : .records(data)
        case 3: given = .nameError
        default: return .wrong("response code")
        }
        switch pending.source {
        case .upstream:
            return given == .records([Upstream.address(of: pending.key.name)]) ? .right(after: .zero) : .wrong("data")
        case .configuration:
            return verdict(truth.judge(pending.key, given, asked: pending.asked))
        case .registry:
            guard reply.isAuthoritative else { return .wrong("no authority") }
            return examineRegistry(reply, given, pending, truth)
        }
    }

    private static func examineRegistry(
        _ reply: Reply, _ given: Answer, _ pending: Pending, _ truth: Truth
    ) -> Outcome {
        switch given {
        case .noData, .nameError:
            // RFC 2308 §2: the SOA of the zone, and nothing else.
            guard reply.authority.count == 1, reply.authority[0].type == .soa,
                pending.key.name.hasSuffix("." + reply.authority[0].owner)
            else { return .wrong("the denial has no SOA of its zone") }
        case .records, .address:
            guard reply.authority.isEmpty else { return .wrong("authority section") }
        }
        var worst = verdict(truth.judge(pending.key, given, asked: pending.asked))
        for record in reply.additional where record.type != .opt {
            guard record.type == .a else { return .wrong("additional section") }
            switch truth.judge(Key(record.owner, .a), .records([record.data]), asked: pending.asked) {
            case .right: break
            case .wrong: return .wrong("additional record")
            case .outdated(let since): if worst.isRight { worst = .outdated(since: since) }
            }
        }
        return worst
    }

    private static func verdict(_ verdict: Truth.Verdict) -> Outcome {
        switch verdict {
        case .right(let time): .right(after: time)
        case .outdated(let since): .outdated(since: since)
        case .wrong: .wrong("data")
        }
    }
}
