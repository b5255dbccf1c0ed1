import NIOCore
import Testing

@testable import Forwarding

@Suite("Which connection takes a question")
struct StreamChoiceTests {
    private static func at(_ milliseconds: UInt64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000 + milliseconds * 1_000_000)
    }

    /// A pace of an upstream that answers within a millisecond.
    private static var quick: StreamPace {
        var pace = StreamPace()
        pace.noteAnswer(after: .milliseconds(1))
        return pace
    }

    private static func choose(
        _ candidates: [StreamChoice.Candidate], _ pace: inout StreamPace, at now: UInt64 = 1000, mayOpen: Bool = true
    ) -> StreamChoice {
        StreamChoice.make(candidates, &pace, at: at(now), mayOpen: { mayOpen })
    }

    private static func candidate(_ load: Int, since: UInt64? = nil) -> StreamChoice.Candidate {
        StreamChoice.Candidate(load: load, owedSince: since.map(at))
    }

    @Test("The connection with the fewest questions is used while they are few, then another one is opened")
    func load() {
        var pace = Self.quick
        #expect(Self.choose([], &pace) == .open)
        #expect(Self.choose([Self.candidate(9), Self.candidate(8), Self.candidate(8)], &pace) == .use(1))
        #expect(Self.choose([Self.candidate(31)], &pace) == .use(0))
        #expect(Self.choose([Self.candidate(32)], &pace) == .open)
        #expect(Self.choose([Self.candidate(40), Self.candidate(32)], &pace, mayOpen: false) == .use(1))
        #expect(Self.choose([Self.candidate(511)], &pace, mayOpen: false) == .use(0))
        #expect(Self.choose([Self.candidate(512), Self.candidate(512)], &pace, mayOpen: false) == .refuse)
        #expect(Self.choose([], &pace, mayOpen: false) == .refuse)
    }

    @Test("A connection whose oldest question is late takes no more while there is another way")
    func heldUp() {
        var pace = Self.quick
        #expect(Self.choose([Self.candidate(1, since: 950)], &pace) == .use(0))
        #expect(Self.choose([Self.candidate(1, since: 949)], &pace) == .open)
        #expect(
            Self.choose([Self.candidate(1, since: 949), Self.candidate(5, since: 990)], &pace, mayOpen: false)
                == .use(1))
        #expect(Self.choose([Self.candidate(1, since: 100)], &pace, mayOpen: false) == .use(0))
    }

    @Test("One that is being opened has more time")
    func connecting() {
        var pace = Self.quick
        var candidate = Self.candidate(3, since: 800)
        candidate.isConnecting = true
        #expect(Self.choose([candidate], &pace) == .use(0))
        candidate.owedSince = Self.at(700)
        #expect(Self.choose([candidate], &pace) == .open)
        #expect(pace.comfortableLoad(at: Self.at(1000)) == StreamPace.comfortableLoad, "says nothing of the order")
    }

    @Test("Once a question has held up others, each has a connection of its own, for a time or until one is overtaken")
    func spreading() {
        var pace = Self.quick
        _ = Self.choose([Self.candidate(1, since: 0)], &pace)
        #expect(Self.choose([Self.candidate(1, since: 999)], &pace) == .open)
        #expect(Self.choose([Self.candidate(1, since: 999), Self.candidate(0)], &pace) == .use(1))
        #expect(Self.choose([Self.candidate(2, since: 999), Self.candidate(1)], &pace, mayOpen: false) == .use(1))
        #expect(Self.choose([Self.candidate(1, since: 10_999)], &pace, at: 11_000) == .use(0))
        _ = Self.choose([Self.candidate(1, since: 0)], &pace)
        pace.noteOvertaking()
        #expect(Self.choose([Self.candidate(1, since: 999)], &pace) == .use(0))
    }

    @Test("Patience is four times what is usual, within bounds; quick answers count at once, slow ones by and by")
    func patience() {
        var pace = StreamPace()
        #expect(pace.patience == .milliseconds(500))
        pace.noteAnswer(after: .milliseconds(100))
        #expect(pace.patience == .milliseconds(400))
        pace.noteAnswer(after: .milliseconds(20))
        #expect(pace.patience == .milliseconds(80))
        pace.noteAnswer(after: .milliseconds(100))
        #expect(pace.patience == .milliseconds(100))
        pace.noteAnswer(after: .nanoseconds(-1))
        #expect(pace.patience == .milliseconds(50))
        for _ in 0..<1000 { pace.noteAnswer(after: .hours(1_000_000)) }
        #expect(pace.patience == .milliseconds(500))
    }

    @Test("A question is owed until it, or a later one, is answered")
    func progress() {
        var progress = StreamProgress()
        #expect(progress.owedSince == nil)
        let numbers = (0..<4).map { progress.noteQuestion(at: Self.at($0)) }
        #expect(progress.owedSince == Self.at(0))
        var steps: [(Bool, NIODeadline?)] = []
        // In order; past one; the one that was overtaken; the last.
        for number in [numbers[0], numbers[2], numbers[1], numbers[3], numbers[3], 99] {
            steps.append((progress.noteAnswer(to: number), progress.owedSince))
        }
        #expect(steps.map(\.0) == [false, true, false, false, false, false])
        #expect(steps.map(\.1) == [Self.at(1), Self.at(3), Self.at(3), nil, nil, nil])
        let next = progress.noteQuestion(at: Self.at(9))
        #expect(next == numbers[3] + 1 && progress.owedSince == Self.at(9))
    }

    /// An upstream that answers the questions of each connection in order, each in its time.
    private struct SerialUpstream {
        var connections: [(progress: StreamProgress, questions: [(number: UInt64, end: UInt64)], free: UInt64)] = []
        var pace = StreamChoiceTests.quick

        /// Answers what is due, then takes a question that costs the upstream so many milliseconds; returns when it will
        /// be answered.
        mutating func ask(at now: UInt64, cost: UInt64) -> UInt64 {
            for index in connections.indices {
                while let first = connections[index].questions.first, first.end <= now {
                    connections[index].questions.removeFirst()
                    if connections[index].progress.noteAnswer(to: first.number) { pace.noteOvertaking() }
                }
            }
            let candidates = connections.map {
                StreamChoice.Candidate(load: $0.questions.count, owedSince: $0.progress.owedSince)
            }
            let mayOpen = connections.count < StreamPool.connectionLimit
            var index = connections.count
            switch StreamChoice.make(
                candidates, &pace, at: StreamChoiceTests.at(now), mayOpen: { mayOpen })
            {
            case .use(let used): index = used
            case .open: connections.append((StreamProgress(), [], 0))
            case .refuse: return .max
            }
            let end = max(now, connections[index].free) + cost
            connections[index].free = end
            let number = connections[index].progress.noteQuestion(at: StreamChoiceTests.at(now))
            connections[index].questions.append((number, end))
            return end
        }
    }

    @Test("Slow names cost others little at an upstream that answers in order, and the connections are few")
    func simulation() {
        var upstream = SerialUpstream()
        var late = 0
        // One in two hundred takes two seconds, the others a millisecond; one each five milliseconds.
        for number in 0..<2000 as Range<UInt64> {
            let now = number * 5
            let isSlow = number % 200 == 7
            let end = upstream.ask(at: now, cost: isSlow ? 2000 : 1)
            if !isSlow, end - now > 100 { late += 1 }
        }
        // Those that come in the patience with the first. Were it for the load of connections alone, 72 would be late.
        #expect(late <= 20, "\(late)")
        #expect(upstream.connections.count <= StreamPool.connectionLimit)
    }
}
