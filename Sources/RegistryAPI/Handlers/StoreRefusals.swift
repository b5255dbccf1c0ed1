import Logging
import Registry
import Synchronization

/// Tells the log that the registry takes no writes, and that it takes them again: once each, however many are tried.
final class StoreRefusals: Sendable {
    private let logger: Logger
    private let isRefusing = Mutex(false)

    init(logger: Logger) {
        self.logger = logger
    }

    /// A request failed by this; nothing is told of what is the client's fault.
    func note(_ error: ObjectStoreError) {
        guard case .unavailable(let cause) = error, turn(to: true) else { return }
        logger.error("writes are refused: \(cause)")
    }

    /// A write has been done.
    func noteWritten() {
        if turn(to: false) { logger.notice("writes are taken again") }
    }

    private func turn(to refusing: Bool) -> Bool {
        isRefusing.withLock { isRefusing in
            defer { isRefusing = refusing }
            return isRefusing != refusing
        }
    }
}
