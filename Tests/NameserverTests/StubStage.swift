import DNS
import Pipeline
import StaticZones
import Synchronization

/// A stage that does what a closure does.
struct StubStage: Stage {
    let directive = "stub"
    typealias Body = nonisolated(nonsending) @Sendable (PipelineQuery, Chain) async -> Response
    let body: Body

    init(_ body: @escaping Body) {
        self.body = body
    }

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        await body(query, next)
    }

    /// Answers from a zone.
    static func zone(_ zone: any Zone) -> StubStage {
        StubStage { query, _ in
            var response = Response(.noError, isAuthoritative: true)
            response.source = "stub"
            switch zone.answer(to: query.name, type: query.type) {
            case .records(let records, let additionals):
                response.answers = records
                response.additionals = additionals
            case .nxDomain:
                response.code = .nxDomain
                response.authorities = [zone.denialSOA]
            default: response.authorities = [zone.denialSOA]
            }
            return response
        }
    }

    /// Answers each question by one address, 192.0.2.`last`.
    static func address(_ last: UInt8, ttl: UInt32 = 60) -> StubStage {
        StubStage { query, _ in .address(last, for: query, ttl: ttl) }
    }
}

/// Answers every question by some 50 kB, at once, and counts them.
final class LongAnswers: Sendable {
    private let made = Atomic(0)
    var count: Int { made.load(ordering: .relaxed) }

    var stage: StubStage {
        StubStage { [self] query, _ in
            made.wrappingAdd(1, ordering: .relaxed)
            var response = Response(.noError, isAuthoritative: true)
            response.source = "stub"
            let text = [255] + [UInt8](repeating: 0x78, count: 255)
            response.answers = (0..<190).map { _ in
                Record(owner: query.name, ttl: 60, data: RecordData(type: .txt, bytes: text))
            }
            return response
        }
    }
}

extension Response {
    /// One address, 192.0.2.`last`, for whatever was asked.
    static func address(_ last: UInt8, for query: PipelineQuery, ttl: UInt32 = 60) -> Response {
        var response = Response(.noError, isAuthoritative: true)
        response.source = "stub"
        response.answers = [Record(owner: query.name, ttl: ttl, data: .address([192, 0, 2, last]))]
        return response
    }
}

/// Holds questions back until the test lets them go.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var held: [DomainName: CheckedContinuation<Void, Never>] = [:]
        var arrivals: [CheckedContinuation<Void, Never>] = []
        var arrived = 0
        var expected = 0
    }

    private let state = Mutex(State())

    /// Waits until `release`, for as long as that takes: cancelling does not help.
    nonisolated(nonsending) func pass(_ name: DomainName) async {
        await withCheckedContinuation { continuation in
            let (isOpen, arrivals) = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.held[name] = continuation }
                guard state.arrived >= state.expected else {
                    return (state.isOpen, [CheckedContinuation<Void, Never>]())
                }
                defer { state.arrivals = [] }
                return (state.isOpen, state.arrivals)
            }
            if isOpen { continuation.resume() }
            for arrival in arrivals { arrival.resume() }
        }
    }

    /// Returns once so many questions have come.
    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                state.expected = count
                if state.arrived < count { state.arrivals.append(continuation) }
                return state.arrived >= count
            }
            if isThere { continuation.resume() }
        }
    }

    func release(_ name: DomainName) { state.withLock { $0.held.removeValue(forKey: name) }?.resume() }

    /// Lets go of all, now and later.
    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [:] }
            return Array(state.held.values)
        }
        for continuation in held { continuation.resume() }
    }
}

/// Takes questions and answers none, ever: an answer would come from a thread of its own, and loops that are in memory
/// (`EmbeddedEventLoop`) know but one.
final class Silence: Sendable {
    private static let questions = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let taken = Atomic(0)
    var count: Int { taken.load(ordering: .relaxed) }

    var stage: StubStage {
        StubStage { [self] _, _ in
            await withCheckedContinuation { continuation in
                Self.questions.withLock { $0.append(continuation) }
                taken.wrappingAdd(1, ordering: .relaxed)
            }
            return Response(.serverFailure)
        }
    }
}
