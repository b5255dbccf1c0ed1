import Registry
import Synchronization

/// Carries what an answer needs out of a decision that a store makes on a thread of its own, once or more often.
final class WriteNotes: Sendable {
    private struct Content {
        var warnings: [String] = []
        var lastState: JSONValue?
    }

    private let content = Mutex(Content())

    func set(warnings: [String]) { content.withLock { $0.warnings = warnings } }

    var warnings: [String] { content.withLock { $0.warnings } }

    /// What a write has made of an object that has come to its end by it: nobody stores that, but the writer sees it.
    var lastState: JSONValue? {
        get { content.withLock { $0.lastState } }
        set { content.withLock { $0.lastState = newValue } }
    }
}
