import Synchronization

/// What a handler may know of and do to the connection its request came by.
package final class ConnectionHandle: Sendable {
    private struct State {
        var isClosed = false
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let close: @Sendable () -> Void

    /// - Parameter close: Closes the connection without waiting for what is still to be written.
    package init(close: @escaping @Sendable () -> Void) {
        self.close = close
    }

    /// Calls back once, on any thread, when the client has gone; at once where it has already.
    func onClose(_ observer: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.observers.append(observer) }
            return state.isClosed
        }
        if isClosed { observer() }
    }

    /// Ends the connection: its client does not read what it asked for.
    func abort() { close() }

    /// To be called by the server when the connection has ended.
    package func didClose() {
        let observers = state.withLock { state in
            state.isClosed = true
            defer { state.observers = [] }
            return state.observers
        }
        for observer in observers { observer() }
    }
}
