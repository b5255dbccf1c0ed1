import Synchronization

/// What may go otherwise while something is broken.
enum Excuse: Hashable, Sendable, CaseIterable {
    /// Answers that were right before: the source cannot be followed.
    case outdated
    /// The same for what the configuration says.
    case outdatedConfiguration
    /// No reply: the server is not there, or the way to it.
    case silence
    /// The same for connections only.
    case silentConnections
    /// The same for the address of the interface that comes and goes.
    case silentInterface
    /// SERVFAIL for names of the registry: nothing is known yet.
    case failure
    /// SERVFAIL or no reply for names of upstreams.
    case failedForwarding
    /// A write that is refused or of unknown outcome.
    case refusedWrites
}

/// Which excuses hold when. A question is excused when an excuse held at any time while its reply was awaited.
final class Excuses: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Window {
        var open = 0
        var closed: Instant?
        /// Answers that were no longer right at this time are wrong all the same.
        var floor: Instant
    }

    private let windows = Mutex<[Excuse: Window]>([:])

    /// - Parameter reach: how far back outdated answers may reach, beyond the time that a change may take.
    func open(_ excuses: Set<Excuse>, reach: Duration = .zero) {
        let floor = ContinuousClock.now - reach - Truth.grace
        windows.withLock { windows in
            for excuse in excuses {
                var window = windows[excuse] ?? Window(floor: floor)
                window.floor = window.open == 0 ? floor : min(floor, window.floor)
                window.open += 1
                windows[excuse] = window
            }
        }
    }

    func close(_ excuses: Set<Excuse>) {
        windows.withLock { windows in
            for excuse in excuses {
                windows[excuse]?.open -= 1
                windows[excuse]?.closed = .now
            }
        }
    }

    func covers(_ excuse: Excuse, asked: Instant) -> Bool {
        windows.withLock { Self.covers($0[excuse], asked) }
    }

    /// Whether an answer may be given that has not been right since an instant.
    func covers(_ excuse: Excuse, outdatedSince instant: Instant, asked: Instant) -> Bool {
        windows.withLock { windows in
            guard let window = windows[excuse], Self.covers(window, asked) else { return false }
            return instant >= window.floor
        }
    }

    private static func covers(_ window: Window?, _ asked: Instant) -> Bool {
        guard let window else { return false }
        // The grace is that of the last reply under way, and of a server that hears of the end a moment later.
        return window.open > 0 || window.closed.map { asked <= $0 + Truth.grace } ?? false
    }
}
