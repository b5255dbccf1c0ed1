import Synchronization

/// A value that is replaced as a whole while others use it.
///
/// Who uses it often keeps a copy and asks by one atomic load whether there is a newer one.
final class Exchangeable<Value: Sendable>: Sendable {
    private let value: Mutex<(value: Value, version: Int)>
    /// Grows with each exchange, after the value has changed.
    private let version = Atomic(1)

    init(_ value: Value) {
        self.value = Mutex((value, 1))
    }

    var current: Value { value.withLock { $0.value } }

    /// The value with its version, for `isCurrent`.
    var versioned: (value: Value, version: Int) { value.withLock { $0 } }

    @inline(__always)
    func isCurrent(_ known: Int) -> Bool { version.load(ordering: .acquiring) == known }

    func exchange(_ new: Value) {
        value.withLock { old in
            old = (new, old.version + 1)
            version.store(old.version, ordering: .releasing)
        }
    }
}
