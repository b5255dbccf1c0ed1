import Synchronization

/// Carries warnings out of a decision that a store makes on a thread of its own, once or more often.
final class WarningBox: Sendable {
    private let warnings = Mutex<[String]>([])

    func set(_ warnings: [String]) { self.warnings.withLock { $0 = warnings } }

    var all: [String] { warnings.withLock { $0 } }
}
