import Synchronization

/// The bytes of the changes in a watch's queue.
final class QueueWeight: Sendable {
    private let bytes = Mutex(0)

    /// Counts a change that is put in; false where others fill the limit already.
    func add(_ size: Int, limit: Int) -> Bool {
        bytes.withLock { bytes in
            guard bytes == 0 || bytes + size <= limit else { return false }
            bytes += size
            return true
        }
    }

    /// Counts a change that was taken out.
    func take(_ size: Int) { bytes.withLock { $0 -= size } }
}
