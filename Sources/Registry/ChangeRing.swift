import Synchronization

/// The newest changes of a store, for any number of readers at their own pace.
///
/// Nothing is kept for a reader but its place. One that falls so far behind that what it has not read is gone is told
/// so; a reader that waits costs a continuation. Any task may read, one at a time appends.
package final class ChangeRing: Sendable {
    private struct State {
        /// In the order of versions; nil where one has been given up.
        var changes: [RecordedChange?] = []
        /// How many of `changes`, from the front, have been given up.
        var dropped = 0
        /// The version in front of the first change that is kept.
        var base: ResourceVersion
        var newest: ResourceVersion
        /// The texts of the changes that are kept, in bytes.
        var size = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
        /// Whether nothing will be appended any more, and readers have to begin anew elsewhere.
        var isRetired = false
    }

    private let capacity: Int
    private let maximumSize: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - version: What the store is at; changes after it will be appended.
    ///   - capacity: How many changes are kept; more where one transaction has more.
    ///   - maximumSize: The bytes of text that are kept, unless one transaction has more.
    package init(at version: ResourceVersion, capacity: Int = 4096, maximumSize: Int = 8 << 20) {
        self.capacity = capacity
        self.maximumSize = maximumSize
        state = Mutex(State(base: version, newest: version))
    }

    /// The newest version that readers have been told of.
    package var newest: ResourceVersion { state.withLock { $0.newest } }

    /// Adds the changes of a transaction and wakes all readers.
    package func append(_ changes: [RecordedChange]) {
        guard let last = changes.last else { return }
        let waiting = state.withLock { state in
            state.changes += changes as [RecordedChange?]
            state.newest = last.version
            let added = changes.reduce(0) { $0 + $1.size }
            state.size += added
            while state.changes.count - state.dropped > max(capacity, changes.count)
                || (state.size > max(maximumSize, added) && state.changes.count - state.dropped > changes.count)
            {
                if let oldest = state.changes[state.dropped] {
                    state.size -= oldest.size
                    state.base = oldest.version
                }
                state.changes[state.dropped] = nil
                state.dropped += 1
            }
            // Moving the rest to the front costs as much as it saves when half of it is gone.
            if state.dropped > state.changes.count / 2 {
                state.changes.removeFirst(state.dropped)
                state.dropped = 0
            }
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Ends all readers, those to come as well, as if they had fallen behind: what they have read is no longer what there
    /// is.
    package func retire() {
        let waiting = state.withLock { state in
            state.isRetired = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// The changes after a version, as many as there are; waits where there is none.
    ///
    /// - Throws: `ObjectStoreError.versionTooOld`; `CancellationError` when the task is cancelled.
    package func changes(after version: ResourceVersion) async throws -> [RecordedChange] {
        while true {
            try Task.checkCancellation()
            if let changes = try available(after: version) { return changes }
            await change(after: version)
        }
    }

    /// Whether all changes after a version are still kept.
    package func holds(after version: ResourceVersion) -> Bool { state.withLock { version >= $0.base } }

    private func available(after version: ResourceVersion) throws -> [RecordedChange]? {
        try state.withLock { state in
            guard !state.isRetired else { throw ObjectStoreError.versionTooOld(version, oldest: state.newest) }
            guard version < state.newest else { return nil }
            guard version >= state.base else { throw ObjectStoreError.versionTooOld(version, oldest: state.base) }
            var low = state.dropped
            var high = state.changes.count
            while low < high {
                let middle = (low + high) / 2
                let isBehind = state.changes[middle].map { $0.version > version } ?? false
                if isBehind { high = middle } else { low = middle + 1 }
            }
            return state.changes[low...].compactMap { $0 }
        }
    }

    /// Waits until there is something behind a version, or the task is cancelled.
    private func change(after version: ResourceVersion) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard version >= state.newest, !state.isRetired, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}

extension RecordedChange {
    /// The texts it holds, in bytes.
    package var size: Int { record.text.utf8.count + (formerText?.utf8.count ?? 0) }
}

/// One reader's place among the changes of a store.
///
/// A reader that is behind the first change that the ring has is brought up from elsewhere, or told so where there is
/// nothing else.
package final class ChangeCursor: Sendable {
    /// Changes after a version that the ring no longer has, the first ones in their order; throws
    /// `ObjectStoreError.versionTooOld` where they are gone there as well.
    package typealias Archive = @Sendable (_ version: ResourceVersion) async throws -> [RecordedChange]

    private let ring: ChangeRing
    private let archive: Archive?
    private let position: Mutex<ResourceVersion>

    package init(_ ring: ChangeRing, after version: ResourceVersion, archive: Archive? = nil) {
        self.ring = ring
        self.archive = archive
        position = Mutex(version)
    }

    /// The next changes; waits for them.
    ///
    /// - Throws: `ObjectStoreError.versionTooOld` where this reader has fallen behind; `CancellationError`.
    package func next() async throws -> [RecordedChange] {
        let version = position.withLock { $0 }
        let changes = try await changes(after: version)
        if let last = changes.last { position.withLock { $0 = last.version } }
        return changes
    }

    private func changes(after version: ResourceVersion) async throws -> [RecordedChange] {
        do {
            return try await ring.changes(after: version)
        } catch let error as ObjectStoreError {
            guard case .versionTooOld = error, let older = try await archive?(version), !older.isEmpty else {
                throw error
            }
            return older
        }
    }
}
