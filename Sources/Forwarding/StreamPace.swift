import NIOCore

/// How fast an upstream answers over its connections, and whether it answers in order. Times are the caller's.
struct StreamPace {
    /// How long an answer may take, however fast others came, before another connection is opened beside it.
    static let leastPatience = Duration.milliseconds(50)
    /// The same, however slow they came.
    static let mostPatience = TimeAmount.milliseconds(500)
    /// How long a connection may take to stand before another one is opened beside it (RFC 8305 §5).
    static let dialPatience = TimeAmount.milliseconds(250)
    /// How long an upstream is taken for one that answers in order, since a question was last seen to hold up others.
    static let inOrderTime = TimeAmount.seconds(10)
    /// The questions under way on a connection before another one is opened.
    static let comfortableLoad = 32

    /// The time of answers: falls with each quicker one at once, rises with slower ones by and by.
    private var usual: Int64?
    private var inOrderUntil = NIODeadline.uptimeNanoseconds(0)
    private let leastPatience: TimeAmount

    init(leastPatience: Duration = Self.leastPatience) { self.leastPatience = TimeAmount(leastPatience) }

    mutating func noteAnswer(after time: TimeAmount) {
        let time = max(0, min(time.nanoseconds, TimeAmount.seconds(60).nanoseconds))
        usual = usual.map { min(time, $0 + (time - $0) / 16) } ?? time
    }

    /// An answer has come before that of an earlier question.
    mutating func noteOvertaking() { inOrderUntil = .uptimeNanoseconds(0) }

    /// A question is late, and no later one has overtaken it.
    mutating func noteHoldUp(at now: NIODeadline) { inOrderUntil = now + Self.inOrderTime }

    /// How long a question may be unanswered before it counts as one that holds up others: four times what is usual.
    var patience: TimeAmount {
        guard let usual else { return max(leastPatience, Self.mostPatience) }
        return max(leastPatience, min(Self.mostPatience, .nanoseconds(4 * usual)))
    }

    /// The questions that a connection takes before another one is opened.
    func comfortableLoad(at now: NIODeadline) -> Int { now < inOrderUntil ? 1 : Self.comfortableLoad }
}
