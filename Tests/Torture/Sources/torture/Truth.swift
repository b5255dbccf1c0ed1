import BenchmarkSupport
import Synchronization

/// A question with a known answer: a name in lower case with a dot at its end, and a type.
struct Key: Hashable, Sendable {
    let name: String
    let type: RecordType

    init(_ name: String, _ type: RecordType) {
        self.name = name
        self.type = type
    }
}

/// What a right server says.
enum Answer: Hashable, Sendable {
    /// The data of all records, as text.
    case records(Set<String>)
    case noData
    case nameError
    /// Any single address with this beginning: one that the server is about to choose.
    case address(beginning: String)

    func isMet(by given: Answer) -> Bool {
        if case .address(let beginning) = self, case .records(let data) = given {
            return data.count == 1 && data.allSatisfy { $0.hasPrefix(beginning) }
        }
        return self == given
    }
}

/// What was right when: the answers of all names of the registry, over time.
final class Truth: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Verdict: Hashable {
        /// Right when asked, or not longer outdated than a change may take; and how long that was.
        case right(after: Duration)
        /// Right once, and no longer since.
        case outdated(since: Instant)
        case wrong
    }

    private struct Epoch {
        /// Any of these: more than one while a write is under way or of unknown outcome.
        let answers: [Answer]
        var until: Instant?
    }

    private struct State {
        var keys: [Key] = []
        var epochs: [Key: [Epoch]] = [:]
    }

    /// How long a change may take where nothing is wrong but the machine busy.
    static let grace = Duration.seconds(2)

    private let state = Mutex(State())

    /// From now on these are the answers of the name; any of them is right.
    func set(_ key: Key, _ answers: [Answer]) { state.withLock { Self.set(key, answers, &$0) } }

    /// From now on these are the answers of the registry, and names that are not among them do not exist.
    func replace(by answers: [Key: Answer]) {
        state.withLock { state in
            for key in state.keys where answers[key] == nil && key != Questions.configuration {
                Self.set(key, [.nameError], &state)
            }
            for (key, answer) in answers { Self.set(key, [answer], &state) }
        }
    }

    private static func set(_ key: Key, _ answers: [Answer], _ state: inout State) {
        let now = ContinuousClock.now
        if let last = state.epochs[key]?.indices.last {
            if state.epochs[key]?[last].answers == answers { return }
            state.epochs[key]?[last].until = now
        } else {
            state.keys.append(key)
            // Nobody had the name before.
            state.epochs[key] = [Epoch(answers: [.nameError], until: now)]
        }
        state.epochs[key]?.append(Epoch(answers: answers, until: nil))
    }

    var keys: [Key] { state.withLock { $0.keys } }

    func randomKey(using generator: inout SeededGenerator) -> Key? {
        let number = generator.next()
        return state.withLock { state in
            state.keys.isEmpty ? nil : state.keys[Int(number % UInt64(state.keys.count))]
        }
    }

    /// - Parameter asked: when the question was sent.
    func judge(_ key: Key, _ given: Answer, asked: Instant) -> Verdict {
        state.withLock { state in
            for epoch in (state.epochs[key] ?? []).reversed()
            where epoch.answers.contains(where: { $0.isMet(by: given) }) {
                guard let until = epoch.until, until < asked else { return .right(after: .zero) }
                return until + Self.grace < asked ? .outdated(since: until) : .right(after: asked - until)
            }
            return .wrong
        }
    }

    /// Whether a reply says what is right now, and nothing that only was.
    func isLatest(_ key: Key, _ packet: [UInt8]) -> Bool {
        guard let reply = Reply(packet) else { return false }
        let data = Set(reply.answer.map(\.data))
        let given = reply.responseCode == 3 ? Answer.nameError : data.isEmpty ? .noData : .records(data)
        return state.withLock { $0.epochs[key]?.last?.answers.contains { $0.isMet(by: given) } ?? false }
    }

    /// What is right now, for a line of a report.
    func current(_ key: Key) -> String {
        state.withLock { state in
            (state.epochs[key] ?? []).suffix(3).map { "\($0.answers)\($0.until == nil ? " now" : "")" }
                .joined(separator: ", ")
        }
    }
}
