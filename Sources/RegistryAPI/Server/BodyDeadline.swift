import NIOCore
import Synchronization

/// Cuts off a client that does not go on sending the body of its request: what has come is held until then.
final class BodyDeadline: Sendable {
    /// How many times the patience with one piece the whole body may take.
    private static let wholePatience = 6

    private struct State {
        var isOver = false
        var cutOff: Scheduled<Void>?
    }

    private let channel: any Channel
    private let patience: TimeAmount
    private let last: NIODeadline
    private let state = Mutex(State())

    /// - Parameter patience: How long the next piece of the body may take.
    init(_ channel: any Channel, patience: Duration) {
        self.channel = channel
        self.patience = TimeAmount(patience)
        last = .now() + self.patience * Self.wholePatience
        renew()
    }

    /// Whether the client has been cut off: what came of the body is not all of it.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Notes that a piece has come.
    func renew() {
        state.withLock { state in
            state.cutOff?.cancel()
            state.cutOff = channel.eventLoop.scheduleTask(deadline: min(.now() + patience, last)) { [self] in
                self.state.withLock { $0.isOver = true }
                channel.close(mode: .all, promise: nil)
            }
        }
    }

    /// Notes that the body has come to its end.
    func end() { state.withLock { $0.cutOff?.cancel() } }
}
