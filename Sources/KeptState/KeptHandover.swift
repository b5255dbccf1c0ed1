import Synchronization

/// A kept state on its way to the one who tells it: held no longer than until it is taken.
package final class KeptHandover: Sendable {
    private let state: Mutex<KeptState?>

    package init(_ state: KeptState?) { self.state = Mutex(state) }

    /// The state; nil where there was none, and for all but the first who asks.
    package func take() -> KeptState? { state.withLock { $0.take() } }
}
